"""All loopback systems at once: started, filled from a training district, and set up in a store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from core.exchange.configuration import configure_connector
from core.exchange.connectors import connector
from core.i18n import _
from core.jobs import Progress
from core.security.workspace import Workspace
from core.training.upstream import Facts, Upstream, start_upstream
from core.training.upstream_systems import carried, systems

_AT_ONCE: Final = 5000


def every_system() -> tuple[str, ...]:
    """Every system that there is a loopback of."""
    return systems()


class Systems:
    """Running loopback systems below one folder; they end with the ``with`` block or with this process."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self._folder, self._names = folder, tuple(connector(name).target for name in names)
        self.running: dict[str, Upstream] = {}

    def __enter__(self) -> Self:
        for name in self._names:
            mutual = connector(name).authentication.mutual_tls
            self.running[name] = start_upstream(self._folder / name, system=name, mutual=mutual)
        self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.running.values():
            one.stop()

    def fill(self, district: Path, progress: Progress) -> dict[str, int]:
        """Gives the sources what a training district holds: records by resource."""
        from core.training.upstream_filling import records_of  # noqa: PLC0415 - polars is only needed here

        filled: dict[str, int] = {}
        for name, one in self.running.items():
            for resource, mapped in connector(name).extract.items():
                progress.phase(_("Filling {system} with {resource}").format(system=name, resource=resource))
                rows = records_of(district, resource, mapped)
                for start in range(0, len(rows), _AT_ONCE):
                    one.records(resource, put=rows[start : start + _AT_ONCE])
                    progress.advance(min(_AT_ONCE, len(rows) - start))
                filled[resource] = len(rows)
        return filled

    def connect(self, workspace: Workspace) -> None:
        """Points the store's connectors to the running systems; raises ``NoSecret`` without a keyring.

        What is in the environment already need not be kept.
        """
        for name, one in self.running.items():
            facts = one.facts
            configure_connector(workspace, name, secrets=_unknown(facts), **_settings(facts))
            for target in carried(name):
                if target not in self.running:
                    configure_connector(
                        workspace, target, **_settings(facts) | {"base_url": facts.carries[target]}
                    )

    def told(self) -> dict[str, Any]:
        """How to reach them, and the files that say so; secrets are in the files only."""
        shown = {
            name: {"base_url": one.facts.base_url, "control_url": one.facts.control_url, "exports": one.facts.exports,
                   "carries": dict(one.facts.carries)}
            for name, one in self.running.items()
        }  # fmt: skip
        return {"systems": shown, "files": [str(self._folder / "environment"), *(
            str(self._folder / name / "facts.json") for name in self.running)]}  # fmt: skip

    def _write(self) -> None:
        """Leaves the facts of each beside its records, and the secrets as a file for the shell."""
        lines: list[str] = []
        for name, one in self.running.items():
            path = self._folder / name / "facts.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps(asdict(one.facts), ensure_ascii=False, indent=1), encoding="utf-8")
            lines += [f"export {key}='{value}'" for key, value in one.facts.environment().items()]
        whole = self._folder / "environment"
        whole.touch(mode=0o600)
        whole.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _settings(facts: Facts) -> dict[str, Any]:
    given: Mapping[str, str] = {
        "base_url": facts.base_url, "ca_pem": facts.ca_pem, "receipt_public_pem": facts.receipt_public_pem,
        "certificate": facts.certificate,
    }  # fmt: skip
    return dict(given) | ({"token": facts.token} if "token" in facts.secrets else {})


def _unknown(facts: Facts) -> dict[str, str]:
    """The secrets that must go to the keyring because no environment gives them; the token is in the settings."""
    named = {
        f"GRIDLINK_SECRET_{facts.target}_{name}".upper(): name for name in facts.secrets if name != "token"
    }
    return {name: facts.secrets[name] for variable, name in named.items() if not os.environ.get(variable)}
