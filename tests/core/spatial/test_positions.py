"""Single positions: published points, there and back, and text as people type it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from core.cli.main import main
from core.spatial.positions import PositionUnusable, convert, parse

WGS = (120.6196, 31.2994)
PUBLISHED = {
    "GCJ-02": (120.623777, 31.297222),
    "BD-09": (120.630229, 31.303333),
    "CGCS2000": WGS,
    "WGS84": WGS,
}


def metres(one, other):
    return float(np.hypot((one[0] - other[0]) * 95_300, (one[1] - other[1]) * 111_000))


@pytest.mark.parametrize("target", PUBLISHED)
def test_the_published_point_lies_within_a_metre_in_every_system(target):
    found = convert(*WGS, "WGS84", target)
    assert metres((found.lon, found.lat), PUBLISHED[target]) < 1


@pytest.mark.parametrize("source", PUBLISHED)
@pytest.mark.parametrize("target", [*PUBLISHED, "EPSG:4549", "EPSG:3857"])
@settings(max_examples=15, deadline=None)
@given(lon=st.floats(120.4, 120.8), lat=st.floats(31.1, 31.5))
def test_there_and_back_is_within_half_a_metre(source, target, lon, lat):
    there = convert(lon, lat, source, target)
    back = convert(there.lon, there.lat, target, source)
    assert metres((back.lon, back.lat), (lon, lat)) < 0.5


def test_a_metric_system_answers_in_metres_by_projs_reckoning():
    found = convert(120.0, 31.3, "CGCS2000", "EPSG:4549")
    assert found.unit == "metre" and abs(found.lon - 500_000) < 0.01 and 3_400_000 < found.lat < 3_500_000


@pytest.mark.parametrize(
    ("lon", "lat", "source"),
    [(31.3, 120.6, "WGS84"), (float("nan"), 31, "WGS84"), (200, 31, "GCJ-02"), (1e30, 1e30, "EPSG:4549")],
)
def test_what_is_no_position_is_refused(lon, lat, source):
    with pytest.raises(PositionUnusable):
        convert(lon, lat, source, "EPSG:4490")


@pytest.mark.parametrize("name", ["", "EPSG:1", "EPSG:5703", "mars", "EPSG:4326; drop"])
def test_an_unknown_system_is_named(name):
    with pytest.raises(PositionUnusable, match="unknown"):
        convert(*WGS, "WGS84", name)


@pytest.mark.parametrize(
    "text",
    [
        "120.62,31.31",
        " 120.62 , 31.31 ",
        "120.62 31.31",
        "120.62，31.31",
        "31.31,120.62",
        "N31.31 E120.62",
        "31.31°N, 120.62°E",
        "１２０．６２，３１．３１",
    ],
)
def test_people_may_type_a_position_in_any_of_these_ways(text):
    assert parse(text) == (120.62, 31.31)


@pytest.mark.parametrize("text", ["", "平江路58号", "120.62", "200,100", "12-3-1001", "1,2,3", "320508 017"])
def test_other_text_is_no_position(text):
    assert parse(text) is None


def test_the_command_answers_without_a_store(capsys):
    assert main(["coord", "120.6196", "31.2994", "--from", "WGS84", "--to", "GCJ-02", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["lon"], answer["lat"]) == pytest.approx((120.623777, 31.297222), abs=1e-6)
    assert main(["coord", "--from", "WGS84", "--to", "X", "--json", "--", "1", "2"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "position_unusable"
