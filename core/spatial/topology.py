"""Grids beside each other: where two of one kind overlap, and what between them belongs to none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import affinity

_METRES: Final = (95_300.0, 111_000.0)
"""Metres a degree of longitude and of latitude at Gusu (31.3° north)."""
_SNAP_M: Final = 0.1
_BESIDE_M: Final = 1.0
Areas = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GridMap:
    """Grids of one kind as shapes in metres, for asking in which of them positions lie."""

    codes: Sequence[str]
    shapes: Any

    @classmethod
    def of(cls, codes: Sequence[str], outlines: Sequence[str | None]) -> GridMap:
        """From GeoJSON geometries in WGS-84 or CGCS2000; outlines that cannot be read are left empty."""
        return cls(codes, _in_metres(outlines))

    def containing(self, lon: Areas, lat: Areas) -> tuple[npt.NDArray[np.int64], list[str]]:
        """For each position (degrees) the number of grids around it, and the code of one of them ("" if none)."""
        count, code = np.zeros(len(lon), np.int64), [""] * len(lon)
        if not len(self.codes):
            return count, code
        placed = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        points = shapely.points(lon[placed] * _METRES[0], lat[placed] * _METRES[1])
        which, grid = shapely.STRtree(self.shapes).query(points, predicate="intersects")
        np.add.at(count, placed[which], 1)
        for n, g in zip(placed[which].tolist(), grid.tolist(), strict=True):
            code[n] = self.codes[g]
        return count, code


def overlaps_and_gaps(kinds: Sequence[str], outlines: Sequence[str | None]) -> tuple[Areas, Areas]:
    """Square metres of each grid that another of its kind covers too, and of the holes beside it that none covers."""
    shapes, kind = _in_metres(outlines), np.asarray(kinds, dtype=object)
    overlap, gap = np.zeros(len(kind)), np.zeros(len(kind))
    for one in set(kinds):
        here = np.flatnonzero(kind == one)
        overlap[here], gap[here] = _among(shapes[here])
    return overlap, gap


def _among(shapes: Any) -> tuple[Areas, Areas]:
    overlap, gap = np.zeros(len(shapes)), np.zeros(len(shapes))
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="intersects")
    apart = left != right
    np.add.at(overlap, left[apart], shapely.area(shapely.intersection(shapes[left[apart]], shapes[right[apart]])))
    for hole in _holes(shapes):
        beside = tree.query(shapely.buffer(hole, _BESIDE_M), predicate="intersects")
        gap[beside] += hole.area
    return overlap, gap


def _holes(shapes: Any) -> list[Any]:
    """What the grids enclose and none of them covers."""
    whole = shapely.union_all(shapes, grid_size=_SNAP_M)
    parts = getattr(whole, "geoms", [whole])
    return [shapely.Polygon(ring) for part in parts for ring in getattr(part, "interiors", ())]


def _in_metres(outlines: Sequence[str | None]) -> Any:
    read: Any = shapely.from_geojson(np.asarray(outlines, dtype=object), on_invalid="ignore") if len(outlines) else []
    flat = [shapely.Polygon() if one is None else affinity.scale(one, *_METRES, origin=(0, 0)) for one in read]
    return shapely.make_valid(np.asarray(flat, dtype=object))
