"""The loopback stand-in for an upstream system: a real server process with its own certificate and store.

``python -m core.training.upstream --dir DIR [--port 0]`` prints one JSON line with its connection facts.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from core.settings import RESOURCES
from core.training.upstream_faults import FaultPlan
from core.training.upstream_identity import identity
from core.training.upstream_server import RECEIVER, Receiver
from core.training.upstream_store import ReceiverStore


@dataclass(frozen=True)
class Facts:
    """What an operator would hand over: where it is, whom to trust, whose receipts count, and our token."""

    target: str
    base_url: str
    ca_pem: str
    receipt_public_pem: str
    token: str


class Upstream:
    """A running receiver process; it ends with ``stop``, with the ``with`` block, or with this process."""

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

    def ask(self, path: str, message: Any = None) -> Any:
        """The JSON reply of a route; raises ``urllib.error.HTTPError`` for any status but success."""
        request = urllib.request.Request(
            self.base_url + path, data=None if message is None else json.dumps(message).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )  # fmt: skip
        context = ssl.create_default_context(cadata=self.ca_pem)
        with urllib.request.urlopen(request, context=context, timeout=30) as reply:
            return json.loads(reply.read())

    def stop(self) -> None:
        """Ends the process and waits for it; what it acknowledged stays in its folder."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.kill()
        self.process.wait()


def start_upstream(folder: Path, *, port: int = 0) -> Upstream:
    """Starts the receiver over ``folder`` (made if need be) and returns once it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "core.training.upstream", "--dir", str(folder), "--port", str(port)]
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
        raise RuntimeError(f"the training receiver did not start; see {folder / 'upstream.log'}")
    return Upstream(process, Facts(**json.loads(line)), folder)


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), required=True)
@click.option("--port", type=int, default=0)
@click.option("--until-stdin-closes", is_flag=True, help="End when the starting process does.")
def main(folder: Path, port: int, until_stdin_closes: bool) -> None:
    """Serves until it is ended; ``faults.json`` in the folder is the fault plan to begin with."""
    own = identity(folder)
    plan = folder / "faults.json"
    faults = FaultPlan(json.loads(plan.read_text()) if plan.exists() else None)
    server = Receiver(port, own, ReceiverStore(folder / "received.db"), faults)
    if until_stdin_closes:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    facts = Facts(
        RECEIVER, f"https://127.0.0.1:{server.server_address[1]}", own.ca_pem, own.receipt_public_pem, own.token
    )
    click.echo(json.dumps(asdict(facts)))
    server.serve_forever()


def _end_with_parent() -> None:
    """The pipe on standard input closes when the parent ends, however it ends, on every system."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
