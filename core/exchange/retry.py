"""When a failed record is tried again: a pure function of the trouble, the attempt and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.exchange.troubles import Refused, Rejected, Trouble, Unreachable

_JITTER = 0.25


@dataclass(frozen=True)
class Retry:
    """Back-off: ``first_seconds`` after the first failure, then ``factor`` times longer up to a longest."""

    first_seconds: float
    factor: float
    longest_seconds: float
    attempts: int

    def due(self, trouble: Trouble, attempt: int, now: datetime, chance: float = 0.0) -> datetime | None:
        """When attempt number ``attempt`` (1 = the first), which ended in ``trouble``, may be repeated.

        ``chance`` (0 to 1) brings it forward by up to a quarter, so that not everybody comes back at once.

        None when it should not be repeated without somebody's word. An upstream that could not be
        reached or would not talk says nothing about the record, so those wait but never run out.
        """
        blameless = isinstance(trouble, Unreachable | Refused)
        if attempt >= self.attempts and not blameless:
            return None
        return now + timedelta(seconds=self.wait_seconds(attempt, chance))

    def wait_seconds(self, attempt: int, chance: float = 0.0) -> float:
        """How long to wait after failure number ``attempt``."""
        # Past twenty steps every declared back-off is at its longest; the power would overflow long after.
        wait = min(self.first_seconds * self.factor ** min(attempt - 1, 20), self.longest_seconds)
        return wait * (1 - _JITTER * chance)

    def batch_size(self, attempts: int, largest: int) -> int:
        """How many records that failed ``attempts`` times travel together: halved each time, so that one
        bad record ends up alone and holds up nobody."""
        return max(1, largest >> attempts)


def blames_records(trouble: Trouble) -> bool:
    """Whether the records may be the cause, so that the attempt counts against them."""
    return isinstance(trouble, Rejected) or not isinstance(trouble, Unreachable | Refused)
