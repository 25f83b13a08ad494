"""The map page in the window: layers, lists of what is inside, figures, the way to a record and back."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import shapely
from pypdf import PdfReader
from PySide6.QtCore import Qt
from python_calamine import CalamineWorkbook

from core.registry.filters import Selection
from core.spatial.tiles import MOST
from desktop import theme
from desktop.map import remembering
from desktop.map.view import ShownLayer
from desktop.pages.map import MapPage
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell


@pytest.fixture
def shell(qtbot: Any, qapp: Any, filled: Any):
    theme.apply(qapp, "light")
    made = Shell(filled, [MapPage, RegistryPage])
    qtbot.addWidget(made)
    made.show()
    page = made.pages["map"]
    qtbot.waitUntil(lambda: not made.jobs.running and not page.busy, timeout=40_000)
    yield made
    made.close()


def ask(qtbot: Any, page: MapPage, name: str) -> dict[str, Any]:
    answers: list[Any] = []
    page.map.call(name, then=answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    return answers[0]


def test_an_officer_works_on_the_map(qtbot, shell: Shell, tmp_path: Path):
    page = shell.pages["map"]
    now = ask(qtbot, page, "state")
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

    page.work.acted("open", {"layer": "address", "id": found.ids[0]})
    qtbot.waitUntil(lambda: shell.pages["registry"].isVisible() and not shell.jobs.running, timeout=10_000)
    shell.show_page("map")
    page.show_record("address", found.ids[0])
    qtbot.waitUntil(lambda: page.map.place.zoom == 18, timeout=10_000)
    page.work.go("31.31,120.62")
    qtbot.waitUntil(lambda: page.map.place.marked == pytest.approx((120.62, 31.31)), timeout=10_000)
    shell.map_rows(Selection("address", ids=tuple(found.ids)))
    qtbot.waitUntil(lambda: page.work.chosen is not None, timeout=10_000)
    qtbot.waitUntil(lambda: ask(qtbot, page, "state")["layers"][-1:] == ["chosen"], timeout=10_000)
    assert page.work.chosen.total == len(found.ids)
    page.bar.clear.click()
    assert page.work.chosen is None
    page.work.found.to_registry.emit("address")
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=10_000)
    assert shell.pages["registry"].listing.model.selection == Selection("address", ids=tuple(found.ids))
    page.show_record("address", found.ids[0])
    qtbot.waitUntil(lambda: not shell.jobs.running and page.map.place.zoom == 18, timeout=10_000)
    page.work.own = (page.areas["grid"][0].code, page.areas["grid"][1].code)
    page.work.show_own()
    qtbot.waitUntil(lambda: page.map.place.zoom < 18, timeout=10_000)
    page.remember()
    kept = remembering.recall(shell.workspace.actor.name)
    assert [one.name for one in kept.layers] == ["house", "address"] and kept.statistic == "coverage"


def test_no_name_on_the_map_lies_over_another(qtbot, shell: Shell):
    page = shell.pages["map"]
    for zoom in (12, 14, 15, 16.5):
        with qtbot.waitSignal(page.map.drawn, timeout=10_000):
            page.map.go(120.61, 31.31, zoom)
        boxes = [one["box"] for one in ask(qtbot, page, "state")["names"]]
        assert boxes
        for number, (left, top, right, bottom) in enumerate(boxes):
            for west, north, east, south in boxes[:number]:
                assert right <= west or left >= east or bottom <= north or top >= south


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


def test_a_border_is_moved_for_both_neighbours_checked_saved_and_undone(qtbot, shell: Shell, tmp_path: Path):
    page = shell.pages["map"]
    page.bar.grids.click()
    panel = page.work.grids
    area, other, corner = shared_corner(page)
    at = area.shape.representative_point()
    panel.clicked(at.x, at.y)
    assert panel.chosen.code == area.code and other.code in {one.code for one in panel.neighbours}
    qtbot.waitUntil(lambda: ask(qtbot, page, "editing")["corners"] > 2, timeout=10_000)
    page.map.call("drag", list(corner), [corner[0] + 0.0004, corner[1] + 0.0003])
    qtbot.waitUntil(lambda: {area.code, other.code} <= set(panel.edited), timeout=10_000)
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=10_000)
    assert page.map.place.draft["grids"].keys() == {area.code, *(one.code for one in panel.neighbours)}
    if sys.platform != "win32":  # the web process dies in the middle of the work
        edited = {code: shape.wkt for code, shape in panel.edited.items()}
        with qtbot.waitSignals([page.map.revived, page.map.ready], timeout=30_000):
            os.kill(page.map.page.renderProcessPid(), signal.SIGKILL)
        back = ask(qtbot, page, "editing")
        assert back["chosen"] == area.code and back["grids"].keys() == page.map.place.draft["grids"].keys()
        assert {code: panel.edited[code].wkt for code in edited} == edited
    panel.reason.setText("现场核对")
    panel.save_button.click()
    qtbot.waitUntil(lambda: bool(panel.last) and not shell.jobs.running, timeout=20_000)
    moved = {one.code: one.shape for one in page.areas["grid"]}
    assert not moved[area.code].equals(area.shape) and not moved[other.code].equals(other.shape)
    panel.take_back()
    qtbot.waitUntil(lambda: not panel.last and not shell.jobs.running, timeout=20_000)
    assert next(one.shape for one in page.areas["grid"] if one.code == area.code).equals(area.shape)
    panel.files.check()
    qtbot.waitUntil(lambda: panel.files.list.count() > 0 and not shell.jobs.running, timeout=20_000)
    assert panel.files.told.text()
    panel.files.ask_save = panel.files.ask_open = lambda: tmp_path / "grids.gpkg"
    panel.files.hand_out()
    qtbot.waitUntil(lambda: (tmp_path / "grids.gpkg").exists() and not shell.jobs.running, timeout=20_000)
    panel.reason.setText("重新导入")
    with qtbot.waitSignal(panel.files.stored, timeout=20_000) as stored:
        panel.files.take_in()
    assert stored.args[0].changed == stored.args[0].new == 0 < stored.args[0].same
    panel.hide()
    assert page.map.place.draft is None


def shared_corner(page: MapPage):
    """Two grids and a corner that both have."""
    areas = page.areas["grid"]
    for area in areas:
        own = {tuple(c) for c in shapely.get_coordinates(area.shape).round(8).tolist()}
        for other in areas:
            shared = own & {tuple(c) for c in shapely.get_coordinates(other.shape).round(8).tolist()}
            if other is not area and shared:
                return area, other, sorted(shared)[0]
    raise AssertionError("no neighbours")


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
