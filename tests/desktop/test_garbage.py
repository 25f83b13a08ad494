"""Cyclic garbage, which may hold widgets, goes in the window's thread although workers make it."""

from __future__ import annotations

import gc
import threading
from typing import Any

from desktop.jobs import JobRunner


def test_what_a_worker_leaves_in_circles_is_collected_in_the_windows_thread(qtbot: Any) -> None:
    gc.enable()
    gone: list[threading.Thread] = []

    class Knot:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            gone.append(threading.current_thread())

    runner = JobRunner()
    for _ in range(3):
        runner.read(lambda: [Knot() for _ in range(20_000)] and None, lambda _none: None)
    with qtbot.waitSignal(runner.idle, timeout=20_000):
        pass
    runner.wait()
    assert gc.isenabled()
    gc.collect()
    assert len(gone) == 60_000
    assert set(gone) == {threading.main_thread()}
