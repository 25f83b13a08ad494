"""The duties of each system: what runs by itself, when it last did, when it does next, and days that were missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection

from core.exchange import declared, evidence
from core.exchange.channels import Channel
from core.exchange.declaration import Connector
from core.exchange.hours import next_open
from core.exchange.rounds import facts, timing
from core.exchange.rounds.facts import Facts, Tried
from core.exchange.settings import scheme
from core.i18n import N_, _
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting, write_setting

Act = Literal["ferry", "extract", "push", "reconcile"]
ACTS: Final[tuple[Act, ...]] = ("ferry", "extract", "push", "reconcile")
"""In the order in which a round does them: what comes in may make something due that goes out."""
PERMISSIONS: Final = {
    "ferry": "package.import", "extract": "exchange.extract", "push": "exchange.push", "reconcile": "exchange.push",
}  # fmt: skip
ACT_WORDS: Final = {
    "ferry": N_("fetch packages"), "extract": N_("extract what changed"), "push": N_("push and fetch receipts"),
    "reconcile": N_("reconcile"),
}  # fmt: skip
_MISSED: Final = {
    "extract": N_("{system}: not extracted since {day}."),
    "reconcile": N_("{system}: not reconciled since {day}."),
}  # fmt: skip
_SETTING: Final = "exchange_automatic"


@dataclass(frozen=True)
class Duty:
    """One thing that one system is due by itself.

    ``last`` is when it was last done, by whomever; ``next_at`` when it is done next if a client is open then (None
    where nothing is due, or somebody has paused it); ``missed_since`` its last day if a whole working day has gone by
    without it; ``message`` what stopped it the last time.
    """

    target: str
    title: str
    act: Act
    last: str | None
    next_at: str | None
    due: bool
    paused: bool
    failures: int
    message: str
    missed_since: str | None

    @property
    def missed(self) -> str:
        """The missed day as a sentence; empty if none was missed."""
        if self.missed_since is None:
            return ""
        day = evidence.day_of(self.missed_since).isoformat()
        return _(_MISSED[self.act]).format(system=self.title, day=day)


@permits("exchange.read")
def duties(workspace: Workspace) -> list[Duty]:
    """Every duty of every system that is set up; nobody is asked over the network."""
    now = workspace.clock()
    with workspace.store.read() as connection:
        return list(duties_by(connection, facts.read(connection), now))


@permits("exchange.read")
def is_automatic(workspace: Workspace) -> bool:
    """Whether what is due runs by itself in this store."""
    with workspace.store.read() as connection:
        return read_setting(connection, _SETTING, "1") == "1"


@permits("exchange.configure")
def set_automatic(workspace: Workspace, *, on: bool) -> None:
    """Lets what is due run by itself from now on, or not."""
    with workspace.store.write() as connection:
        write_setting(connection, _SETTING, "1" if on else "0")
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="setting.changed", subject=_SETTING,
            details={"value": on},
        )  # fmt: skip


def duties_by(connection: Connection, known: Facts, now: datetime) -> Iterator[Duty]:
    """The duties that follow from facts that have been read already."""
    for it in declared.every(connection):
        if it.target in known.settings:
            for act in _acts(it, known):
                yield _duty(it, act, known, now)


def _acts(it: Connector, known: Facts) -> Iterator[Act]:
    """What there is to do for a system on the way that it is reached by."""
    if "packages" in it.direction:
        yield "ferry"
    if it.extract:
        yield "extract"
    leaves = it.target in known.queued or it.target in known.waiting or it.target in known.awaited
    leaves = leaves or bool(it.receipts.states and it.target in known.receipts)  # what became of it is read
    if (it.push or it.propose) and leaves:
        yield "push"
    if it.push and it.target in known.queued:
        by_network = scheme(known.settings[it.target]["base_url"]) == "https"
        if by_network and "reconciliation" in it.routes and it.target in known.receipts:
            yield "reconcile"


def _duty(it: Connector, act: Act, known: Facts, now: datetime) -> Duty:
    tried = known.tried.get((it.target, act), Tried())
    way = known.channels.get(it.target, Channel(it.target))
    last = _last(it, act, known, tried)
    when = None if way.paused_at else _next(it, act, known, last, now)
    if when is not None and act in {"push", "reconcile"} and (again := way.broken_until(now)) is not None:
        when = next_open(it.limits, max(when, again))
    return Duty(
        it.target, _(it.title), act, last, when.astimezone(UTC).isoformat(timespec="milliseconds") if when else None,
        when is not None and when <= now, bool(way.paused_at), tried.failures, tried.message or "",
        None if way.paused_at else _missed(it, act, known, last, now),
    )  # fmt: skip


def _last(it: Connector, act: Act, known: Facts, tried: Tried) -> str | None:
    """When it was last done to the end, whoever did it."""
    if act == "extract":
        ends = [known.extracted.get((it.target, resource)) for resource in it.extract]
        return min((end for end in ends if end), default=None) if all(ends) else None
    if act == "reconcile":
        return known.reconciled.get(it.target)
    if act == "push":
        words = [word for word in (tried.done_at, known.receipts.get(it.target)) if word]
        return max(words, default=None)
    return tried.done_at


def _next(it: Connector, act: Act, known: Facts, last: str | None, now: datetime) -> datetime | None:
    tried = known.tried.get((it.target, act), Tried())
    rests = timing.rested(tried.tried_at, tried.failures, now)
    if act == "extract" and last is None:
        return None  # the first extraction brings everything: somebody begins it
    if act in {"extract", "reconcile"}:
        return timing.daily(last, rests, it.limits, now)
    if act == "ferry":
        return next_open(it.limits, rests)
    moments = [m for m in _push_moments(it, known, rests, now) if m is not None]
    return min(moments, default=None)


def _push_moments(it: Connector, known: Facts, rests: datetime, now: datetime) -> Iterator[datetime | None]:
    """When something waits, a receipt can be asked for, states are read again, a day without anything is reported."""
    due = known.waiting.get(it.target)
    if due:
        yield timing.waiting(due, rests, it.limits, now)
    left = known.awaited.get(it.target)
    if left:
        ready = (timing.past(left, now) or now) + timedelta(seconds=it.receipts.after_seconds)
        yield next_open(it.limits, max(rests, ready))
    if it.receipts.states and it.target in known.receipts:
        done = known.tried.get((it.target, "push"), Tried()).done_at
        yield timing.again(done, rests, it.limits, now)
    if it.receipts.zero_report and not due and not left:
        zero = known.channels.get(it.target, Channel(it.target)).zero_at
        words = (known.receipts.get(it.target, ""), timing.morning(zero))
        yield timing.zero_report(words, rests, it.limits, now)


def _missed(it: Connector, act: Act, known: Facts, last: str | None, now: datetime) -> str | None:
    """The last day of what is done daily, or since when it should be, if a whole working day lies between."""
    if act in {"ferry", "push"}:
        return None  # the outbox alarms for these: receipts that are missing, a silent day
    since = last or (
        known.first_receipts[it.target] if act == "reconcile" else known.settings[it.target]["changed_at"]
    )
    gone_by = evidence.missed_a_day(it.limits, evidence.day_of(since), evidence.day_of(now.isoformat()))
    return str(since) if gone_by else None
