"""When an operator lets us in: the days and hours of a connector's declaration, in China's time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from core.errors import GridLinkError
from core.exchange.declaration import Connector, Limits
from core.i18n import _
from core.settings import CHINA

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OutsideHours(GridLinkError):
    """The operator does not let us in at this hour."""

    code = "outside_hours"


def is_open(limits: Limits, now: datetime) -> bool:
    """Whether ``now`` lies in the declared days and hours; hours that end before they begin reach past midnight.

    The minute that the hours end with is part of them; without days every day counts.
    """
    local = now.astimezone(CHINA)
    clock = f"{local:%H:%M}"
    past_midnight = limits.end < limits.begin
    inside = (
        clock >= limits.begin or clock <= limits.end if past_midnight else limits.begin <= clock <= limits.end
    )
    began = local - timedelta(days=1) if past_midnight and clock <= limits.end else local
    return inside and (not limits.days or _DAYS[began.weekday()] in limits.days)


def next_open(limits: Limits, after: datetime) -> datetime | None:
    """The first moment from ``after`` on at which the operator lets us in; None if no day is named that comes."""
    if is_open(limits, after):
        return after
    hour, minute = (int(part) for part in limits.begin.split(":"))
    day = after.astimezone(CHINA).replace(hour=hour, minute=minute, second=0, microsecond=0)
    days = (day + timedelta(days=n) for n in range(9))
    return next((at for at in days if at >= after and is_open(limits, at)), None)


def day_is_open(limits: Limits, day: date) -> bool:
    """Whether the operator takes anything on that day."""
    return not limits.days or _DAYS[day.weekday()] in limits.days


def require_open(it: Connector, now: datetime) -> None:
    """Raises ``OutsideHours`` where the operator does not let us in now."""
    if is_open(it.limits, now):
        return
    raise OutsideHours(
        _("{system} lets us in from {begin} to {end} only.").format(
            system=_(it.title), begin=it.limits.begin, end=it.limits.end
        ),
        cure=_("Start it again then; what was read or waits is kept."),
        days=list(it.limits.days),
    )
