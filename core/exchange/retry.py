"""When a failed record is tried again: a pure function of the trouble, the attempt and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.exchange.troubles import Refused, Rejected, Trouble, Unreachable


@dataclass(frozen=True)
class Retry:
    """Back-off: ``first_seconds`` after the first failure, then ``factor`` times longer up to a longest."""

    first_seconds: float
    factor: float
    longest_seconds: float
    attempts: int

    def due(self, trouble: Trouble, attempt: int, now: datetime) -> datetime | None:
        """When attempt number ``attempt`` (1 = the first), which ended in ``trouble``, may be repeated.

        None when it should not be repeated without somebody's word. An upstream that could not be
        reached or would not talk says nothing about the record, so those wait but never run out.
        """
        blameless = isinstance(trouble, Unreachable | Refused)
        if attempt >= self.attempts and not blameless:
            return None
        # Past twenty steps every declared back-off is at its longest; the power would overflow long after.
        wait = min(self.first_seconds * self.factor ** min(attempt - 1, 20), self.longest_seconds)
        return now + timedelta(seconds=wait)

    def batch_size(self, attempts: int, largest: int) -> int:
        """How many records that failed ``attempts`` times travel together: halved each time, so that one
        bad record ends up alone and holds up nobody."""
        return max(1, largest >> attempts)


def blames_records(trouble: Trouble) -> bool:
    """Whether the records may be the cause, so that the attempt counts against them."""
    return isinstance(trouble, Rejected) or not isinstance(trouble, Unreachable | Refused)
