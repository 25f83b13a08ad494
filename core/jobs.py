"""Long work: a function that takes a ``Progress``, reports to it and can be cancelled at its checkpoints."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from core.errors import Cancelled

Item = TypeVar("Item")
_AHEAD: Final = 2
"""Items made before they are asked for."""

Work = Callable[["Progress"], Any]
"""A job: runs to its result, raises ``Cancelled`` at a checkpoint, or fails with what went wrong."""


@dataclass(frozen=True)
class Snapshot:
    """What a job is doing now; ``done``/``total`` count what ``phase`` names, ``total`` None if unknown."""

    phase: str = ""
    done: int = 0
    total: int | None = None
    phase_started: float = 0.0


class Progress:
    """The one object that work and its watcher share: work writes a snapshot, the watcher reads or cancels."""

    def __init__(self) -> None:
        self._snapshot = Snapshot(phase_started=time.monotonic())
        self._cancelled = threading.Event()
        self._stops: list[Callable[[], None]] = []

    def phase(self, name: str, total: int | None = None) -> None:
        """Starts a named phase (translated text) of ``total`` items; also a checkpoint."""
        self.checkpoint()
        self._snapshot = Snapshot(name, 0, total, time.monotonic())

    def advance(self, count: int = 1) -> None:
        """Counts ``count`` more items as done; also a checkpoint."""
        self.checkpoint()
        self._snapshot = replace(self._snapshot, done=self._snapshot.done + count)

    def checkpoint(self) -> None:
        """Raises ``Cancelled`` if the user cancelled; the store must be consistent here."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Asks the work to stop at its next checkpoint; may be called from any thread."""
        self._cancelled.set()
        for stop in tuple(self._stops):
            stop()

    @contextmanager
    def interrupting(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block waits for something without checkpoints, ``cancel`` calls ``stop`` (from its own thread)."""
        self._stops.append(stop)
        try:
            self.checkpoint()
            yield
        finally:
            self._stops.remove(stop)

    @property
    def snapshot(self) -> Snapshot:
        """The latest state; safe to read from any thread."""
        return self._snapshot


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, made in a thread beside while those before them are used; what goes wrong is raised in its place.

    Worth it where making an item leaves Python to others: unpacking, hashing, columns.
    """
    with ThreadPoolExecutor(1) as beside:
        waiting = deque(beside.submit(next, items, None) for _turn in range(_AHEAD))
        try:
            while (item := waiting.popleft().result()) is not None:
                waiting.append(beside.submit(next, items, None))
                yield item
        finally:
            for one in waiting:
                one.cancel()
