import json

import pytest

from core.model.resources import RESOURCES
from core.packages import refusals
from core.packages.reader import open_package
from tests.core.packages.workshop import build, forge, refused, trust

SQUARE = {"type": "Polygon", "coordinates": [[[120.6, 31.3], [120.61, 31.3], [120.61, 31.31], [120.6, 31.3]]]}


def grid(geometry=SQUARE, **properties):
    own = {
        "grid_code": "320508017003001", "name": "第一网格", "kind": "governance", "community_code": "320508017003",
        "maintainer": "G01", "cycle_days": 30, "source": "community", "collected_at": "2026-11-20T08:00:00+08:00",
        "collector": "C001",
    }  # fmt: skip
    return {"type": "Feature", "geometry": geometry, "properties": own | properties}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def put(tmp_path, content):
    """A package whose grid file is ``content``, right or wrong."""
    path = build(tmp_path / "p.zip", {"grid": collection(grid())}).path
    return forge(path, files={"data/grid.geojson": content})


def test_grids_become_rows_like_any_other(tmp_path):
    opened = open_package(
        put(tmp_path, collection(grid(), grid(grid_code="320508017003002", cycle_days=15))), trust()
    )
    frame = opened.frame("grid")
    assert opened.rows == {"grid": 2}
    assert frame.columns == ["line", *RESOURCES["grid"].header("snapshot")]
    assert frame["line"].to_list() == [2, 3]
    assert frame["cycle_days"].to_list() == ["30", "15"]
    assert frame["households"].to_list() == [None, None]
    assert json.loads(frame["geometry"][0]) == SQUARE
    assert " " not in frame["geometry"][0]


def test_a_byte_order_mark_is_tolerated(tmp_path):
    assert (
        open_package(put(tmp_path, b"\xef\xbb\xbf" + collection(grid())), trust()).frame("grid").height == 1
    )


def test_no_grids_are_a_valid_message(tmp_path):
    built = build(tmp_path / "p.zip", {"grid": collection()})
    opened = open_package(built.path, trust())
    assert opened.rows == {"grid": 0} and opened.frame("grid").height == 0


def test_a_property_that_no_grid_has_is_missed_by_name(tmp_path):
    feature = grid()
    del feature["properties"]["maintainer"]
    path = build(tmp_path / "p.zip", {"grid": collection(feature)}).path
    refused(path, refusals.ColumnMissing, resource="grid", column="maintainer")


def test_a_property_that_one_grid_lacks_is_for_verification_to_find(tmp_path):
    feature = grid()
    del feature["properties"]["maintainer"]
    opened = open_package(put(tmp_path, collection(grid(), feature)), trust())
    assert opened.frame("grid")["maintainer"].to_list() == ["G01", None]


def test_an_undeclared_property_is_refused(tmp_path):
    refused(put(tmp_path, collection(grid(colour="red"))), refusals.HeaderDiffers, path="data/grid.geojson")


def test_a_grid_without_geometry_is_for_verification_to_find(tmp_path):
    opened = open_package(put(tmp_path, collection(grid(geometry=None), grid())), trust())
    assert opened.frame("grid")["geometry"].null_count() == 1


MALFORMED = [
    (b"", "1"), (b"{", "1"), (b"[]", "FeatureCollection"), (b"{}", "FeatureCollection"), (b"[" * 100_000, "1"),
    (b'{"type":"FeatureCollection"}', "features"), (b'{"type":"FeatureCollection","features":{}}', "features"),
    (collection(1), "1"), (collection({"type": "Feature"}), "1"), (collection(grid(), {"type": "Point"}), "2"),
    (collection(grid(), grid({"type": "Point", "coordinates": [1, 2]})), "2"), (collection(grid("here")), "1"),
    (collection(grid(geometry_={})).replace(b"geometry_", b"geometry"), "1"),
    (collection(grid(name="a\x00b")), "NUL"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), MALFORMED)
def test_what_is_no_collection_of_areas_is_refused(tmp_path, content, said):
    assert (
        said in refused(put(tmp_path, content), refusals.GeoJsonMalformed, path="data/grid.geojson").message
    )


def test_gbk_is_refused_as_such(tmp_path):
    content = collection(grid()).decode().encode("gbk")
    refused(put(tmp_path, content), refusals.NotUtf8, path="data/grid.geojson", line=1)
