"""How fast an operator lets us ask: one pace a system for the whole process, kept where requests leave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from core.exchange.declaration import Connector


class Pace:
    """Gives each request its moment, at least ``1 / per_second`` after the one before; None asks for no pause."""

    def __init__(
        self, per_second: float | None = None, *, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.per_second, self._clock, self._sleep = per_second, clock, sleep
        self._next, self._lock = 0.0, threading.Lock()

    def reserve(self) -> float:
        """Takes the next free moment and returns how many seconds it is away."""
        if not self.per_second:
            return 0.0
        with self._lock:
            now = self._clock()
            moment = max(now, self._next)
            self._next = moment + 1 / self.per_second
            return moment - now

    def wait(self) -> None:
        """Waits until a request may leave."""
        if (seconds := self.reserve()) > 0:
            self._sleep(seconds)


FREE: Final = Pace()
"""No limit."""
_paces: Final[dict[str, Pace]] = {}
_lock: Final = threading.Lock()


def pace_of(it: Connector) -> Pace:
    """The pace that everything in this process keeps towards a system, so that a second way is no way around it."""
    limit = it.limits.requests_per_second
    if limit is None:
        return FREE
    with _lock:
        if it.target not in _paces or _paces[it.target].per_second != limit:
            _paces[it.target] = Pace(limit)
        return _paces[it.target]
