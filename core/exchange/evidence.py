"""What a target's silence means: how long receipts may still be missing, and whole days on which it heard nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from core.exchange.declaration import Limits
from core.exchange.declared import every
from core.exchange.hours import day_is_open
from core.i18n import _
from core.model.exchange import channel, connector_setting
from core.settings import CHINA

EVIDENCE_HOURS: Final = 72
"""How long messages may be without a receipt before nothing more is sent to a target."""
_ALARM_HOURS: Final = 24


def hours_left(awaited_since: str | None, now: datetime) -> int | None:
    """Whole hours until nothing more is sent, because a receipt has been missing since then; None if none is."""
    if awaited_since is None:
        return None
    left = datetime.fromisoformat(awaited_since) + timedelta(hours=EVIDENCE_HOURS) - now
    return max(0, int(left.total_seconds() // 3600))


def silent(connection: Connection, receipts: Mapping[str, str], now: datetime) -> dict[str, str]:
    """The targets that want to hear from us daily and for a whole day had nothing: target → its last word.

    ``receipts`` names each target's last receipt. Until there is a first one, the day it was set up counts.
    """
    zero = select(connector_setting.c.target, connector_setting.c.changed_at, channel.c.zero_at).outerjoin(
        channel, channel.c.target == connector_setting.c.target
    )
    wants = {it.target: it.limits for it in every(connection) if it.receipts.zero_report}
    found = {}
    for target, set_up_at, zero_at in connection.execute(zero.where(connector_setting.c.target.in_(wants))):
        words = [word for word in (receipts.get(target), zero_at) if word]
        heard = max(words, key=day_of, default=str(set_up_at))
        if missed_a_day(wants[target], day_of(heard), day_of(now.isoformat())):
            found[str(target)] = heard
    return found


def alarms(system: str, left: int | None, silent_since: str | None) -> tuple[str, ...]:
    """What somebody should know of a system before it stops the work, as sentences."""
    told = []
    if left is not None and left <= _ALARM_HOURS:
        told.append(_("{system}: receipts are missing; if none comes, nothing more is sent in {n} hours.").format(
            system=system, n=left) if left else
            _("{system}: nothing more is sent, because receipts have been missing for {n} hours.").format(
            system=system, n=EVIDENCE_HOURS))  # fmt: skip
    if silent_since is not None:
        told.append(_("{system} wants to hear from us every day; the last it heard was on {day}.").format(
            system=system, day=day_of(silent_since).isoformat()))  # fmt: skip
    return tuple(told)


def missed_a_day(limits: Limits, last: date, today: date) -> bool:
    """Whether a whole day lies between the two on which the operator takes something."""
    between = (last + timedelta(days=n) for n in range(1, min((today - last).days, 8)))
    return any(day_is_open(limits, day) for day in between)


def day_of(at: str) -> date:
    """The day in China of a moment; a day stays that day."""
    moment = datetime.fromisoformat(at)
    return (moment.astimezone(CHINA) if moment.tzinfo else moment).date()
