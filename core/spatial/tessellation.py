"""Do grids cover the land once and only once? Overlaps, gaps, shapes that are broken, addresses in none or in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

_METRES: Final = np.array([95_300.0, 111_000.0])
"""Metres a degree of longitude and of latitude at Gusu (31.3° north)."""
LEAST_M2: Final = 1.0
"""What is smaller comes from rounding."""
_SLIT_M: Final = 10.0
"""Between neighbours, what is narrower than this and belongs to none is a gap, open at its end or not."""
_BESIDE_M: Final = 0.5
Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """One place where grids do not fit: ``kind`` (overlap, gap, broken), which grids, how much (m²), and where."""

    kind: str
    grids: tuple[str, ...]
    area_m2: float
    lon: float
    lat: float
    shape: BaseGeometry = field(repr=False)


def problems(codes: Sequence[str], kinds: Sequence[str], shapes: Sequence[BaseGeometry]) -> list[Problem]:
    """Everything wrong among grids (WGS-84 or CGCS2000 degrees), kind by kind, the largest first."""
    found: list[Problem] = []
    metric = [shapely.transform(shape, lambda c: c * _METRES) for shape in shapes]
    for number, shape in enumerate(metric):
        if not shape.is_valid or shape.is_empty:
            found.append(_problem("broken", (codes[number],), shapely.make_valid(shape)))
    sound = [shapely.make_valid(shape) for shape in metric]
    for kind in dict.fromkeys(kinds):
        here = [n for n, one in enumerate(kinds) if one == kind]
        some = np.array([sound[n] for n in here], dtype=object)
        found += _among([codes[n] for n in here], some)
    return sorted(found, key=lambda one: -one.area_m2)


def counts_around(shapes: Sequence[BaseGeometry], lon: Numbers, lat: Numbers) -> Numbers:
    """For each position in how many of the shapes it lies; on a shared border it lies in the first alone."""
    count = np.zeros(len(lon), np.int64)
    if not len(shapes) or not len(lon):
        return count
    points: Any = shapely.points(lon, lat)
    which, _grid = shapely.STRtree(np.array(shapes, dtype=object)).query(points, predicate="within")
    np.add.at(count, which, 1)
    bare = np.flatnonzero(count == 0)
    touching, _grid = shapely.STRtree(np.array(shapes, dtype=object)).query(
        points[bare], predicate="intersects"
    )
    count[bare[np.unique(touching)]] = 1
    return count


def _among(codes: Sequence[str], shapes: Any) -> list[Problem]:
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = shapely.intersection(shapes[left], shapes[right])
    area = shapely.area(shared)
    found = [
        _problem("overlap", (codes[a], codes[b]), shape)
        for a, b, shape, size in zip(left, right, shared, area, strict=True)
        if size >= LEAST_M2
    ]
    for hole in _gaps(shapes):
        beside = tree.query(shapely.buffer(hole, _BESIDE_M), predicate="intersects")
        found.append(_problem("gap", tuple(codes[n] for n in sorted(beside)), hole))
    return found


def _gaps(shapes: Any) -> list[BaseGeometry]:
    """Land between grids that none of them covers: enclosed, or a slit that opens to the outside."""
    whole = shapely.union_all(shapes)
    holes = [shapely.Polygon(ring) for part in _parts(whole) for ring in getattr(part, "interiors", ())]
    closed = shapely.buffer(
        shapely.buffer(whole, _SLIT_M / 2, join_style="mitre"), -_SLIT_M / 2, join_style="mitre"
    )
    slits = [
        part for part in _parts(shapely.difference(closed, shapely.union_all([whole, *holes])))
        if part.area >= LEAST_M2 and _between(part, shapes)
    ]  # fmt: skip
    return [hole for hole in holes if hole.area >= LEAST_M2] + slits


def _between(slit: BaseGeometry, shapes: Any) -> bool:
    """A notch in one grid's outer border is no gap; a slit between two is."""
    return int(shapely.dwithin(slit, shapes, _BESIDE_M).sum()) >= 2 and bool(slit.length > 4 * _SLIT_M)


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]


def _problem(kind: str, grids: tuple[str, ...], metric: BaseGeometry) -> Problem:
    shape = shapely.transform(metric, lambda c: c / _METRES)
    at = shapely.point_on_surface(shape) if not shape.is_empty else None
    lon, lat = (at.x, at.y) if at is not None and not at.is_empty else (0.0, 0.0)
    return Problem(kind, grids, round(float(metric.area), 1), lon, lat, shape)
