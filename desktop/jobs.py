"""The one place that starts threads: core work runs beside the window, which only looks at its progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal
from shiboken6 import isValid

from core.errors import Cancelled
from core.jobs import Progress, Snapshot, Work
from desktop import slack
from desktop.garbage import garbage

State = Literal["running", "done", "failed", "cancelled"]
_LOOK = 100
"""Milliseconds between two looks at a job's progress."""
_LINGER = 2000
"""Milliseconds that an ended job is kept: what hangs on it may only be destroyed in the window's thread."""
_HEAVY = 0.5
"""Seconds of work after which the memory that it has freed is given back, once nothing runs."""


class Job(QObject):
    """One piece of work: its title, its progress, and how it ended."""

    progressed = Signal(object)
    ended = Signal(object)
    _returned = Signal(object, object)

    def __init__(self, title: str, *, shown: bool, quiet: bool = False) -> None:
        super().__init__()
        self.title, self.shown, self.quiet = title, shown, quiet
        self.progress = Progress()
        self.state: State = "running"
        self.result: Any = None
        self.error: BaseException | None = None
        self.started = time.monotonic()
        self.seconds = 0.0
        self._returned.connect(self._end)

    def cancel(self) -> None:
        """Asks the work to stop at its next checkpoint."""
        self.progress.cancel()

    @property
    def snapshot(self) -> Snapshot:
        """What the work is doing now."""
        return self.progress.snapshot

    def _end(self, result: object, error: BaseException | None) -> None:
        self.result, self.error = result, error
        self.seconds = time.monotonic() - self.started
        self.state = "done" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        self.ended.emit(self)


class _Task(QRunnable):
    def __init__(self, job: Job, work: Work) -> None:
        super().__init__()
        self._job, self._work = job, work

    def run(self) -> None:
        result, error = None, None
        try:
            result = self._work(self._job.progress)
        except BaseException as caught:  # noqa: BLE001 - the border between a job's thread and its watchers
            error = caught
        self._job._returned.emit(result, error)
        garbage.worker_ended()


class JobRunner(QObject):
    """Runs jobs: those that change the store one after the other, short reads beside them."""

    started = Signal(object)
    failed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._writers, self._readers = QThreadPool(self), QThreadPool(self)
        self._quiet = QThreadPool(self)
        self._writers.setMaxThreadCount(1)
        self._quiet.setMaxThreadCount(1)
        self._readers.setMaxThreadCount(2)
        self.running: list[Job] = []
        self._heavy = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK)
        self._timer.timeout.connect(self._look)

    def run(self, title: str, work: Work, done: Callable[[Any], None] | None = None) -> Job:
        """Starts long work that people watch in the job panel; ``done`` gets its result in the window's thread."""
        return self._start(Job(title, shown=True), work, done, self._writers)

    def run_quietly(self, title: str, work: Work, done: Callable[[Any], None] | None = None) -> Job:
        """As ``run`` for what nobody asked for: its row comes only where it takes long, and goes when it is well.

        It runs beside what people do, as another client of the store would: nobody waits for its network.
        """
        return self._start(Job(title, shown=True, quiet=True), work, done, self._quiet)

    def write(self, work: Callable[[], Any], done: Callable[[Any], None]) -> Job:
        """Changes something small in its turn, without a place in the job panel."""
        return self._start(Job("", shown=False), lambda progress: work(), done, self._writers)

    def read(self, work: Callable[[], Any], done: Callable[[Any], None]) -> Job:
        """Fetches something for a page without a place in the job panel."""
        return self._start(Job("", shown=False), lambda progress: work(), done, self._readers)

    def look(self, work: Work, done: Callable[[Any], None]) -> Job:
        """Like ``read`` for what can take a while: the work gets a progress, and the job can be cancelled."""
        return self._start(Job("", shown=False), work, done, self._readers)

    def wait(self) -> None:
        """Cancels what runs and waits for it; for closing the window."""
        for job in self.running:
            job.cancel()
        self._writers.waitForDone()
        self._quiet.waitForDone()
        self._readers.waitForDone()
        garbage.settle()

    def _start(self, job: Job, work: Work, done: Callable[[Any], None] | None, pool: QThreadPool) -> Job:
        self.running.append(job)
        job.ended.connect(lambda ended: self._ended(ended, done))
        self.started.emit(job)
        self._timer.start()
        garbage.worker_begins()
        pool.start(_Task(job, work))
        return job

    def _look(self) -> None:
        for job in self.running:
            job.progressed.emit(job.snapshot)
        garbage.settle()

    def _ended(self, job: Job, done: Callable[[Any], None] | None) -> None:
        if not isValid(self):
            return  # the window was closed before the answer came
        # its own thread must not be the last to let go of it
        QTimer.singleShot(_LINGER, self, lambda: self._let_go(job))
        self.running.remove(job)
        if not self.running:
            self._timer.stop()
        if job.state == "done" and done is not None and _wanted(done):
            done(job.result)
        if job.state == "failed":
            self.failed.emit(job)
        if not self.running:
            self.idle.emit()

    def _let_go(self, job: Job) -> None:
        garbage.settle()
        self._heavy += job.seconds
        if not self.running and self._heavy > _HEAVY:
            self._heavy = 0.0
            self._readers.start(slack.give_back)


def _wanted(done: Callable[[Any], None]) -> bool:
    """Whether whoever asked is still there: a view may be gone before its answer comes."""
    asker = getattr(getattr(done, "func", done), "__self__", None)  # a partial asks for whom it is made of
    return not isinstance(asker, QObject) or isValid(asker)
