"""Tasks that keep the window's thread busy: how long each was, and what it was doing meanwhile.

A thread of its own pings the window's event loop; when no answer comes within the limit, it notes the stack that the
window's thread is in. The pings go by a queued signal, so that only tasks count, not waiting for nothing.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import Counter
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

LIMIT = 0.016
_STEP = 0.002


class Watchdog(QObject):
    """Watches the thread in which it was made; ``worst`` has (milliseconds, where) by phase, the longest first."""

    _ping = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worst: dict[str, list[tuple[float, str]]] = {}
        self.counts: Counter[str] = Counter()
        self._phase, self._over = "", False
        self._watched, self._main = threading.get_ident(), threading.get_native_id()
        self._answered = threading.Event()
        self._ping.connect(self._pong, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    _thread: threading.Thread

    def begin(self, phase: str) -> None:
        """What happens from here on belongs to this phase."""
        self.worst.setdefault(phase, [])
        self._phase = phase

    def pause(self) -> None:
        """What happens from here on belongs to no phase."""
        self._phase = ""

    def end(self) -> None:
        """Stops watching."""
        self._phase, self._over = "", True
        self._thread.join(2)
        for found in self.worst.values():
            found.sort(key=lambda one: -one[0])

    def _pong(self) -> None:
        self._answered.set()

    def _watch(self) -> None:
        while not self._over:
            phase = self._phase
            if not phase:
                time.sleep(_STEP)
                continue
            self._answered.clear()
            asked, busy = time.perf_counter(), _processor_time(self._main)
            self._ping.emit()
            places: Counter[str] = Counter()
            while not self._answered.wait(_STEP * 2) and not self._over:
                if time.perf_counter() - asked > LIMIT / 2:
                    places[_where(self._watched)] += 1
            took = time.perf_counter() - asked
            if took > LIMIT:
                worked = _processor_time(self._main) - busy
                where = places.most_common(1)[0][0] if places else "?"
                self.worst[phase].append((took * 1000, f"({worked * 1000:.0f} of processor) {where}"))
            time.sleep(_STEP)


def _processor_time(thread: int) -> float:
    """Seconds that a thread has worked, so that waiting for another process can be told from work (Linux)."""
    try:
        with open(f"/proc/self/task/{thread}/schedstat", encoding="ascii") as file:  # noqa: PTH123 - read every few ms
            return int(file.read().split()[0]) / 1e9
    except OSError:
        return 0.0


def _where(thread: int) -> str:
    """The innermost lines of our own that the thread is in."""
    frame: Any = sys._current_frames().get(thread)
    if frame is None:
        return "?"
    stack = traceback.extract_stack(frame)
    ours = [one for one in stack if "/core/" in one.filename or "/desktop/" in one.filename] or stack[-1:]
    return " < ".join(f"{one.filename.rsplit('/', 1)[-1]}:{one.lineno} {one.name}" for one in ours[-3:][::-1])
