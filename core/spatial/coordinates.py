"""Coordinates between WGS-84 and the reference systems that packages use; arrays in, arrays out.

CGCS2000 (EPSG:4490) and WGS-84 (EPSG:4326) differ by centimetres and count as one. GCJ-02 and BD-09 are
the map-makers' shifted systems (about 400 m east and 240 m south at Gusu, ``standards.md``). The shift is
defined for the country's box only; positions outside it are returned as they are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]

_AXIS: Final = 6378245.0
_ECCENTRICITY: Final = 0.00669342162296594323
_BAIDU: Final = np.pi * 3000.0 / 180.0
_ROUNDS: Final = 6
"""Rounds of the fixed-point inverse; each gains four digits, so the last is far below 1e-9 degrees."""

_BOX: Final = (72.004, 137.8347, 0.8293, 55.8271)
"""West, east, south and north end of the box in which the shift is defined."""


def to_wgs84(lon: Degrees, lat: Degrees, crs: str) -> tuple[Degrees, Degrees]:
    """Longitudes and latitudes in degrees of ``crs`` as WGS-84; raises ``ValueError`` for an unknown one."""
    if crs in {"EPSG:4490", "EPSG:4326"}:
        return lon, lat
    known = _in_box(lon, lat)
    east, north = lon.copy(), lat.copy()
    x, y = lon[known], lat[known]
    for _ in range(_ROUNDS):
        there = _shifted(x, y, crs)
        x, y = x - (there[0] - lon[known]), y - (there[1] - lat[known])
    east[known], north[known] = x, y
    return east, north


def from_wgs84(lon: Degrees, lat: Degrees, crs: str) -> tuple[Degrees, Degrees]:
    """WGS-84 degrees in ``crs``; raises ``ValueError`` for an unknown one."""
    if crs in {"EPSG:4490", "EPSG:4326"}:
        return lon, lat
    known = _in_box(lon, lat)
    east, north = lon.copy(), lat.copy()
    east[known], north[known] = _shifted(lon[known], lat[known], crs)
    return east, north


def _in_box(lon: Degrees, lat: Degrees) -> npt.NDArray[np.bool_]:
    west, east, south, north = _BOX
    inside: npt.NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _shifted(lon: Degrees, lat: Degrees, crs: str) -> tuple[Degrees, Degrees]:
    east, north = _gcj02(lon, lat)
    if crs == "GCJ-02":
        return east, north
    if crs != "BD-09":
        raise ValueError(crs)
    radius = np.hypot(east, north) + 0.00002 * np.sin(north * _BAIDU)
    angle = np.arctan2(north, east) + 0.000003 * np.cos(east * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    root = np.sqrt(np.abs(x))
    north = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
        + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
        + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    )  # fmt: skip
    east = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
        + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
        + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    )  # fmt: skip
    radians = lat * np.pi / 180.0
    magic = 1 - _ECCENTRICITY * np.sin(radians) ** 2
    north = north * 180.0 / ((_AXIS * (1 - _ECCENTRICITY)) / (magic * np.sqrt(magic)) * np.pi)
    east = east * 180.0 / (_AXIS / np.sqrt(magic) * np.cos(radians) * np.pi)
    return lon + east, lat + north
