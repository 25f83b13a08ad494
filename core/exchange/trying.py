"""Trying a connector: the real function on the real endpoint with the real secrets, and no data sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import GridLinkError
from core.exchange import ways
from core.exchange.configuration import configured_targets
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.declaring import checked
from core.i18n import _
from core.security import audit
from core.security.workspace import Workspace, permits


@dataclass(frozen=True)
class Step:
    """One thing that was tried; ``message`` and ``cure`` say what is wrong where it did not work."""

    what: str
    ok: bool
    seconds: float
    code: str = ""
    message: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Trial:
    """What trying a connector gave."""

    target: str
    ok: bool
    steps: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """The trial as the headless contract prints it."""
        return asdict(self)


@permits("exchange.configure")
def try_connector(workspace: Workspace, target: str, *, text: str | None = None) -> Trial:
    """Tries everything that a connector is declared for; raises only ``ConnectorUnknown`` or ``DeclarationInvalid``.

    ``text`` is a declaration to try before it is put in force.
    """
    it = in_force(workspace.store, target) if text is None else checked(target, text)
    steps = tuple(_step(what, act) for what, act in _acts(workspace, it).items())
    trial = Trial(target, all(step.ok for step in steps), steps)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="exchange.try", subject=target,
            details={"ok": trial.ok, "proposed": text is not None,
                     "steps": {step.what: step.code or "ok" for step in steps}},
        )  # fmt: skip
    return trial


def _acts(workspace: Workspace, it: Connector) -> dict[str, Callable[[], None]]:
    acts: dict[str, Callable[[], None]] = {}
    for resource in it.extract:
        acts[f"extract.{resource}"] = _extracts(workspace, it, resource)
    if not it.extract or (it.propose and it.target in configured_targets(workspace.store)):
        acts["send"] = lambda: _sends(workspace, it)
    return acts


def _extracts(workspace: Workspace, it: Connector, resource: str) -> Callable[[], None]:
    def act() -> None:
        with ways.source(workspace, it.target, tried=it) as source:
            source.check(resource, it.extract[resource])

    return act


def _sends(workspace: Workspace, it: Connector) -> None:
    with ways.carrier(workspace, it.target, tried=it) as carrier:
        carrier.check()


def _step(what: str, act: Callable[[], None]) -> Step:
    started = time.monotonic()
    try:
        act()
    except GridLinkError as error:
        return Step(what, False, round(time.monotonic() - started, 3), error.code, error.message, error.cure)
    return Step(what, True, round(time.monotonic() - started, 3), message=_("works"))
