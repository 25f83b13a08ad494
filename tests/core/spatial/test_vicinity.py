"""What lies around a record, for the small map of its file."""

import json

import pytest

from core.model.registry import entity_id
from core.spatial.vicinity import vicinity
from tests.core.rows import begin, put

RING = [[120.61, 31.30], [120.63, 31.30], [120.63, 31.32], [120.61, 31.32], [120.61, 31.30]]


@pytest.fixture
def placed(workspace):
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [
            {"grid_code": "G1", "geometry": json.dumps({"type": "Polygon", "coordinates": [RING]})}
        ])  # fmt: skip
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "grid_code": "G1", "lon": 120.62 + n / 1e4, "lat": 31.31, "crs": crs}
            for n, crs in ((1, "EPSG:4490"), (2, "GCJ-02"))
        ])  # fmt: skip
        put(connection, "address", change, [{"address_code": "A00000000009"}])
        put(connection, "house", change, [{"house_code": "H001"}])
        put(connection, "person", change, [{"person_token": "a" * 64}])
        put(connection, "place", change, [
            {"place_no": "P1", "kind": "park", "name": "公园", "lon": 120.625, "lat": 31.315, "crs": "EPSG:4490"}
        ])  # fmt: skip
    return workspace


def test_an_address_has_its_grid_and_its_neighbours_around_it_in_one_system(placed):
    around = vicinity(placed, "address", entity_id("A00000000001"))
    assert around.place == pytest.approx((120.6201, 31.31)) and around.grid == "一号网格"
    assert [len(ring) for ring in around.rings] == [5]
    own, other = sorted(around.neighbours, key=lambda point: abs(point[0] - 120.6201))
    assert own == pytest.approx((120.6201, 31.31)) and 0.002 < abs(other[0] - 120.6202) < 0.01


@pytest.mark.parametrize(("resource", "key"), [("house", "H001"), ("person", "a" * 64 + ":H001")])
def test_what_stands_at_an_address_lies_where_the_address_lies(placed, resource, key):
    assert vicinity(placed, resource, entity_id(key)).place == pytest.approx((120.6201, 31.31))


def test_a_place_lies_where_it_says_itself_even_outside_every_grid(placed):
    around = vicinity(placed, "place", entity_id("P1"))
    assert around.place == pytest.approx((120.625, 31.315)) and around.grid == "" and not around.neighbours


def test_what_has_no_place_has_no_vicinity(placed):
    assert vicinity(placed, "address", entity_id("A00000000009")) is None
    assert vicinity(placed, "address", 12345) is None
