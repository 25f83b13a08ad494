"""Coordinates: the standard's points, round trips, unknown systems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spatial.boundary import district_outline
from core.spatial.coordinates import from_wgs84, to_wgs84

HERE = np.array([120.6196]), np.array([31.2994])
SYSTEMS = ("EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09")


@pytest.mark.parametrize(
    ("crs", "lon", "lat"), [("GCJ-02", 120.623777, 31.297222), ("BD-09", 120.630229, 31.303333)]
)
def test_the_known_point_lies_where_the_shifted_systems_say(crs: str, lon: float, lat: float):
    east, north = from_wgs84(*HERE, crs)
    assert east[0] == pytest.approx(lon, abs=1e-6) and north[0] == pytest.approx(lat, abs=1e-6)


@given(st.floats(120.4, 120.8), st.floats(31.1, 31.5), st.sampled_from(SYSTEMS))
def test_every_point_comes_back_from_every_system(lon: float, lat: float, crs: str):
    there = from_wgs84(np.array([lon]), np.array([lat]), crs)
    back = to_wgs84(*there, crs)
    assert abs(back[0][0] - lon) < 1e-9 and abs(back[1][0] - lat) < 1e-9


def test_an_unknown_system_is_an_error_and_not_a_guess():
    with pytest.raises(ValueError, match="XIAN80"):
        to_wgs84(*HERE, "XIAN80")


def test_the_outline_knows_inside_from_outside():
    inside = district_outline().contains(np.array([120.6196, 120.9, 31.3]), np.array([31.2994, 31.3, 120.6]))
    assert inside.tolist() == [True, False, False]
