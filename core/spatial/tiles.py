"""Points made ready for the map: counted in cells for each zoom, single only where few are in view.

Points at the same spot are one *site*; sites are summed into cells of a quarter of a map tile, and each zoom's cells
out of the next nearer zoom's, so that the whole pyramid costs little more than its first sorting. The map never gets
more features for a view than it asks for, however many points the district has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
MOST: Final = 5000
"""Features that all layers together send for one view at the most."""
SMALLEST: Final = 3
"""Counts of people below this are suppressed (small counts would point at somebody)."""
FARTHEST, NEAREST = 10, 18
"""Zooms for which cells are kept; nearer views show sites."""
SITES_FROM: Final = 17
_CELL: Final = 2
"""A cell is 64 pixels wide: a quarter of a map tile, two zooms nearer."""
_SPOT: Final = 28
"""Positions that share a square of this zoom (13 cm at Gusu) are one site."""
_BUCKET: Final = NEAREST + _CELL
_WITHIN: Final = _SPOT - _BUCKET


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
        """Ready for the encoder of JSON; ids as text, because JavaScript's numbers hold 53 bits."""
        return {
            "lon": np.round(self.lon, 6), "lat": np.round(self.lat, 6), "count": self.count,
            "id": [str(one) if one else "" for one in self.id.tolist()],
        }  # fmt: skip

    def as_bytes(self) -> bytes:
        """Ready for the page: how many, then lon, lat (1e-7 degrees), count and id, little-endian, column by column."""
        degrees = (np.round(values * 1e7).astype("<i4") for values in (self.lon, self.lat))
        count = np.minimum(self.count, 2**31 - 1).astype("<i4")
        parts = (np.array([len(self.id)], "<i4"), *degrees, count, self.id.astype("<i8"))
        return b"".join(part.tobytes() for part in parts)


_NONE: Final = np.zeros(0)
NOTHING: Final = Features(*(np.zeros(0, kind) for kind in (np.float64, np.float64, np.int64, np.int64)))


@dataclass(frozen=True)
class _Level:
    """Cells (or sites) in the order of their ``key``: row times side plus column of the grid of ``zoom``."""

    zoom: int
    key: Numbers
    x: Numbers
    y: Numbers
    plain: Numbers
    features: Features

    def at_rows(self, left: int, right: int, top: int, bottom: int) -> Numbers:
        """The places of all cells in these columns and rows, both ends included."""
        side = 1 << self.zoom
        rows = np.arange(max(top, 0), min(bottom, side - 1) + 1, dtype=np.int64) * side
        start = np.searchsorted(self.key, rows + max(left, 0))
        end = np.searchsorted(self.key, rows + min(right, side - 1), side="right")
        some = end > start
        start, length = start[some], (end - start)[some]
        if not len(start):
            return np.zeros(0, np.int64)
        begin = np.repeat(start - np.concatenate(([0], np.cumsum(length)[:-1])), length)
        return begin + np.arange(int(length.sum()))

    def kept(self) -> _Level:
        """Without what only the next level is made of."""
        return replace(self, x=_NONE, y=_NONE, plain=_NONE)

    def taken(self, places: Numbers) -> Features:
        f = self.features
        return Features(f.lon[places], f.lat[places], f.count[places], f.id[places])


class PointIndex:
    """Points of one layer with the sums of their weights in cells at every zoom."""

    def __init__(
        self, ids: Numbers, lon: Numbers, lat: Numbers, weight: Numbers | None = None, *, least: int = 1
    ) -> None:
        """``weight`` counts what stands at a point (1 unless given); what counts below ``least`` is never shown."""
        weights = np.ones(len(ids), np.int32) if weight is None else np.asarray(weight, np.int32)
        self.total = int(weights.sum(dtype=np.int64))
        self.least = least
        x, y = _mercator(lon, lat)
        column, row = (x * (1 << _SPOT)).astype(np.int64), (y * (1 << _SPOT)).astype(np.int64)
        bucket = (row >> _WITHIN) << _BUCKET | column >> _WITHIN
        inside = (1 << _WITHIN) - 1
        spot = bucket << 2 * _WITHIN | (row & inside) << _WITHIN | column & inside
        order = np.argsort(spot, kind="stable")
        self.ids, self.lon, self.lat, self.weight = ids[order], lon[order], lat[order], weights[order]
        spot = spot[order]
        points = Features(self.lon, self.lat, self.weight, self.ids)
        single = _Level(_BUCKET, bucket[order], x[order], y[order], np.ones(len(ids), np.int64), points)
        sites = _summed(single, spot)
        if weight is None:
            self.weight = np.broadcast_to(np.ones(1, np.int32), len(ids))  # a single number, however many points
        self._starts = np.concatenate(([0], np.cumsum(sites.plain)))
        self._sites = sites
        self._cells: dict[int, _Level] = {}
        level = sites
        for zoom in range(NEAREST, FARTHEST - 1, -1):
            level = _coarser(level, zoom + _CELL)
            self._cells[zoom] = level.kept()

    def features(self, view: View, most: int = MOST) -> Features:
        """What the layer shows in a view: sites if they are few enough, else cells; never more than ``most``."""
        west, east = (view.west + 180) / 360, (view.east + 180) / 360
        north, south = _row(view.north), _row(view.south)
        zoom = min(max(view.zoom, FARTHEST), NEAREST)
        levels = [self._sites] if view.zoom >= SITES_FROM else []
        for level in [*levels, *(self._cells[z] for z in range(zoom, FARTHEST - 1, -1))]:
            side = 1 << level.zoom
            places = level.at_rows(int(west * side), int(east * side), int(north * side), int(south * side))
            found = self._shown(level.taken(places))
            inside = (found.lon >= view.west) & (found.lon <= view.east)
            inside &= (found.lat >= view.south) & (found.lat <= view.north)
            if int(inside.sum()) <= most:
                break
        chosen = np.flatnonzero(inside)[:most]
        return Features(found.lon[chosen], found.lat[chosen], found.count[chosen], found.id[chosen])

    def tile(self, z: int, x: int, y: int) -> Features:
        """What the layer shows in one tile of the web-mercator pyramid; each point belongs to exactly one tile."""
        if z >= SITES_FROM:
            side, tile = 1 << _BUCKET, 1 << z
            left, top = x * side // tile, y * side // tile
            right, bottom = ((x + 1) * side - 1) // tile, ((y + 1) * side - 1) // tile
            places = self._sites.at_rows(left, right, top, bottom)
            here = np.floor(self._sites.x[places] * tile) == x
            here &= np.floor(self._sites.y[places] * tile) == y
            return self._shown(self._sites.taken(places[here]))
        level = self._cells[max(z, FARTHEST)]
        shift = level.zoom - z
        places = level.at_rows(x << shift, ((x + 1) << shift) - 1, y << shift, ((y + 1) << shift) - 1)
        return self._shown(level.taken(places))

    def at(self, lon: float, lat: float) -> Numbers:
        """The ids of all points at the site nearest to a position (within a metre)."""
        near = self.within(lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5)
        if not len(near):
            return near
        off = np.hypot(self.lon[near] - lon, self.lat[near] - lat)
        site = np.searchsorted(self._starts, near, side="right")
        same = site == site[np.argmin(off)]
        return np.asarray(self.ids[near[same]])

    def within(self, west: float, south: float, east: float, north: float) -> Numbers:
        """The places (in ``ids``, ``lon``, ``lat``, ``weight``) of all points in a box."""
        side = 1 << _BUCKET
        columns = int((west + 180) / 360 * side), int((east + 180) / 360 * side)
        sites = self._sites.at_rows(*columns, int(_row(north) * side), int(_row(south) * side))
        length = self._sites.plain[sites]
        if not len(sites):
            return np.zeros(0, np.int64)
        begin = np.repeat(self._starts[sites] - np.concatenate(([0], np.cumsum(length)[:-1])), length)
        places = begin + np.arange(int(length.sum()))
        lon, lat = self.lon[places], self.lat[places]
        return np.asarray(places[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)])

    def bounds(self, ids: Sequence[int]) -> tuple[float, float, float, float] | None:
        """West, south, east and north end of these points; None if none of them is here."""
        there = np.isin(self.ids, np.asarray(ids, np.int64))
        if not there.any():
            return None
        lon, lat = self.lon[there], self.lat[there]
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def _shown(self, found: Features) -> Features:
        if self.least <= 1:
            return found
        enough = found.count >= self.least
        return Features(found.lon[enough], found.lat[enough], found.count[enough], found.id[enough])


def _coarser(level: _Level, zoom: int) -> _Level:
    shift = level.zoom - zoom
    mask = (1 << level.zoom) - 1
    key = ((level.key >> level.zoom) >> shift) << zoom | ((level.key & mask) >> shift)
    order = np.argsort(key, kind="stable")
    f = level.features
    features = Features(f.lon[order], f.lat[order], f.count[order], f.id[order])
    finer = _Level(zoom, key[order], level.x[order], level.y[order], level.plain[order], features)
    return _summed(finer, finer.key)


def _summed(level: _Level, group: Numbers) -> _Level:
    """Sums runs of the same ``group``; positions are means, an id is kept where a single point stands alone."""
    if not len(group):
        return level
    first = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    f, plain = level.features, level.plain
    many = np.add.reduceat(plain, first)
    x, y, lon, lat = (
        np.add.reduceat(values * plain, first) / many for values in (level.x, level.y, f.lon, f.lat)
    )
    features = Features(lon, lat, np.add.reduceat(f.count, first, dtype=np.int64), np.where(many == 1, f.id[first], 0))
    return _Level(level.zoom, level.key[first], x, y, many, features)


def _mercator(lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """Web-mercator positions in the unit square, from the north-west corner; poles lie on its edge."""
    end = np.nextafter(1.0, 0.0)
    radians = np.radians(np.clip(lat, -85.05, 85.05))
    return np.clip((lon + 180) / 360, 0, end), np.clip((1 - np.arcsinh(np.tan(radians)) / np.pi) / 2, 0, end)


def _row(lat: float) -> float:
    return float(_mercator(np.zeros(1), np.array([lat]))[1][0])
