"""The atlas: layers that follow the registry, people as counts, what is to be done, figures by area."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely

from core.atlas import areas, selecting
from core.atlas.atlas import Atlas, newest
from core.atlas.choropleth import DEFINITIONS, choropleth
from core.atlas.selecting import ShapeUnusable, inside, listed, position
from core.cli.main import main
from core.model.registry import entity_id
from core.registry import changes
from core.registry.deciding import decide
from core.registry.undo import undo
from core.security.workspace import Actor, NotPermitted, Workspace
from core.spatial.tiles import View
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address, house, person
from tests.core.rows import begin, put

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
COMMUNITY = "320508017003"


def ring(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


BOX = ring(120.55, 31.33, 120.58, 31.36)


def placed(number: int, **changes: str) -> dict[str, str]:
    lon, lat = f"{120.56 + number / 10000:.5f}", "31.345"
    return address(number, lon=lon, lat=lat, crs="EPSG:4490", grid_code=f"{COMMUNITY}001") | changes


def grid(code: str = f"{COMMUNITY}001", kind: str = "governance", **changes: str) -> dict[str, str]:
    return {
        "grid_code": code, "name": "富强一格", "kind": kind, "community_code": COMMUNITY, "maintainer": "G001",
        "cycle_days": "30", "households": "3", "geometry": json.dumps(BOX),
    } | changes  # fmt: skip


def fresh(atlas: Atlas) -> dict[str, tuple[list[int], list[int]]]:
    """Ids and weights of every layer, in the order of the ids."""
    made = {}
    for name, layer in atlas.layers.items():
        order = np.argsort(layer.index.ids)
        made[name] = (layer.index.ids[order].tolist(), layer.index.weight[order].tolist())
    return made


def anew(workspace: Workspace) -> dict[str, tuple[list[int], list[int]]]:
    atlas = Atlas()
    atlas.refresh(workspace)
    return fresh(atlas)


@pytest.fixture
def late(workspace: Workspace) -> Workspace:
    return Workspace(workspace.store, workspace.actor, lambda: NOW)


def edit(workspace: Workspace, number: int, lon: float | None, lat: float | None) -> int:
    rows = pl.DataFrame(
        {
            "entity": [entity_id(f"32050801700300{number:06d}")],
            "lon": [lon],
            "lat": [lat],
            "crs": ["EPSG:4490"],
        }
    )
    with workspace.store.write() as connection:
        change = changes.begin(connection, workspace, "edit", "moved")
        decide(connection, workspace, change, "address", rows, kind="edit", reason="moved")
        changes.finish(connection, workspace, change, action="address.place", subject="", counts={})
    return change


def test_layers_follow_imports_edits_and_undo_without_reading_everything(late: Workspace, sender):
    bureau, community = sender("bureau"), sender("community")
    atlas = Atlas()
    assert atlas.refresh(late) and atlas.layers["address"].total == 0
    bureau.send(grid=[grid()], address=[placed(n) for n in range(1, 6)] + [address(9)])
    community.send(
        house=[house(n) for n in (1, 2)], person=[person(n, house_code="H-000001") for n in range(1, 5)]
    )
    atlas.refresh(late)
    assert fresh(atlas) == anew(late) and newest(late) == atlas.last
    assert atlas.layers["address"].placed == 5 and atlas.layers["address"].total == 6
    moved = edit(late, 9, 120.57, 31.34)
    edit(late, 1, 120.579, 31.359)
    changed = atlas.refresh(late)
    assert "person" in changed and atlas.layers["address"].placed == 6 and fresh(atlas) == anew(late)
    at = atlas.layers["person"].index
    assert (round(float(at.lon[0]), 3), at.weight.tolist()) == (
        120.579,
        [4],
    )  # they live where the address is
    undo(late, atlas.last)
    undo(late, moved)
    atlas.refresh(late)
    assert atlas.layers["address"].placed == 5 and fresh(atlas) == anew(late)
    retired = community.send("delta", house=[house(2, op="retire")])
    atlas.refresh(late)
    assert atlas.layers["house"].total == 1 and fresh(atlas) == anew(late)
    undo(late, retired.change_set)
    atlas.refresh(late)
    assert atlas.layers["house"].total == 2 and fresh(atlas) == anew(late)


def test_an_undone_edit_of_an_edited_row_comes_back_as_it_was_before(late: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(1)])
    atlas = Atlas()
    atlas.refresh(late)
    first, second = edit(late, 1, 120.57, 31.34), edit(late, 1, None, None)
    atlas.refresh(late)
    assert atlas.layers["address"].placed == 0
    undo(late, second)
    atlas.refresh(late)
    assert atlas.layers["address"].index.lon.tolist() == [120.57]
    undo(late, first)
    atlas.refresh(late)
    assert atlas.layers["address"].index.lon.tolist() == [120.5601] and fresh(atlas) == anew(late)


def test_people_are_counts_at_addresses_and_few_are_not_shown(late: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(1), placed(2)])
    people = [person(n, house_code="H-000001") for n in range(1, 5)] + [person(9, house_code="H-000002")]
    sender("community").send(house=[house(1), house(2)], person=people)
    atlas = Atlas(["person"])
    atlas.refresh(late)
    layer = atlas.layers["person"]
    shown = layer.index.features(View(120, 31, 121, 32, 18))
    assert shown.count.tolist() == [4] and layer.opens == "address"
    assert shown.id.tolist() == [entity_id("32050801700300000001")]
    everywhere = inside(late, atlas, ["person"], shapely.box(120.5602 - 1e-5, 31, 121, 32))
    assert everywhere[0].count is None and everywhere[0].ids == []


def test_what_is_overdue_counts_at_its_address_and_grows_with_the_day(workspace: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(1)], at="2026-11-01T08:00:00+08:00")
    sender("community").send(house=[house(1)], at="2026-11-19T08:00:00+08:00")
    clock = [NOW]
    here = Workspace(workspace.store, workspace.actor, lambda: clock[0])
    atlas = Atlas()
    atlas.refresh(here)
    assert atlas.layers["overdue"].total == 0
    clock[0] = NOW + timedelta(days=15)
    assert "overdue" in atlas.refresh(here) and atlas.layers["overdue"].total == 1
    clock[0] = NOW + timedelta(days=40)
    atlas.refresh(here)
    assert atlas.layers["overdue"].index.weight.tolist() == [2]
    found = choropleth(here, atlas, areas.read_areas(here), "freshness", "grid")
    assert found.values == {f"{COMMUNITY}001": 0.0} and found.definition.unit == "%"


def test_findings_and_conflicts_stand_at_their_addresses_for_those_who_may_see_them(late: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(1)])
    sender("community").send(house=[house(1, area_m2="50")])
    sender("police").send(house=[house(1, area_m2="70")])
    atlas = Atlas()
    atlas.refresh(late)
    assert atlas.layers["conflicts"].index.ids.tolist() == [entity_id("32050801700300000001")]
    officer = Workspace(late.store, Actor("officer", frozenset({"officer"})), late.clock)
    theirs = Atlas()
    theirs.refresh(officer)
    assert "findings" not in theirs.layers and "overdue" in theirs.layers
    with pytest.raises(NotPermitted):
        Atlas().refresh(Workspace(late.store, Actor("x", frozenset({"security_administrator"})), late.clock))


def test_figures_by_area_say_what_they_are_and_hide_few_people(late: Workspace, sender):
    other = ring(120.58, 31.33, 120.6, 31.36)
    sender("bureau").send(
        grid=[grid(), grid(f"{COMMUNITY}002", geometry=json.dumps(other)), grid("P01", "police")],
        address=[
            placed(1),
            placed(2),
            address(3, grid_code=f"{COMMUNITY}002"),
            placed(4, grid_code=f"{COMMUNITY}002"),
        ],
    )
    people = [person(n, house_code="H-000001") for n in range(1, 5)] + [person(9, house_code="H-000004")]
    sender("community").send(house=[house(1), house(4)], person=people)
    atlas, shapes = Atlas(), areas.read_areas(late)
    atlas.refresh(late)
    assert {level: len(some) for level, some in shapes.items()} == {
        "district": 1, "grid": 2, "police": 1, "community": 1, "subdistrict": 1}  # fmt: skip
    density = choropleth(late, atlas, shapes, "density", "grid")
    assert density.values[f"{COMMUNITY}002"] is None and density.suppressed == {f"{COMMUNITY}002"}
    assert density.values[f"{COMMUNITY}001"] == pytest.approx(4 / shapes["grid"][0].km2, abs=0.1)
    coverage = choropleth(late, atlas, shapes, "coverage", "grid")
    assert not coverage.suppressed
    assert coverage.values == {f"{COMMUNITY}001": 100.0, f"{COMMUNITY}002": 50.0}
    assert (coverage.as_of, coverage.change_set, coverage.breaks) == (
        "2026-11-20",
        atlas.last,
        [60.0, 70.0, 80.0, 90.0, 100.0],
    )
    for statistic in DEFINITIONS:
        found = choropleth(late, atlas, shapes, statistic, "community")
        assert found.definition.unit and found.values.keys() == {COMMUNITY}
    assert choropleth(late, atlas, shapes, "hazards", "community").values[COMMUNITY] == 0


def test_a_box_lists_what_is_inside_and_looking_is_on_record(late: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(n) for n in range(1, 6)])
    sender("community").send(house=[house(1), house(2)])
    atlas = Atlas()
    atlas.refresh(late)
    shape = selecting.shape_of(ring(120.56, 31.34, 120.56025, 31.35))
    found = {one.layer: one for one in inside(late, atlas, ["address", "house", "thing"], shape)}
    assert found["address"].count == 2 and found["house"].count == 2 and "thing" not in found
    titles = [one.title for one in listed(late, atlas, "address", found["address"].ids)]
    assert titles == sorted(titles) and len(titles) == 2
    assert [one.resource for one in selecting.at_place(late, atlas, "house", 120.5601, 31.345)] == ["house"]
    for empty in (
        {"type": "Polygon", "coordinates": []},
        {"type": "Nothing"},
        {"type": "Point", "coordinates": [1, 2]},
    ):
        with pytest.raises(ShapeUnusable):
            selecting.shape_of(empty)


def test_a_record_is_where_it_or_its_address_is(late: Workspace, sender):
    sender("bureau").send(grid=[grid()], address=[placed(1), address(2)])
    sender("community").send(house=[house(1), house(2)], person=[person(1)])
    assert position(late, "house", entity_id("H-000001")) == pytest.approx((120.5601, 31.345))
    assert position(late, "person", entity_id(f"{1:064x}:H-000001")) == pytest.approx((120.5601, 31.345))
    assert position(late, "house", entity_id("H-000002")) is None and position(late, "address", 1) is None
    assert position(late, "grid", entity_id(f"{COMMUNITY}001")) == pytest.approx((120.565, 31.345), abs=0.02)
    assert position(late, "grid", 5) is None


def test_the_command_prints_one_tile(embedded: Workspace, tmp_path, monkeypatch, capsys):
    with embedded.store.write() as connection:
        change = begin(connection)
        put(
            connection,
            "address",
            change,
            [{"address_code": f"A{n:011d}", "lon": 120.6, "lat": 31.3, "crs": "EPSG:4490"} for n in range(3)],
        )
        put(connection, "grid", change, [{"grid_code": "G1", "geometry": json.dumps(BOX)}])
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    x = int((120.6 + 180) / 360 * 2**14)
    y = int((1 - np.arcsinh(np.tan(np.radians(31.3))) / np.pi) / 2 * 2**14)
    store = ["--store", str(tmp_path / "gridlink.db")]
    assert (
        main([*store, "tiles", "--layer", "address", "--z", "14", "--x", str(x), "--y", str(y), "--json"])
        == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["count"] == 3 and answer["features"][0]["count"] == 3 and answer["features"][0]["id"] == ""
    assert main([*store, "tiles", "--layer", "grid", "--z", "0", "--x", "0", "--y", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["features"][0]["properties"]["code"] == "G1"
    assert main([*store, "tiles", "--layer", "person", "--z", "0", "--x", "0", "--y", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["features"] == []
