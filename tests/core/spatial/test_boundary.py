"""The outline of the district."""

import numpy as np
import shapely

from core.spatial.boundary import Outline, district_outline, division_names


def test_the_outline_holds_its_middle_and_not_its_neighbours():
    lon = np.array([120.6196, 120.45, 31.2994, 0.0])
    lat = np.array([31.2994, 31.30, 120.6196, 0.0])
    assert district_outline().contains(lon, lat).tolist() == [True, False, False, False]


def test_the_outline_has_the_area_of_the_district():
    metric = shapely.transform(
        district_outline().geometry,
        lambda c: (c - [120.6, 31.3]) * [111_320 * np.cos(np.radians(31.3)), 110_870],
    )
    assert abs(metric.area / 1e6 - 83.42) < 0.5


def test_the_bounding_box_is_the_one_that_was_given():
    west, south, east, north = district_outline().bounds
    assert 120.50 < west < east < 120.68
    assert 31.23 < south < north < 31.40


def test_contains_agrees_with_asking_point_by_point():
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(120.5, 120.68, 300), rng.uniform(31.23, 31.4, 300)
    shape = district_outline().geometry
    one_by_one = [shape.contains(shapely.Point(x, y)) for x, y in zip(lon, lat, strict=True)]
    assert district_outline().contains(lon, lat).tolist() == one_by_one


def test_a_hole_is_outside():
    ring = Outline(shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2)))
    assert ring.contains(np.array([0.5, 1.5]), np.array([0.5, 1.5])).tolist() == [True, False]


def test_every_division_has_its_name():
    names = division_names()
    assert len(names) == 180
    assert names["320508018000"] == "平江街道"
