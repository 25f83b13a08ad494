"""While work runs beside the window, cyclic garbage is collected in the window's thread only.

Python's collector runs in whatever thread happens to allocate. In a worker's it would destroy widgets and models that
nobody refers to any more beside the thread that they belong to, and Qt ends the process for that.
"""

from __future__ import annotations

import gc
import threading


class Garbage:
    """The process's collector, held back as long as a worker runs; made once, as ``garbage``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers, self._held = 0, False

    def worker_begins(self) -> None:
        """The window starts work in another thread: from here on only ``settle`` collects."""
        with self._lock:
            self._workers += 1
        if gc.isenabled():
            gc.disable()
            self._held = True

    def worker_ended(self) -> None:
        """The work has returned. Called in its thread, which is why the collector stays off until ``settle``."""
        with self._lock:
            self._workers -= 1

    def settle(self) -> None:
        """In the window's thread: collects what is due, and lets the collector go when no worker runs."""
        if not self._held:
            return
        for generation in (1, 0):  # the oldest can wait until no worker runs: walking it would be felt
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                break
        if self._workers == 0:
            self._held = False
            gc.enable()


garbage = Garbage()
