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
        shown = index.features(View(120.6 - width / 2, 31.3 - width / 3, 120.6 + width / 2, 31.3 + width / 3, zoom))
        assert len(shown.count) <= MOST, zoom


def test_a_single_point_can_be_opened_and_a_cell_cannot():
    ids, lon, lat = np.array([7, 8, 9]), np.array([120.6, 120.65, 120.65]), np.array([31.3, 31.35, 31.35])
    columns = PointIndex(ids, lon, lat).features(View(*EVERYWHERE, 14)).as_columns()
    assert sorted(columns["id"]) == ["", "7"] and sorted(columns["count"].tolist()) == [1, 2]


def test_fewer_people_than_the_limit_are_never_shown_and_no_person_can_be_opened():
    ids, lon, lat = np.array([1, 2, 3]), np.array([120.6, 120.62, 120.64]), np.array([31.3, 31.32, 31.34])
    index = PointIndex(ids, lon, lat, np.array([2, 3, 1]), least=3)
    for zoom in range(FARTHEST, NEAREST + 3):
        columns = index.features(View(*EVERYWHERE, zoom)).as_columns()
        assert all(count >= 3 for count in columns["count"].tolist())
        assert set(columns["id"]) <= {""}
