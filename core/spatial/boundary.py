"""The district's outline and the names of its divisions."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from core.settings import RESOURCES

_DIVISIONS = RESOURCES / "divisions"


class Outline:
    """An area in WGS-84 that answers for arrays of points; ``bounds`` are west, south, east, north."""

    def __init__(self, geometry: BaseGeometry) -> None:
        self.geometry = geometry
        self.bounds: tuple[float, float, float, float] = geometry.bounds
        shapely.prepare(geometry)

    def contains(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which of the points (degrees) lie inside."""
        inside: npt.NDArray[np.bool_] = shapely.contains_xy(self.geometry, lon, lat)
        return inside


@cache
def district_outline() -> Outline:
    """The outline of the district (``resources/divisions``)."""
    text = (_DIVISIONS / "gusu_boundary.geojson").read_text("utf-8")
    return Outline(shapely.union_all(shapely.get_parts(shapely.from_geojson(text))))


@cache
def division_names() -> dict[str, str]:
    """The name of every division of the district by its 12-digit code."""
    with (_DIVISIONS / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    return {row["code"]: row["name"] for row in rows}
