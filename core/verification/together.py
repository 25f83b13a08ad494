"""What only a whole batch shows: grids that overlap, positions that are all shifted the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from core.model.resources import CRS
from core.spatial.coordinates import to_wgs84
from core.spatial.topology import Areas, overlaps_and_gaps

_METRES_LAT, _METRES_LON = 111_000.0, 95_300.0
_FEW: Final = 20
"""Fewer positions than these show nothing."""
_FAR_M: Final = 60.0
_SCATTER_M: Final = 30.0


@dataclass(frozen=True)
class Shift:
    """A common shift (metres) of ``count`` positions labelled ``crs``; ``likely`` is the system they are really of."""

    crs: str
    east_m: float
    north_m: float
    count: int
    likely: str


def with_topology(grids: pl.DataFrame) -> pl.DataFrame:
    """Grids with ``_overlap_m2`` and ``_gap_m2`` (see ``surroundings``), seen among themselves."""
    overlap, gap = overlaps_and_gaps(grids["kind"].fill_null("").to_list(), grids["geometry"].to_list())
    return grids.with_columns(_overlap_m2=pl.Series(overlap), _gap_m2=pl.Series(gap))


def common_shift(places: pl.DataFrame) -> Shift | None:
    """The shift of a batch against where the registry has the same addresses; None if there is none to speak of.

    ``places`` has ``lon, lat, crs`` as labelled and ``held_lon, held_lat`` in WGS-84 (degrees). Honest positions of
    the same door scatter around each other; a wrong label moves all of them by the same hundred metres.
    """
    for crs in CRS:
        here = places.filter(pl.col("crs") == crs).drop_nulls()
        if here.height < _FEW:
            continue
        held = here["held_lon"].to_numpy(), here["held_lat"].to_numpy()
        raw = here["lon"].to_numpy(), here["lat"].to_numpy()
        east, north, scatter = _offset(raw, held, crs)
        if np.hypot(east, north) >= _FAR_M and scatter <= _SCATTER_M:
            return Shift(crs, east, north, here.height, _likely(raw, held, crs, float(np.hypot(east, north))))
    return None


def _offset(raw: tuple[Areas, Areas], held: tuple[Areas, Areas], crs: str) -> tuple[float, float, float]:
    lon, lat = to_wgs84(*raw, crs)
    east, north = (lon - held[0]) * _METRES_LON, (lat - held[1]) * _METRES_LAT
    middle = float(np.median(east)), float(np.median(north))
    scatter = float(np.median(np.hypot(east - middle[0], north - middle[1])))
    return *middle, scatter


def _likely(raw: tuple[Areas, Areas], held: tuple[Areas, Areas], crs: str, shift: float) -> str:
    """The system in which the positions would lie where they belong; empty if it is none that we know."""
    left = {other: float(np.hypot(*_offset(raw, held, other)[:2])) for other in CRS if other != crs}
    best = min(left, key=lambda other: left[other])
    return best if left[best] < min(_SCATTER_M, shift / 4) else ""
