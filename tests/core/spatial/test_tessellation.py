"""Grids that should cover the land once and only once: every way in which they do not is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from core.spatial.tessellation import counts_around, problems

M_LON, M_LAT = 95_300.0, 111_000.0


def box(west: float, south: float, east: float, north: float):
    """A box in metres from a place in Gusu, as degrees."""
    return shapely.box(120.6 + west / M_LON, 31.3 + south / M_LAT, 120.6 + east / M_LON, 31.3 + north / M_LAT)


FOUR = [box(0, 0, 100, 100), box(100, 0, 200, 100), box(0, 100, 100, 200), box(100, 100, 200, 200)]
CODES = ["A", "B", "C", "D"]


def found(shapes, kinds=None):
    return problems(CODES[: len(shapes)], kinds or ["governance"] * len(shapes), shapes)


def test_grids_that_share_their_borders_have_nothing_wrong():
    assert found(FOUR) == []


def test_an_overlap_names_both_its_area_and_its_place():
    (one,) = found([FOUR[0], box(90, 0, 200, 100), *FOUR[2:]])
    assert (one.kind, one.grids) == ("overlap", ("A", "B")) and one.area_m2 == pytest.approx(1000, abs=2)
    assert abs(one.lon - (120.6 + 95 / M_LON)) < 1e-5


def test_grids_of_different_kinds_may_lie_on_each_other():
    assert found([FOUR[0], FOUR[0]], ["governance", "police"]) == []


def test_an_injected_sliver_is_found():
    """F3: half a metre wide, open to the outside at one end, between two grids."""
    (one,) = found([FOUR[0], box(100.5, 0, 200, 100), *FOUR[2:]])
    assert one.kind == "gap" and {"A", "B"} <= set(one.grids) and one.area_m2 == pytest.approx(50, abs=3)


def test_a_hole_between_grids_is_found():
    middle = box(80, 80, 120, 120)
    (one,) = found([shape.difference(middle) for shape in FOUR])
    assert (
        one.kind == "gap" and one.grids == ("A", "B", "C", "D") and one.area_m2 == pytest.approx(1600, abs=2)
    )


def test_a_bay_in_the_outer_border_is_no_gap():
    assert found([FOUR[0].difference(box(0, 40, 30, 44)), *FOUR[1:]]) == []


def test_a_border_that_crosses_itself_is_broken():
    bow = shapely.Polygon([(120.6, 31.3), (120.601, 31.301), (120.601, 31.3), (120.6, 31.301)])
    assert [one.kind for one in found([bow])] == ["broken"]


def test_a_position_on_a_shared_border_lies_in_one_grid():
    lon = 120.6 + np.array([50, 100, 100, 150, 300]) / M_LON
    lat = 31.3 + np.array([50, 50, 100, 150, 50]) / M_LAT
    assert counts_around(FOUR, lon, lat).tolist() == [1, 1, 1, 1, 0]
    assert counts_around([FOUR[0], box(40, 40, 60, 60)], lon[:1], lat[:1]).tolist() == [2]
    assert counts_around([], lon, lat).tolist() == [0] * 5
