"""A receiver that tests use one after the other: starting one takes a second, so it forgets everything instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.training.upstream import Upstream, start_upstream


class Receivers:
    """Lends a receiver of residence permits that has received nothing yet."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, 0
        self._idle: list[Upstream] = []

    @contextmanager
    def lend(self) -> Iterator[Upstream]:
        """For one test; one that was stopped, or that is still at something, is not lent again."""
        running = self._idle.pop() if self._idle else self._start()
        yield running
        if running.process.poll() is None and running.ask("/control/reset", {})["under_way"] == 0:
            self._idle.append(running)
        else:
            running.stop()

    def close(self) -> None:
        """Ends the processes."""
        for running in self._idle:
            running.stop()

    def _start(self) -> Upstream:
        self._started += 1
        return start_upstream(self._folder / str(self._started))
