"""The loopback stand-ins for the upstream systems: real server processes with certificates and records of their own.

``python -m core.training.upstream --dir DIR [--system NAME] [--port 0]`` prints one JSON line with its connection
facts. Each process is one system of ``resources/connectors`` and speaks what its declaration says: HTTPS (with a
client certificate where ``mutual``), SFTP, ferry folders, a database, exported files. It keeps its own records,
de-duplicates by message id, and survives kill -9.

How a test sets a fault: ``upstream.misbehave({"kind": "server_error", "times": 2, "route": "batches"})``; the kinds
and routes are in ``upstream_faults``. Without any it behaves again. ``upstream.ask("/control/…")`` reaches the other
control routes (``upstream_server``, ``upstream_source``): every system has them over HTTPS at ``control_url``,
whatever else it speaks. ``upstream.records`` and ``upstream.export`` change what a source holds.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from core.settings import RESOURCES
from core.training.upstream_faults import FaultPlan
from core.training.upstream_process import open_system
from core.training.upstream_server import RECEIVER


@dataclass(frozen=True)
class Facts:
    """What an operator would hand over: where it is, what it shows, whose receipts count, and our secrets.

    ``base_url`` is the address for ``configure_connector``; ``secrets`` are by the names of the declaration.
    """

    target: str
    base_url: str
    ca_pem: str
    receipt_public_pem: str
    token: str
    control_url: str = ""
    control_ca: str = ""
    certificate: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    carries: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the systems whose messages it carries, where it is a channel."""
    exports: str = ""
    """Where a source's exported files lie, as an address."""

    def environment(self) -> dict[str, str]:
        """The secrets as a headless run takes them from its environment."""
        return {f"GRIDLINK_SECRET_{self.target}_{name}".upper(): value for name, value in self.secrets.items()}


class Upstream:
    """A running system's process; it ends with ``stop``, with the ``with`` block, or with this process."""

    def __init__(self, process: subprocess.Popen[str], facts: Facts, folder: Path) -> None:
        self.process, self.folder = process, folder
        self.facts = facts
        self.target, self.base_url, self.ca_pem = facts.target, facts.base_url, facts.ca_pem
        self.receipt_public_pem, self.token = facts.receipt_public_pem, facts.token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def misbehave(self, *faults: Mapping[str, Any], poison: Sequence[str] = ()) -> None:
        """Plans faults (``upstream_faults``) from here on; without any it behaves again."""
        self.ask("/control/faults", {"faults": list(faults), "poison": list(poison)})

    def reconciliation(self) -> dict[str, Any]:
        """What the receiver holds: ``accepted``, ``rejected``, ``register`` and the ``digest`` of the keys."""
        return dict(self.ask("/v1/reconciliation"))

    def register(self) -> list[tuple[str, dict[str, Any], int]]:
        """The receiver's register: entity, record, and how many deliveries were applied to it."""
        return [(entity, record, applied) for entity, record, applied in self.ask("/control/register")]

    def requests(self) -> dict[str, int]:
        """How many requests came, by route."""
        return dict(self.ask("/control/requests"))

    def records(
        self, resource: str, *, put: Sequence[Mapping[str, Any]] = (), remove: Sequence[str] = ()
    ) -> None:
        """Changes what a source holds: rows under its own field names, and order keys that are gone for good."""
        self.ask("/control/records", {"resource": resource, "put": list(put), "remove": list(remove)})

    def export(self, resource: str, *, form: str = "csv", since: str = "") -> Path:
        """Has a source write an exported file, in full or of what changed after ``since``."""
        made = self.ask("/control/export", {"resource": resource, "form": form, "since": since})
        return self.folder / "exports" / str(made["file"])

    def ask(self, path: str, message: Any = None) -> Any:
        """The JSON reply of a route; raises ``urllib.error.HTTPError`` for any status but success."""
        request = urllib.request.Request(
            (self.facts.control_url or self.base_url) + path,
            data=None if message is None else json.dumps(message).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        context = ssl.create_default_context(cadata=self.facts.control_ca or self.ca_pem)
        with urllib.request.urlopen(request, context=context, timeout=30) as reply:
            return json.loads(reply.read())

    def stop(self) -> None:
        """Ends the process and waits for it; what it acknowledged stays in its folder."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.kill()
        self.process.wait()


def start_upstream(
    folder: Path, *, port: int = 0, system: str = RECEIVER, mutual: bool = False, database: str = ""
) -> Upstream:
    """Starts a system over ``folder`` (made if need be) and returns once it listens.

    ``mutual`` makes it insist on a client certificate; ``database`` is where a database source keeps its records
    (SQLite in the folder unless said otherwise).
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "core.training.upstream", "--dir", str(folder), "--port", str(port),
               "--system", system, "--database", database, *(["--mutual"] if mutual else [])]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(RESOURCES.parent), "PYTHONUTF8": "1"}
    with (folder / "upstream.log").open("a") as log:
        process = subprocess.Popen(
            [*command, "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True, env=environment,
        )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise RuntimeError(f"the training system did not start; see {folder / 'upstream.log'}")
    return Upstream(process, Facts(**json.loads(line)), folder)


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--system", default=RECEIVER, show_default=True)
@click.option("--port", type=int, default=0)
@click.option("--mutual", is_flag=True, help="Insist on a client certificate.")
@click.option("--database", default="", help="SQLAlchemy URL for the records of a database source.")
@click.option("--until-stdin-closes", is_flag=True, help="End when the starting process does.")
def main(folder: Path, *, system: str, port: int, mutual: bool, database: str, until_stdin_closes: bool) -> None:
    """Serves until it is ended; ``faults.json`` in the folder is the fault plan to begin with."""
    plan = folder / "faults.json"
    faults = FaultPlan(json.loads(plan.read_text()) if plan.exists() else None)
    server, told = open_system(system, folder.resolve(), faults, port=port, mutual=mutual, database=database)
    if until_stdin_closes:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    click.echo(json.dumps(asdict(Facts(**told))))
    server.serve_forever()


def _end_with_parent() -> None:
    """The pipe on standard input closes when the parent ends, however it ends, on every system."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
