"""The map page in the window: layers, lists of what is inside, figures, the way to a record and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from python_calamine import CalamineWorkbook

from core.spatial.tiles import MOST
from desktop import theme
from desktop.map import remembering
from desktop.map.view import ShownLayer
from desktop.pages.map import MapPage
from desktop.shell import Shell


@pytest.fixture
def shell(qtbot: Any, qapp: Any, filled: Any):
    theme.apply(qapp, "light")
    made = Shell(filled, [MapPage])
    qtbot.addWidget(made)
    made.show()
    page = made.pages["map"]
    qtbot.waitUntil(lambda: not made.jobs.running and not page.busy, timeout=40_000)
    yield made
    made.close()


def state(qtbot: Any, page: MapPage) -> dict[str, Any]:
    answers: list[Any] = []
    page.map.call("state", then=answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    return answers[0]


def test_an_officer_works_on_the_map(qtbot, shell: Shell, tmp_path: Path):
    page = shell.pages["map"]
    now = state(qtbot, page)
    assert 0 < now["features"] <= MOST and now["layers"] == ["address"]

    page.panel.show_only("house")
    page.panel.choose_statistic("coverage", "community")
    page.panel.statistic_changed.emit()
    qtbot.waitUntil(lambda: page.map.place.fill is not None, timeout=10_000)
    assert page.map.place.fill["by"] == "community" and page.map.place.fill["colours"]

    chosen: list[tuple[str, list[int]]] = []
    page.selected.connect(lambda resource, ids: chosen.append((resource, ids)))
    index = page.layers["address"].index
    page.work.acted("grid_at", {"lon": float(index.lon[0]), "lat": float(index.lat[0])})
    qtbot.waitUntil(lambda: page.work.found is not None and page.work.found.list.count() > 0, timeout=10_000)
    found = page.work.found.found["address"]
    assert ("address", list(found.ids)) in chosen and found.count == len(found.ids)

    page.work.ask_file = lambda name, kinds: tmp_path / name
    page.work.found.export.emit("address")
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=10_000)
    sheet = CalamineWorkbook.from_path(str(next(tmp_path.glob("*.xlsx")))).get_sheet_by_index(1)
    assert len(sheet.to_python()) == len(found.ids) + 1

    page.work.print()
    qtbot.waitUntil(lambda: any(tmp_path.glob("*.pdf")), timeout=10_000)
    assert len(PdfReader(next(tmp_path.glob("*.pdf"))).pages) == 1

    page.show_record("address", found.ids[0])
    qtbot.waitUntil(lambda: page.map.place.zoom == 18, timeout=10_000)
    page.work.go("31.31,120.62")
    qtbot.waitUntil(lambda: page.map.place.marked == pytest.approx((120.62, 31.31)), timeout=10_000)
    page.show_rows("address", list(found.ids))
    page.remember()
    kept = remembering.recall(shell.workspace.actor.name)
    assert [one.name for one in kept.layers] == ["house", "address"] and kept.statistic == "coverage"


def test_addresses_without_a_place_are_put_on_the_map_by_keyboard(qtbot, shell: Shell):
    page = shell.pages["map"]
    before, total = page.layers["address"].placed, page.layers["address"].total
    assert before < total
    page.bar.placing.click()
    panel = page.work.placing
    qtbot.waitUntil(lambda: panel.at is not None, timeout=20_000)
    start = panel.at
    qtbot.keyClick(panel, Qt.Key.Key_Right)
    assert panel.at == pytest.approx((start[0] + 1e-5, start[1]))
    page.work.acted("dragged", {"lon": 120.6196, "lat": 31.2994})
    first = panel.current
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.layers["address"].placed == before + 1, timeout=20_000)
    qtbot.waitUntil(lambda: panel.current != first and not panel.busy, timeout=20_000)
    qtbot.keyClick(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.layers["address"].placed == before, timeout=20_000)
    panel.hide()
    assert page.map.place.proposed is None
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=20_000)


def test_habits_that_cannot_be_read_are_left_at_their_default(qtbot):
    remembering.remember("a", remembering.Habits(layers=[ShownLayer("house", 0.5)], at=(120.6, 31.3, 15.0)))
    assert remembering.recall("a").layers == [ShownLayer("house", 0.5)] and remembering.recall("a").at == (
        120.6,
        31.3,
        15.0,
    )
    assert remembering.recall("b") == remembering.Habits()
    remembering._settings().setValue("map/c", '{"layers": 3}')
    assert remembering.recall("c") == remembering.Habits()
