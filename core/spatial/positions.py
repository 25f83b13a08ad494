"""Single positions as people write them: any reference system to any other, and text like “120.62,31.31”."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyproj
from pyproj.exceptions import CRSError, ProjError

from core.errors import GridLinkError
from core.i18n import _
from core.spatial.coordinates import from_wgs84, to_wgs84

_SHIFTED: Final = frozenset({"GCJ-02", "BD-09"})
_NAMES: Final = {
    "WGS84": "EPSG:4326", "WGS-84": "EPSG:4326", "4326": "EPSG:4326", "CGCS2000": "EPSG:4490", "4490": "EPSG:4490",
    "GCJ02": "GCJ-02", "BD09": "BD-09",
}  # fmt: skip
SHOWN: Final = ("EPSG:4490", "EPSG:4326", "GCJ-02", "BD-09")
"""The systems in which the map shows and copies a position."""
_NUMBER: Final = r"([NSEW]?)\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW]?)"
_PAIR: Final = re.compile(rf"^\s*{_NUMBER}(?:\s*[,;]\s*|\s+){_NUMBER}\s*$", re.IGNORECASE)
_WIDTH: Final = str.maketrans("，、；．。　０１２３４５６７８９－＋", ",,;.. 0123456789-+")


class PositionUnusable(GridLinkError):
    """The numbers are no position, or the reference system is unknown."""

    code = "position_unusable"


@dataclass(frozen=True)
class Position:
    """A position in the system ``crs``: degrees, or metres east and north where the system counts in metres."""

    lon: float
    lat: float
    crs: str
    unit: str = "degree"


def convert(lon: float, lat: float, source: str, target: str) -> Position:
    """One position from one system to another; systems by EPSG code, or WGS84, CGCS2000, GCJ-02, BD-09.

    The shifted systems are ours, every EPSG code is PROJ's (offline: grids that are not installed are not used).
    """
    start, goal = system(source), system(target)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise _no_position(lon, lat)
    wgs = _shift_back(lon, lat, start) if start in _SHIFTED else _project(lon, lat, start, "EPSG:4326")
    if goal in _SHIFTED:
        there = from_wgs84(np.array([wgs[0]]), np.array([wgs[1]]), goal)
        return Position(float(there[0][0]), float(there[1][0]), goal)
    x, y = wgs if start in _SHIFTED and goal == "EPSG:4326" else _project(wgs[0], wgs[1], "EPSG:4326", goal)
    return Position(x, y, goal, "metre" if _projected(goal) else "degree")


def system(name: str) -> str:
    """The name of a reference system as packages write it; raises ``PositionUnusable`` for an unknown one."""
    wanted = name.strip().upper()
    known = _NAMES.get(wanted, wanted)
    if known in _SHIFTED:
        return known
    try:
        found = pyproj.CRS(known) if re.fullmatch(r"EPSG:\d{4,6}", known) else None
    except CRSError:
        found = None
    if found is None or not (found.is_geographic or found.is_projected):
        raise PositionUnusable(
            _("The reference system “{name}” is unknown.").format(name=name),
            cure=_("Use WGS84, CGCS2000, GCJ-02, BD-09 or an EPSG code such as EPSG:4549."), crs=name,
        )  # fmt: skip
    return known


def parse(text: str) -> tuple[float, float] | None:
    """Longitude and latitude out of text such as “120.62,31.31”, either way round in China; None if it is none."""
    found = _PAIR.match(text.translate(_WIDTH))
    if not found:
        return None
    marks = [(found[1] or found[3]).upper(), (found[4] or found[6]).upper()]
    first, second = float(found[2]), float(found[5])
    turned = (
        marks[0] in {"N", "S"}
        or marks[1] in {"E", "W"}
        or (not any(marks) and abs(second) > 90 >= abs(first))
    )
    lon, lat = (second, first) if turned else (first, second)
    marks = marks[::-1] if turned else marks
    lon, lat = (-lon if marks[0] == "W" else lon), (-lat if marks[1] == "S" else lat)
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _project(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    if not _projected(source):
        x, y = _checked(x, y)
    if source == target:
        return x, y
    try:
        east, north = _way(source, target).transform(x, y, errcheck=True)
    except ProjError as error:
        raise _no_position(x, y) from error
    if not (math.isfinite(east) and math.isfinite(north)):
        raise _no_position(x, y)
    return float(east), float(north)


@lru_cache(maxsize=32)
def _way(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=32)
def _projected(crs: str) -> bool:
    return bool(pyproj.CRS(crs).is_projected)


def _shift_back(lon: float, lat: float, crs: str) -> tuple[float, float]:
    lon, lat = _checked(lon, lat)
    back = to_wgs84(np.array([lon]), np.array([lat]), crs)
    return float(back[0][0]), float(back[1][0])


def _checked(lon: float, lat: float) -> tuple[float, float]:
    if abs(lon) > 180 or abs(lat) > 90:
        raise _no_position(lon, lat)
    return lon, lat


def _no_position(lon: float, lat: float) -> PositionUnusable:
    return PositionUnusable(
        _("{lon}, {lat} is no position in this reference system.").format(lon=lon, lat=lat),
        cure=_("Longitude first, then latitude, in degrees (metres for a projected system)."), lon=lon, lat=lat,
    )  # fmt: skip
