"""Putting addresses on the map: proposals from the neighbours, confirmed one by one, each undoable."""

from __future__ import annotations

import json

import pytest

from core.atlas.placing import PlaceRefused, place, propose, unplaced
from core.atlas.selecting import position
from core.cli.main import main
from core.model.registry import entity_id
from core.registry.digest import digest
from core.registry.undo import undo
from core.security.workspace import Workspace
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address
from tests.core.rows import begin, put


def door(number: int, plate: str, at: tuple[float, float] | None = None, **changes: str) -> dict[str, str]:
    place = (
        {"lon": str(at[0]), "lat": str(at[1]), "crs": "EPSG:4490"}
        if at
        else {"lon": "", "lat": "", "crs": ""}
    )
    return address(number, road="富强路", doorplate=plate, **(place | changes))


def entity(number: int) -> int:
    return entity_id(f"32050801700300{number:06d}")


@pytest.fixture
def road(workspace: Workspace, sender) -> Workspace:
    sender("bureau").send(address=[
        door(1, "10号", (120.560, 31.340)), door(2, "20号", (120.570, 31.340)), door(3, "13号", (120.565, 31.341)),
        door(4, "14号"), door(5, "30号"), door(6, "20号", building="2幢"), door(7, "10号"), address(8, road="无名路"),
    ])  # fmt: skip
    return workspace


def test_a_place_is_proposed_from_the_neighbours_on_the_same_side_of_the_road(road: Workspace):
    between = propose(road, entity(4))
    assert between is not None and (between.lon, between.lat) == pytest.approx((120.564, 31.340))
    assert (
        list(between.neighbours) == [entity(1), entity(2)]
        and "10号" in between.basis
        and "20号" in between.basis
    )
    beyond, same = propose(road, entity(5)), propose(road, entity(7))
    assert beyond is not None and beyond.lon == 120.570
    assert same is not None and same.lon == 120.560 and list(same.neighbours) == [entity(1)]
    assert propose(road, entity(8)) is None and propose(road, 5) is None


def test_the_queue_goes_road_by_road_and_shrinks_with_each_confirmation(road: Workspace):
    with road.store.read() as connection:
        before = digest(connection)
    total, rows = unplaced(road)
    assert total == 5 and [row.entity for row in rows][-1] in {entity(n) for n in (4, 5, 6, 7, 8)}
    assert unplaced(road, community="320508017001")[0] == 0
    number = place(road, entity(4), 120.5641, 31.3401, reason="现场核对")
    assert position(road, "address", entity(4)) == pytest.approx((120.5641, 31.3401))
    assert unplaced(road)[0] == 4
    with pytest.raises(PlaceRefused, match="somebody"):
        place(road, entity(4), 120.5641, 31.3401, reason="again")
    undo(road, number)
    with road.store.read() as connection:
        assert digest(connection) == before
    assert unplaced(road)[0] == 5


def test_a_place_outside_the_district_or_without_a_reason_is_refused(road: Workspace):
    for lon, lat, reason in (
        (121.5, 31.2, "r"),
        (120.56, 31.34, " "),
        (31.34, 120.56, "r"),
        (float("nan"), 31.3, "r"),
    ):
        with pytest.raises(PlaceRefused):
            place(road, entity(4), lon, lat, reason=reason)
    with pytest.raises(PlaceRefused):
        place(road, 12345, 120.56, 31.34, reason="no such address")
    assert unplaced(road)[0] == 5


def test_the_commands_list_and_place(embedded: Workspace, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    with embedded.store.write() as connection:
        change = begin(connection)
        rows = [{"address_code": f"A{n:011d}", "road": "平江路", "doorplate": f"{n}号"} for n in (1, 2)]
        put(
            connection,
            "address",
            change,
            [rows[0] | {"lon": 120.63, "lat": 31.31, "crs": "EPSG:4490"}, rows[1]],
        )
    store = ["--store", str(tmp_path / "gridlink.db")]
    assert main([*store, "unplaced", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["total"] == 1 and answer["rows"][0]["proposal"]["lon"] == pytest.approx(120.63)
    code = answer["rows"][0]["address_code"]
    assert main([*store, "place", code, "120.631", "31.311", "--reason", "现场", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["change_set"] == change + 1
    assert main([*store, "place", "nowhere", "120.631", "31.311", "--reason", "现场", "--json"]) == 1
