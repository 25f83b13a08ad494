"""The way to each target: paused by somebody, broken off after trouble, closed outside the operator's hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from core.errors import GridLinkError
from core.exchange.connectors import connector
from core.exchange.declaration import Connector, Limits
from core.exchange.hours import is_open
from core.exchange.retry import blames_records
from core.exchange.troubles import Trouble
from core.i18n import _
from core.model.exchange import channel
from core.registry import publication
from core.security import audit
from core.security.workspace import Workspace, permits

Closed = Literal["", "paused", "broken_off", "outside_hours"]
NEEDS_YOU: Final = 3
"""After so many runs in a row that ended in trouble somebody has to look."""


class ChannelPaused(GridLinkError):
    """Somebody has paused the sending to this target."""

    code = "channel_paused"


@dataclass(frozen=True)
class Channel:
    """How the way to a target is; ``trouble`` is the short code of what last stopped it."""

    target: str
    paused_at: str | None = None
    paused_by: str | None = None
    paused_reason: str | None = None
    failures: int = 0
    retry_at: str | None = None
    trouble: str | None = None
    trouble_at: str | None = None
    zero_at: str | None = None

    def closed(self, limits: Limits, now: datetime) -> Closed:
        """Why nothing goes by itself at this moment; empty if it may."""
        if self.paused_at:
            return "paused"
        if self.broken_until(now) is not None:
            return "broken_off"
        return "" if is_open(limits, now) else "outside_hours"

    def broken_until(self, now: datetime) -> datetime | None:
        """Until when the circuit breaker is open; a trouble that is still to come is a clock's that was put back."""
        if not self.retry_at or self.retry_at <= _stamp(now) or (self.trouble_at or "") > _stamp(now):
            return None
        return datetime.fromisoformat(self.retry_at)

    @property
    def needs_somebody(self) -> bool:
        """Whether trying again has failed so often that a person has to look."""
        return self.failures >= NEEDS_YOU


def read_channel(connection: Connection, target: str) -> Channel:
    """What is known of the way to a target."""
    row = connection.execute(select(channel).where(channel.c.target == target)).mappings().first()
    return Channel(**row) if row else Channel(target)


def write_channel(connection: Connection, target: str, **values: Any) -> None:
    """Changes what is known of the way to a target."""
    done = connection.execute(update(channel).where(channel.c.target == target).values(**values))
    if done.rowcount == 0:
        connection.execute(insert(channel).values(target=target, **values))


def after_run(
    connection: Connection,
    it: Connector,
    trouble: Trouble | None,
    *,
    alive: bool,
    now: datetime,
    chance: float,
) -> None:
    """Keeps how a run ended: trouble without one receipt opens the circuit breaker for longer each time.

    Trouble that a record may have caused opens it only when it goes on, so that one bad record blocks nobody.
    """
    if trouble is None and not alive:
        return  # nothing was to be done, and that proves nothing
    if trouble is None or alive:
        before = read_channel(connection, it.target)
        if before.failures or before.trouble:
            write_channel(connection, it.target, failures=0, retry_at=None, trouble=None, trouble_at=None)
        return
    failures = read_channel(connection, it.target).failures + 1
    again = now + timedelta(seconds=it.retry.wait_seconds(failures, chance))
    lasting = failures >= NEEDS_YOU or not blames_records(trouble)
    write_channel(
        connection, it.target, failures=failures, trouble=trouble.short, trouble_at=_stamp(now),
        retry_at=_stamp(again) if lasting else None,
    )  # fmt: skip


def require_open(connection: Connection, target: str) -> None:
    """Raises ``ChannelPaused`` if somebody has paused the target."""
    now = read_channel(connection, target)
    if now.paused_at:
        raise ChannelPaused(
            _("Sending to {system} is paused: {reason} ({who}).").format(
                system=_(connector(target).title), reason=now.paused_reason or "", who=now.paused_by or ""
            ),
            cure=_("Resume it under Exchange or with “gridlink exchange resume {target}”.").format(
                target=target
            ),
            target=target,
        )


@permits("exchange.push")
def pause(workspace: Workspace, target: str, reason: str) -> None:
    """Stops all sending to a target until somebody resumes it; what is due goes on being queued."""
    name = connector(target).target
    with workspace.store.write() as connection:
        write_channel(
            connection,
            name,
            paused_at=workspace.now(),
            paused_by=workspace.actor.name,
            paused_reason=reason.strip(),
        )
        audit.note(connection, workspace, "exchange.pause", name, {"reason": reason.strip()})


@permits("exchange.push")
def resume(workspace: Workspace, target: str) -> None:
    """Lets sending to a target go on, and closes its circuit breaker."""
    name = connector(target).target
    with workspace.store.write() as connection:
        free = {"paused_at": None, "paused_by": None, "paused_reason": None, "retry_at": None, "failures": 0}
        write_channel(connection, name, **free)
        audit.note(connection, workspace, "exchange.resume", name, {})


@permits("exchange.configure")
def begin_queueing(workspace: Workspace, target: str) -> int:
    """From now on changes are queued for a target; what it should hold already is queued at once: how many."""
    name = connector(target).target
    with workspace.store.write() as connection:
        queued = publication.begin(connection, name, workspace.now())
        audit.note(connection, workspace, "exchange.begin", name, {"queued": queued})
    return queued


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
