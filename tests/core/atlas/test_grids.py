"""Grids as work: files out and in, checks, borders moved, split and merged, each one undoable with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import select

from core.atlas.grid_editing import (
    GridEditRefused,
    import_grids,
    merge_grids,
    next_code,
    save_grids,
    split_grid,
)
from core.atlas.grid_files import FormatUnknown, Grid, check_grids, export_grids, read_file, registered
from core.cli.main import main
from core.model.ledger import change_set
from core.model.registry import TABLES
from core.registry.digest import digest
from core.registry.undo import undo
from core.security.workspace import Actor, NotPermitted, Workspace
from core.spatial.geopackage import GeoFileUnusable
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address

COMMUNITY = "320508017003"
WEST, EAST = shapely.box(120.55, 31.33, 120.56, 31.35), shapely.box(120.56, 31.33, 120.57, 31.35)


def row(number: int, shape, **changes: str) -> dict[str, str]:
    return {
        "grid_code": f"{COMMUNITY}{number:03d}", "name": f"富强{number}格", "kind": "governance",
        "community_code": COMMUNITY, "maintainer": "G001", "cycle_days": "30", "households": "400",
        "geometry": shapely.to_geojson(shape),
    } | changes  # fmt: skip


def bare(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name != "geometry"}


def feature(shape, **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}


def at(number: int, lon: float, lat: float, grid: int) -> dict[str, str]:
    return address(number, lon=str(lon), lat=str(lat), crs="EPSG:4490", grid_code=f"{COMMUNITY}{grid:03d}")


@pytest.fixture
def two(workspace: Workspace, sender) -> Workspace:
    rows = [
        at(1, 120.552, 31.34, 1),
        at(2, 120.558, 31.34, 1),
        at(3, 120.565, 31.34, 2),
        address(4, grid_code=f"{COMMUNITY}002"),
    ]
    sender("governance").send(grid=[row(1, WEST), row(2, EAST)])
    sender("bureau").send(address=rows)
    return workspace


def state(workspace: Workspace) -> str:
    with workspace.store.read() as connection:
        return digest(connection)


def grid_of(workspace: Workspace, number: int) -> str:
    table = TABLES["address"]
    code = f"32050801700300{number:06d}"
    with workspace.store.read() as connection:
        return str(connection.execute(select(table.c.grid_code).where(table.c.address_code == code)).scalar())


@pytest.mark.parametrize("name", ["g.geojson", "g.gpkg"])
def test_what_goes_out_comes_in_again_as_nothing_new(two: Workspace, tmp_path: Path, name: str):
    assert export_grids(two, tmp_path / name) == 2
    result = import_grids(two, read_file(tmp_path / name), reason="again")
    assert (result.change_set, result.same) == (None, 2)


def test_an_import_is_one_change_set_that_can_be_undone(two: Workspace, tmp_path: Path):
    before = state(two)
    moved = Grid(
        {"grid_code": f"{COMMUNITY}002", "maintainer": "G009"}, shapely.box(120.56, 31.33, 120.575, 31.35)
    )
    police = Grid(
        {
            name: value
            for name, value in row(1, WEST, grid_code="P1", kind="police").items()
            if name != "geometry"
        },
        WEST,
    )
    result = import_grids(two, [moved, police], reason="新一轮划格")
    assert (result.new, result.changed, result.same) == (1, 1, 0)
    held = {grid.code: grid for grid in registered(two)}
    assert held[moved.code].values["maintainer"] == "G009" and held["P1"].kind == "police"
    assert held[moved.code].shape.bounds[2] == pytest.approx(120.575)
    undo(two, result.change_set)
    assert state(two) == before


def test_a_moved_border_stands_above_the_platforms_word_until_that_changes(two: Workspace, sender):
    wider = shapely.box(120.56, 31.33, 120.575, 31.35)
    save_grids(two, [Grid({"grid_code": f"{COMMUNITY}002"}, wider)], reason="现场核对")
    assert registered(two)[1].shape.bounds[2] == pytest.approx(120.575)
    further = shapely.box(120.56, 31.33, 120.58, 31.35)
    sender("governance").send("delta", grid=[row(2, further, op="upsert")], at="2026-11-02T08:00:00+08:00")
    assert registered(two)[1].shape.bounds[2] == pytest.approx(120.58)


def test_a_split_keeps_the_larger_part_and_addresses_follow(two: Workspace):
    before = state(two)
    new = next_code(two, COMMUNITY)
    assert new == f"{COMMUNITY}003"
    line = shapely.LineString([(120.556, 31.32), (120.556, 31.36)])
    result = split_grid(two, f"{COMMUNITY}001", line, new_code=new, new_name="富强3格", reason="户数过多")
    assert (result.new, result.changed, result.addresses) == (1, 1, 1)
    held = {grid.code: grid for grid in registered(two)}
    assert held[f"{COMMUNITY}001"].shape.area > held[new].shape.area
    assert held[new].values["name"] == "富强3格" and held[new].values["maintainer"] == "G001"
    assert [grid_of(two, n) for n in (1, 2, 3)] == [f"{COMMUNITY}001", new, f"{COMMUNITY}002"]
    assert check_grids(two, registered(two)).sound
    with two.store.read() as connection:
        reason = connection.execute(
            select(change_set.c.reason).where(change_set.c.id == result.change_set)
        ).scalar()
    assert reason is not None and "户数过多" in reason and new in reason
    undo(two, result.change_set)
    assert state(two) == before


def test_merging_retires_the_others_and_takes_their_addresses_along(two: Workspace):
    before = state(two)
    result = merge_grids(two, [f"{COMMUNITY}001", f"{COMMUNITY}002"], reason="合并")
    assert (result.changed, result.retired, result.addresses) == (1, 1, 2)
    (one,) = registered(two)
    assert one.values["households"] == 800 and one.shape.area == pytest.approx(WEST.area + EAST.area)
    assert {grid_of(two, n) for n in (1, 2, 3, 4)} == {f"{COMMUNITY}001"}
    undo(two, result.change_set)
    assert state(two) == before


def test_what_nobody_could_work_with_is_refused_and_changes_nothing(two: Workspace):
    before = state(two)
    first = f"{COMMUNITY}001"
    bow = shapely.Polygon([(120.55, 31.33), (120.56, 31.35), (120.56, 31.33), (120.55, 31.35)])
    beside, short = (
        shapely.LineString([(1, 1), (2, 2)]),
        shapely.LineString([(120.552, 31.34), (120.558, 31.34)]),
    )
    new = {"new_code": f"{COMMUNITY}003", "new_name": "x", "reason": "r"}
    for act in (
        lambda: save_grids(two, [Grid({"grid_code": first}, bow)], reason="r"),
        lambda: save_grids(two, [Grid({"grid_code": first}, EAST)], reason="  "),
        lambda: save_grids(two, [Grid({"grid_code": "NEW"}, EAST)], reason="r"),
        lambda: save_grids(two, [Grid({"grid_code": first, "cycle_days": "often"}, EAST)], reason="r"),
        lambda: split_grid(two, first, beside, **new),
        lambda: split_grid(two, first, short, **new),
        lambda: split_grid(two, "nowhere", short, **new),
        lambda: merge_grids(two, [first], reason="r"),
        lambda: merge_grids(two, [first, f"{COMMUNITY}002"], reason=""),
    ):
        with pytest.raises(GridEditRefused):
            act()
    officer = Workspace(two.store, Actor("officer", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        merge_grids(officer, [first, f"{COMMUNITY}002"], reason="r")
    assert state(two) == before


def test_grids_that_do_not_touch_cannot_be_one(two: Workspace):
    save_grids(
        two, [Grid({"grid_code": f"{COMMUNITY}002"}, shapely.box(120.561, 31.33, 120.57, 31.35))], reason="r"
    )
    with pytest.raises(GridEditRefused, match="touch"):
        merge_grids(two, [f"{COMMUNITY}001", f"{COMMUNITY}002"], reason="r")


def test_addresses_in_no_grid_or_in_two_are_counted(two: Workspace):
    wide = Grid({"grid_code": "X"}, shapely.box(120.557, 31.33, 120.564, 31.35))
    found = check_grids(two, [Grid({"grid_code": "A"}, WEST), wide])
    assert (found.addresses_in_none, found.addresses_in_one, found.addresses_in_several) == (1, 1, 1)
    assert [one.kind for one in found.problems] == ["overlap"] and not found.sound


def test_files_that_hold_no_grids_are_named(tmp_path: Path):
    bad = {
        "a.geojson": {}, "b.geojson": [], "c.geojson": {"features": [{"geometry": None, "properties": {}}]},
        "d.geojson": {"features": [feature(shapely.Point(1, 2), grid_code="G")]},
        "e.geojson": {"features": 2 * [feature(WEST, grid_code="G")]},
        "f.geojson": {"features": [feature(WEST, name="G")]},
    }  # fmt: skip
    for name, text in bad.items():
        (tmp_path / name).write_text(json.dumps(text), encoding="utf-8")
        with pytest.raises(GeoFileUnusable):
            read_file(tmp_path / name)
    with pytest.raises(FormatUnknown):
        read_file(tmp_path / "grids.shp")


def test_the_commands(embedded: Workspace, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    store = ["--store", str(tmp_path / "gridlink.db")]
    shapes = {1: WEST, 2: shapely.box(120.56005, 31.33, 120.57, 31.35)}
    features = [feature(s, **bare(row(n, s))) for n, s in shapes.items()]
    file = tmp_path / "in.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    assert main([*store, "grid", "import", str(file), "--reason", "初次划格", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 2
    assert main([*store, "grid", "export", str(tmp_path / "out.gpkg"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grids"] == 2
    assert main([*store, "grid", "check", str(tmp_path / "out.gpkg"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["gaps"], answer["overlaps"], answer["sound"]) == (1, 0, False)
    assert answer["addresses"] == {"none": 0, "one": 0, "several": 0}
