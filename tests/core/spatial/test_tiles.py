"""Tiles: nothing is lost between zooms, little crosses to the page, small counts of people stay away."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st

from core.spatial.tiles import FARTHEST, MOST, NEAREST, PointIndex, View

EVERYWHERE = (120.0, 31.0, 121.0, 32.0)


def points(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.arange(1, count + 1), rng.uniform(120.5, 120.7, count), rng.uniform(31.2, 31.4, count)


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 3000), seed=st.integers(0, 99), zoom=st.integers(FARTHEST - 2, NEAREST + 2))
def test_at_every_zoom_the_counts_add_up_to_the_points_in_view(count: int, seed: int, zoom: int):
    index = PointIndex(*points(count, seed))
    assert int(index.features(View(*EVERYWHERE, zoom)).count.sum()) == count


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), zoom=st.integers(FARTHEST, NEAREST + 2), west=st.floats(120.5, 120.68))
def test_a_view_never_shows_what_lies_outside_it(seed: int, zoom: int, west: float):
    view = View(west, 31.25, west + 0.02, 31.3, zoom)
    shown = PointIndex(*points(2000, seed)).features(view)
    assert ((shown.lon >= view.west) & (shown.lon <= view.east)).all()
    assert ((shown.lat >= view.south) & (shown.lat <= view.north)).all()


def test_half_a_million_points_send_no_more_than_the_limit():
    index = PointIndex(*points(500_000, 1))
    for zoom in range(FARTHEST, NEAREST + 2):
        width = 360 / 2**zoom * 6  # six map tiles across, as a large screen shows
        shown = index.features(
            View(120.6 - width / 2, 31.3 - width / 3, 120.6 + width / 2, 31.3 + width / 3, zoom)
        )
        assert len(shown.count) <= MOST, zoom


def test_a_single_point_can_be_opened_and_a_cell_cannot():
    ids, lon, lat = np.array([7, 8, 9]), np.array([120.6, 120.65, 120.65]), np.array([31.3, 31.35, 31.35])
    columns = PointIndex(ids, lon, lat).features(View(*EVERYWHERE, 14)).as_columns()
    assert sorted(columns["id"]) == ["", "7"] and sorted(columns["count"].tolist()) == [1, 2]


def test_fewer_people_than_the_limit_are_never_shown_at_any_zoom():
    ids, lon, lat = np.array([1, 2, 3]), np.array([120.6, 120.62, 120.64]), np.array([31.3, 31.32, 31.34])
    index = PointIndex(ids, lon, lat, np.array([2, 3, 1]), least=3)
    for zoom in range(FARTHEST, NEAREST + 3):
        assert all(index.features(View(*EVERYWHERE, zoom)).count >= 3)
    z, x, y = 18, int((120.6 + 180) / 360 * 2**18), 0
    assert all(len(index.tile(z, x, row).id) == 0 for row in (y, 107_000))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), z=st.integers(9, 20))
def test_the_tiles_of_a_zoom_share_the_points_among_them(seed: int, z: int):
    ids, lon, lat = points(400, seed)
    lon, lat = 120.6 + (lon - 120.6) / 50, 31.3 + (lat - 31.3) / 50
    index = PointIndex(ids, lon, lat)
    side, rows = 1 << z, (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    tiles = {(int(a), int(b)) for a, b in zip((lon + 180) / 360 * side, rows * side, strict=True)}
    assert sum(int(index.tile(z, x, y).count.sum()) for x, y in tiles) == 400


def test_points_at_one_spot_are_one_site_whose_points_can_be_listed():
    ids, lon, lat = np.array([7, 8, 9]), np.array([120.6, 120.6, 120.6001]), np.array([31.3, 31.3, 31.3])
    index = PointIndex(ids, lon, lat)
    near = index.features(View(*EVERYWHERE, 20))
    assert sorted(near.count.tolist()) == [1, 2]
    assert sorted(index.at(120.6, 31.3).tolist()) == [7, 8] and index.at(120.7, 31.3).tolist() == []


def test_a_box_holds_exactly_its_points():
    ids, lon, lat = points(2000, 4)
    index = PointIndex(ids, lon, lat)
    inside = (lon >= 120.55) & (lon <= 120.6) & (lat >= 31.25) & (lat <= 31.33)
    assert sorted(index.ids[index.within(120.55, 31.25, 120.6, 31.33)].tolist()) == ids[inside].tolist()


def test_the_bytes_for_the_page_hold_the_columns():
    found = PointIndex(np.array([-(2**62)]), np.array([120.6]), np.array([31.3])).features(
        View(*EVERYWHERE, 12)
    )
    content = found.as_bytes()
    assert np.frombuffer(content[:16], "<i4").tolist() == [1, 1_206_000_000, 313_000_000, 1]
    assert np.frombuffer(content[16:], "<i8").tolist() == [-(2**62)]


def test_an_index_of_nothing_answers_with_nothing():
    index = PointIndex(*(np.zeros(0, kind) for kind in (np.int64, float, float)))
    assert len(index.features(View(*EVERYWHERE, 18)).id) == len(index.tile(14, 1, 1).id) == index.total == 0


def test_positions_at_the_edge_of_the_world_break_nothing():
    lon, lat = np.array([180.0, -180.0, 0.0]), np.array([90.0, -90.0, 85.1])
    index = PointIndex(np.array([1, 2, 3]), lon, lat)
    assert int(index.features(View(-180, -90, 180, 90, 10)).count.sum()) == 3
