"""When a duty is due again: a pure function of what was done, what was tried, the operator's hours and the clock.

A moment that lies in the future was written by a clock that has been put back since: it counts as unknown, so that
nothing waits for it; and what is due is asked of the present state, so that a clock that leaps makes one act due,
not one for every day that it leapt over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from core.exchange.declaration import Limits
from core.exchange.hours import next_open
from core.exchange.leasing import TOO_FAR
from core.settings import CHINA

PAUSE: Final = timedelta(minutes=10)
"""Between two acts of the same duty, whatever comes of them."""
STATES_EVERY: Final = timedelta(hours=4)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=15), timedelta(hours=4)
_ZERO_FROM, _BEFORE_CLOSING = "15:00", timedelta(hours=1)


def past(moment: str | None, now: datetime) -> datetime | None:
    """A moment of the store, if it is one that has been."""
    at = datetime.fromisoformat(moment) if moment else None
    return at if at is not None and at <= now else None


def rested(tried_at: str | None, failures: int, now: datetime) -> datetime:
    """From when on a duty may be tried again: later each time that it failed."""
    tried = past(tried_at, now)
    if tried is None:
        return now
    wait = min(_FIRST_WAIT * 2 ** min(failures - 1, 8), _LONGEST_WAIT) if failures else PAUSE
    return max(tried + wait, now)


def daily(last: str | None, rests_until: datetime, limits: Limits, now: datetime) -> datetime | None:
    """When something that is done once a day is done next."""
    done = past(last, now)
    if done is not None and _day(done) == _day(now):
        return next_open(limits, _midnight(now) + timedelta(days=1))
    return next_open(limits, rests_until)


def zero_report(
    heard: Iterable[str], rests_until: datetime, limits: Limits, now: datetime
) -> datetime | None:
    """When a day on which there was nothing is reported: late, so that the day has had its chance.

    ``heard`` are the moments of our last words there.
    """
    days = {_day(done) for word in heard if (done := past(word, now)) is not None}
    if _day(now) in days:
        return next_open(limits, _zero_of(now + timedelta(days=1), limits))
    return next_open(limits, max(_zero_of(now, limits), rests_until))


def waiting(due_at: str, rests_until: datetime, limits: Limits, now: datetime) -> datetime | None:
    """When what is due at a moment goes; a moment that nothing is ever put off to is a clock's that was put back."""
    due = datetime.fromisoformat(due_at)
    return next_open(limits, max(rests_until, now if due > now + TOO_FAR else due))


def again(last: str | None, rests_until: datetime, limits: Limits, now: datetime) -> datetime | None:
    """When the states of what was sent are read again: some times a day."""
    done = past(last, now)
    return next_open(limits, max(rests_until, done + STATES_EVERY) if done else rests_until)


def morning(day: str | None) -> str:
    """The first moment in China of a day that is kept without its hour; "" for none."""
    return f"{day}T00:00:00+08:00" if day else ""


def _zero_of(day: datetime, limits: Limits) -> datetime:
    """Three in the afternoon there, or an hour before the operator closes if that is earlier."""
    late = _at(day, _ZERO_FROM)
    if limits.end < limits.begin:
        return late
    return min(late, max(_at(day, limits.begin), _at(day, limits.end) - _BEFORE_CLOSING))


def _at(day: datetime, clock: str) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    return day.astimezone(CHINA).replace(hour=hour, minute=minute, second=0, microsecond=0)


def _midnight(now: datetime) -> datetime:
    return _at(now, "00:00")


def _day(moment: datetime) -> object:
    return moment.astimezone(CHINA).date()
