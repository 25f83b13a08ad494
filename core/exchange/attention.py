"""What somebody should know of the exchange before it stops the work: alarms, each with the one act that cures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, and_, func, select

from core.exchange import evidence
from core.exchange.declaration import Connector
from core.exchange.declared import every
from core.exchange.rounds import facts
from core.exchange.rounds.duties import Duty, duties_by
from core.exchange.rounds.facts import Facts
from core.exchange.settings import scheme
from core.i18n import _
from core.model.exchange import delivery
from core.security.workspace import Workspace, permits

Act = Literal["awaited", "push", "report", "reconcile", "extract", "ferry"]
"""The cure: look at what is awaited and let it leave again, fetch receipts and push, report a day without anything,
reconcile, extract, look into the folders."""
Kind = Literal["evidence", "silent", "trouble", "missed", "failing"]
_FAILING: Final = 3
"""After so many failures in a row of what runs by itself somebody has to look."""


@dataclass(frozen=True)
class Alarm:
    """One sentence about one system; ``stops`` says that work has stopped already."""

    target: str
    kind: Kind
    text: str
    act: Act
    stops: bool = False


@dataclass(frozen=True)
class Attention:
    """Every alarm, those that stop the work first, and what was rejected by target."""

    alarms: tuple[Alarm, ...]
    rejected: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The alarms as the headless contract prints them."""
        return {"alarms": [asdict(one) for one in self.alarms], "rejected": dict(self.rejected)}


@permits("exchange.read")
def attention(workspace: Workspace) -> Attention:
    """What needs somebody now; nobody is asked over the network. Cheap: the status bar asks after every change."""
    now = workspace.clock()
    with workspace.store.read() as connection:
        known = facts.read(connection)
        silent = evidence.silent(connection, known.receipts, now)
        own = list(duties_by(connection, known, now))
        declared = every(connection)
        rejected = {it.target: _rejected(connection, it.target) for it in declared}
    found = [alarm for it in declared for alarm in _of_target(it, known, silent.get(it.target), now)]
    found += [alarm for duty in own for alarm in _of_duty(duty)]
    most = sorted((name for name in rejected if rejected[name]), key=lambda name: -rejected[name])
    return Attention(tuple(sorted(found, key=lambda a: not a.stops)), {name: rejected[name] for name in most})


def _rejected(connection: Connection, target: str) -> int:
    mine = and_(delivery.c.target == target, delivery.c.state == "rejected")
    return connection.execute(select(func.count()).select_from(delivery).where(mine)).scalar_one()


def _of_target(it: Connector, known: Facts, silent_since: str | None, now: datetime) -> Iterator[Alarm]:
    if it.target not in known.settings:
        return
    title, left = _(it.title), evidence.hours_left(known.awaited.get(it.target), now)
    by_files = scheme(known.settings[it.target]["base_url"]) in {"sftp", "file"}
    for text in evidence.alarms(title, left, None):
        yield Alarm(it.target, "evidence", text, "awaited" if by_files else "push", stops=left == 0)
    for text in evidence.alarms(title, None, silent_since):
        yield Alarm(it.target, "silent", text, "report")
    way = known.channels.get(it.target)
    if way is not None and way.needs_somebody and not way.paused_at:
        told = _("{system}: {n} attempts in a row failed.").format(system=title, n=way.failures)
        yield Alarm(it.target, "trouble", told, "push", stops=True)


def _of_duty(duty: Duty) -> Iterator[Alarm]:
    if duty.act == "push":
        return  # its channel tells
    if duty.missed:
        yield Alarm(duty.target, "missed", duty.missed, duty.act)
    elif duty.failures >= _FAILING:
        text = _("{system}: {message}").format(system=duty.title, message=duty.message)
        yield Alarm(duty.target, "failing", text, duty.act)
