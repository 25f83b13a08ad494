"""Points made ready for the map: counted in cells for each zoom, single only where few are in view.

The map never gets more than ``MOST`` features for a view, however many points the district has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
MOST: Final = 3000
"""Features a layer sends for one view at the most."""
FARTHEST, NEAREST = 10, 18
"""Zooms for which cells are kept; nearer views show the cells of the nearest, or points."""
_CELLS_A_TILE: Final = 4
"""A cell is 64 pixels wide: a quarter of a map tile."""


@dataclass(frozen=True)
class View:
    """What the map shows: bounds in degrees and the zoom of the web-mercator pyramid."""

    west: float
    south: float
    east: float
    north: float
    zoom: int


@dataclass(frozen=True)
class Features:
    """Features of one layer in a view, as columns; ``id`` is 0 where one stands for several points."""

    lon: Numbers
    lat: Numbers
    count: Numbers
    id: Numbers

    def as_columns(self) -> dict[str, Any]:
        """Ready for the encoder; ids as text, because JavaScript has no 64-bit integers."""
        ids = np.where(self.count == 1, self.id, 0)
        return {
            "lon": np.round(self.lon, 6),
            "lat": np.round(self.lat, 6),
            "count": self.count,
            "id": [str(one) if one else "" for one in ids.tolist()],
        }


class PointIndex:
    """Points of one layer with the sums of their weights in cells at every zoom."""

    def __init__(
        self, ids: Numbers, lon: Numbers, lat: Numbers, weight: Numbers | None = None, *, least: int = 1
    ) -> None:
        """``weight`` counts what stands at a point (1 unless given); cells below ``least`` are never shown."""
        self._weighted = weight is not None
        self._least = least
        weights = np.ones(len(ids), dtype=np.int64) if weight is None else np.asarray(weight, dtype=np.int64)
        order = np.argsort(lat, kind="stable")
        self._points = Features(lon[order], lat[order], weights[order], ids[order])
        self.total = int(weights.sum())
        x, y = _mercator(self._points.lon, self._points.lat)
        self._cells = {zoom: self._counted(x, y, zoom) for zoom in range(FARTHEST, NEAREST + 1)}

    def features(self, view: View) -> Features:
        """What the layer shows in a view: single points if they are few and may be shown, else cells."""
        if not self._weighted and view.zoom >= NEAREST - 1:
            points = _within(self._points, view)
            if len(points.id) <= MOST:
                return points
        cells = _within(self._cells[min(max(view.zoom, FARTHEST), NEAREST)], view)
        return cells if len(cells.id) <= MOST else _within(self._cells[max(FARTHEST, view.zoom - 2)], view)

    def _counted(self, x: Numbers, y: Numbers, zoom: int) -> Features:
        side = _CELLS_A_TILE << zoom
        key = (y * side).astype(np.int64) * side + (x * side).astype(np.int64)
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        points = self._points
        plain = np.bincount(place)
        count = np.bincount(place, weights=points.count).astype(np.int64)
        lon = np.bincount(place, weights=points.lon) / plain
        lat = np.bincount(place, weights=points.lat) / plain
        shown = count >= self._least
        # a cell stands for itself unless exactly one point is in it, which then can be opened
        ids = np.where((plain == 1) & (not self._weighted), points.id[first], 0)
        cells = Features(lon[shown], lat[shown], count[shown], ids[shown])
        order = np.argsort(cells.lat, kind="stable")
        return Features(cells.lon[order], cells.lat[order], cells.count[order], cells.id[order])


def _within(features: Features, view: View) -> Features:
    """The features inside the view; they are kept in order of latitude, so only a band is looked at."""
    low, high = np.searchsorted(features.lat, (view.south, view.north))
    lon = features.lon[low:high]
    inside = (lon >= view.west) & (lon <= view.east)
    return Features(
        lon[inside],
        features.lat[low:high][inside],
        features.count[low:high][inside],
        features.id[low:high][inside],
    )


def _mercator(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Web-mercator positions in the unit square, from the north-west corner."""
    radians = np.radians(lat)
    return (lon + 180) / 360, (1 - np.arcsinh(np.tan(radians)) / np.pi) / 2
