"""The real window on the whole district: the map with all layers and borders, tables, files and the search box.

Run: ``python tests/benchmarks/bench_window.py [--people 1000000] [--rounds 3] [--folder DIR] [--store FILE]``. Painted
means that the page's next frame is on its way, not that commands were given. A watchdog notes every task of the
window's thread that took longer than a frame. What is read is audited, so it works on a copy of the store.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.benchmarks.bench_browse import spread
from tests.benchmarks.district import options, workspace
from tests.benchmarks.watchdog import Watchdog

KINDS = ("person", "address", "house", "organisation")
TYPED = ("平江路12", "pjl", "观前街", "320508", "桃花坞")


class Hands:
    """The window, and what hands do in it."""

    def __init__(self, desk: Any) -> None:
        from core import i18n
        from desktop import app

        i18n.set_language("zh")

        self.application = app.make_application()
        self.shell = app.Shell(desk, app.PAGES)
        self.shell.resize(1366, 768)
        self.shell.show()
        self.idle()
        self.dog = Watchdog(self.application)

    def until(self, ready: Callable[[], bool], seconds: float = 60) -> float:
        """Lets the window work until it is so; milliseconds."""
        begun = time.perf_counter()
        while not ready() and time.perf_counter() - begun < seconds:
            self.application.processEvents()
        return (time.perf_counter() - begun) * 1000

    def rest(self, seconds: float) -> None:
        """Lets the window be."""
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() > end)

    def idle(self) -> None:
        """Waits until nothing is read."""
        self.until(lambda: not self.shell.jobs.running)

    def map(self, rounds: int) -> None:
        """Pans and zooms with every layer, every border and a statistic shown."""
        from desktop.map.view import ShownLayer

        drawn: list[int] = []
        page: Any = self.shell.pages["map"]
        page.map.drawn.connect(drawn.append)
        self.shell.show_page("map")
        self.until(lambda: bool(drawn))
        self.idle()
        every = [name for name, layer in page.layers.items() if layer.total]
        page.map.show_layers([ShownLayer(name) for name in every])
        page.map.show_levels(["subdistrict", "community", "grid", "police"])
        page.panel.choose_statistic("density", "community")
        page.panel.statistic_changed.emit()
        self.idle()
        self.rest(0.5)
        draw, painted, outside, most = random.Random(3), [], [], 0
        lon, lat, zoom = 120.61, 31.31, 13
        self.dog.begin("the map pans and zooms")
        for number in range(rounds):
            if number % 2:
                lon, lat = lon + 0.4 * 360 / 2**zoom, lat + 0.2 * 360 / 2**zoom
            else:
                lon, lat, zoom = (
                    draw.uniform(120.56, 120.67),
                    draw.uniform(31.26, 31.37),
                    draw.randint(11, 19),
                )
            before = len(drawn)
            page.map.go(lon, lat, zoom)
            outside.append(self.until(lambda before=before: len(drawn) > before, 10))
            painted.append(page.map.painted_ms[-1])
            most = max(most, drawn[-1])
            self.rest(0.1)
        self.dog.pause()
        print(f"map, {len(every)} layers, moved → painted:  {spread(painted)}   (target < 50 ms)")
        print(f"map, asked by the window → told: {spread(outside)}; most features {most:,} (target 5,000)")

    def tables(self, rounds: int) -> None:
        """Opens each kind's table, jumps to its end."""
        page: Any = self.shell.pages["registry"]
        self.shell.show_page("registry")
        self.idle()
        opened: dict[str, list[float]] = {kind: [] for kind in KINDS}
        ends: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.dog.begin("tables are opened")
        for _ in range(rounds):
            for kind in KINDS:
                model = page.listing.model
                begun = time.perf_counter()
                page.open_kind(kind)
                self.until(lambda model=model, kind=kind: model.resource == kind and shown(model, 0))
                page.listing.view.viewport().repaint()
                opened[kind].append((time.perf_counter() - begun) * 1000)
                self.idle()
                begun = time.perf_counter()
                page.listing.view.scrollToBottom()
                last = model.rowCount() - 1
                self.until(lambda model=model, last=last: shown(model, last))
                page.listing.view.viewport().repaint()
                ends[kind].append((time.perf_counter() - begun) * 1000)
                self.idle()
        self.dog.pause()
        for kind in KINDS:
            print(f"table of {kind:12} opened → painted: {spread(opened[kind])}   (target < 100 ms)")
            print(f"table of {kind:12} jump to the end:  {spread(ends[kind])}   (target < 100 ms)")

    def files(self) -> None:
        """Opens files of addresses and persons from the table."""
        page: Any = self.shell.pages["registry"]
        self.dog.begin("files are opened")
        model = page.listing.model
        for kind in ("address", "person"):
            page.open_kind(kind)
            self.until(lambda kind=kind: model.resource == kind and shown(model, 5))
            for entity in [model.entity(row) for row in range(6)]:
                self.shell.open_file(kind, entity)
                self.idle()
                self.rest(0.1)
        self.dog.pause()

    def search(self) -> None:
        """Types into the search box."""
        from PySide6.QtCore import QEvent, Qt
        from PySide6.QtGui import QKeyEvent

        typed = QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier
        self.shell.search.start()
        self.rest(1)
        self.dog.begin("search is typed")
        for text in TYPED:
            self.shell.search.clear()
            for letter in text:
                self.application.sendEvent(self.shell.search, QKeyEvent(*typed, letter))
                self.rest(0.12)
            self.idle()
        self.dog.pause()

    def close(self) -> None:
        """Prints what the watchdog saw."""
        self.dog.end()
        for phase, found in self.dog.worst.items():
            told = "\n    ".join(f"{ms:.0f} ms {at}" for ms, at in found[:6])
            print(f"UI thread while {phase}: {len(found)} tasks > 16 ms\n    {told}")
        self.shell.close()


def shown(model: Any, row: int) -> bool:
    """Whether a row of the table is there."""
    return model.rowCount() > row and model._held(row) is not None


def main() -> None:
    """Everything once, in one window."""
    given = options(__doc__)
    workspace(given).store.close()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        store = Path(folder) / "store.db"
        shutil.copyfile(given.store or given.folder / f"store-{given.people}.db", store)
        os.environ["XDG_STATE_HOME"] = folder
        given.store = store
        hands = Hands(workspace(given))
        hands.map(60)
        hands.tables(given.rounds)
        hands.files()
        hands.search()
        hands.close()


if __name__ == "__main__":
    main()
