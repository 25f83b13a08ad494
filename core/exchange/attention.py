"""What somebody should know of the exchange before it stops the work: alarms, each with the one act that cures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from core.exchange.configuration import receipts_are_files
from core.exchange.evidence import alarms as evidence_alarms
from core.exchange.outbox import OutboxState, outbox
from core.exchange.rounds.duties import Duty, duties
from core.exchange.standing import Way, ways
from core.i18n import _
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
    """What needs somebody now; nobody is asked over the network."""
    boxes, known = outbox(workspace), ways(workspace)
    found = [alarm for box in boxes.values() for alarm in _of_box(workspace, box, known.get(box.target))]
    found += [alarm for duty in duties(workspace) for alarm in _of_duty(duty)]
    rejected = {name: box.rejected for name, box in boxes.items() if box.rejected}
    most = sorted(rejected, key=lambda name: -rejected[name])
    return Attention(tuple(sorted(found, key=lambda a: not a.stops)), {name: rejected[name] for name in most})


def _of_box(workspace: Workspace, box: OutboxState, way: Way | None) -> Iterator[Alarm]:
    for text in evidence_alarms(box.title, box.evidence_hours_left, None):
        act: Act = "awaited" if receipts_are_files(workspace.store, box.target) else "push"
        yield Alarm(box.target, "evidence", text, act, stops=box.evidence_hours_left == 0)
    for text in evidence_alarms(box.title, None, box.silent_since):
        yield Alarm(box.target, "silent", text, "report")
    if way is not None and way.channel.needs_somebody and not way.channel.paused_at:
        told = _("{system}: {n} attempts in a row failed.").format(system=box.title, n=way.channel.failures)
        yield Alarm(box.target, "trouble", told, "push", stops=True)


def _of_duty(duty: Duty) -> Iterator[Alarm]:
    if duty.act == "push":
        return  # its channel tells
    if duty.missed:
        yield Alarm(duty.target, "missed", duty.missed, duty.act)
    elif duty.failures >= _FAILING:
        text = _("{system}: {message}").format(system=duty.title, message=duty.message)
        yield Alarm(duty.target, "failing", text, duty.act)
