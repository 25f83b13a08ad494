"""Coordinates between WGS-84, GCJ-02 and BD-09."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from core.spatial.coordinates import from_wgs84, to_wgs84

SYSTEMS = ["EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09"]
WGS = (120.6196, 31.2994)
IN_CHINA = st.tuples(st.floats(73.5, 134.5), st.floats(18.2, 53.4))
ANYWHERE = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def pair(place):
    return np.array([place[0]]), np.array([place[1]])


@pytest.mark.parametrize(
    ("crs", "expected"),
    [
        ("GCJ-02", (120.623777, 31.297222)),
        ("BD-09", (120.630229, 31.303333)),
        ("EPSG:4490", WGS),
        ("EPSG:4326", WGS),
    ],
)
def test_the_test_point_of_the_standards_is_where_it_should_be(crs, expected):
    assert np.allclose(np.ravel(from_wgs84(*pair(WGS), crs)), expected, rtol=0, atol=1e-6)
    assert np.allclose(np.ravel(to_wgs84(*pair(expected), crs)), WGS, rtol=0, atol=1e-6)


@given(IN_CHINA, st.sampled_from(SYSTEMS))
def test_there_and_back_is_the_same_place(place, crs):
    there = from_wgs84(*pair(place), crs)
    assert np.abs(np.ravel(to_wgs84(*there, crs)) - place).max() < 1e-9


@given(IN_CHINA)
def test_the_shift_of_gcj02_is_some_hundred_metres(place):
    lon, lat = (float(v[0]) for v in from_wgs84(*pair(place), "GCJ-02"))
    metres = np.hypot((lon - place[0]) * 111_320 * np.cos(np.radians(place[1])), (lat - place[1]) * 111_320)
    assert 10 < metres < 1200


@given(ANYWHERE, st.sampled_from(SYSTEMS))
def test_no_position_on_earth_breaks_it(place, crs):
    for convert in (to_wgs84, from_wgs84):
        assert np.abs(np.ravel(convert(*pair(place), crs)) - place).max() < 0.05


def test_many_points_are_converted_as_each_alone():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(120.5, 120.7, 500), rng.uniform(31.2, 31.4, 500)
    together = to_wgs84(lon, lat, "BD-09")
    alone = [to_wgs84(lon[i : i + 1], lat[i : i + 1], "BD-09") for i in range(500)]
    assert np.array_equal(together, np.array(alone)[:, :, 0].T)


def test_the_points_given_are_left_as_they_were():
    lon, lat = pair(WGS)
    to_wgs84(lon, lat, "BD-09")
    assert (lon[0], lat[0]) == WGS


@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_an_unknown_system_is_an_error(convert):
    with pytest.raises(ValueError, match="EPSG:3857"):
        convert(*pair(WGS), "EPSG:3857")
