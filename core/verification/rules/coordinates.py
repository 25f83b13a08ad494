"""Coordinates: whole, labelled with their system, in the district. At most one finding a pair."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from core.i18n import N_
from core.model.resources import CRS, Resource
from core.spatial.coordinates import to_wgs84
from core.verification.declaration import (
    CORRECT_AT_SOURCE,
    PACKAGE_FORMAT,
    Dimension,
    Rule,
    Severity,
    Terms,
    example,
)

_LON, _LAT, _CRS = pl.col("lon"), pl.col("lat"), pl.col("crs")
_BOTH = _LON.is_not_null() & _LAT.is_not_null()
_ZERO = (_LON == 0) & (_LAT == 0)
_PAIR = pl.concat_str("lon", "lat", "crs", separator=" ", ignore_nulls=True)
_METRES_A_DEGREE = 111_195.0


def _on(resource: Resource, *fields: str) -> tuple[str, ...]:
    return fields if "crs" in resource.column_names else ()


def _incomplete(terms: Terms) -> pl.Expr:
    other = _LAT if terms.column.name == "lon" else _LON
    return terms.value.is_null() & other.is_not_null()


def _exchanged(terms: Terms) -> pl.Expr:
    return _LON.is_between(*terms.context.latitudes) & _LAT.is_between(*terms.context.longitudes)


def _outside(terms: Terms) -> pl.Expr | None:
    outline = terms.context.boundary
    if outline is None:
        return None
    area = _widened(outline, terms.number("margin_m"))

    def far(rows: pl.Series) -> pl.Series:
        return pl.Series(_is_outside(rows.struct.unnest(), area))

    checked = _BOTH & _CRS.is_not_null() & ~_ZERO & ~_exchanged(terms)
    return pl.when(checked).then(pl.struct("lon", "lat", "crs").map_batches(far, return_dtype=pl.Boolean))


def _is_outside(rows: pl.DataFrame, area: BaseGeometry) -> np.ndarray:
    """Every row's answer; pairs that are not whole are left to the other rules (their answer is unused)."""
    lon, lat = rows["lon"].to_numpy().astype(float), rows["lat"].to_numpy().astype(float)
    crs = rows["crs"].fill_null("").to_numpy()
    outside = np.zeros(len(lon), bool)
    for system in CRS:
        here = np.flatnonzero((crs == system) & ~np.isnan(lon) & ~np.isnan(lat))
        if here.size:
            x, y = to_wgs84(lon[here], lat[here], system)
            outside[here] = ~shapely.contains_xy(area, x, y)
    return outside


def _widened(outline: BaseGeometry, metres: float) -> BaseGeometry:
    """The outline with a margin that is equally wide in every direction."""
    shrink = math.cos(math.radians(outline.centroid.y))
    flat = affinity.scale(outline, xfact=shrink, yfact=1, origin=(0, 0))
    wide = affinity.scale(flat.buffer(metres / _METRES_A_DEGREE), xfact=1 / shrink, yfact=1, origin=(0, 0))
    shapely.prepare(wide)
    return wide


RULES = (
    Rule(
        id="coordinates.incomplete",
        applies=lambda resource: _on(resource, "lon", "lat"),
        severity=Severity.ERROR, dimension=Dimension.COMPLETENESS,
        message=N_("Only one of lon and lat is given."),
        cure=N_("Give both or neither."),
        source=PACKAGE_FORMAT,
        broken=_incomplete,
        passes=example("address", lon="120.62", lat="31.31", crs="EPSG:4490"),
        fails=example("address", lon="120.62", crs="EPSG:4490"),
        shown=_PAIR,
    ),
    Rule(
        id="coordinates.crs_missing",
        applies=lambda resource: _on(resource, "crs"),
        severity=Severity.ERROR, dimension=Dimension.COMPLETENESS,
        message=N_("The coordinates do not say which reference system they are in."),
        cure=N_("Fill in crs: in Gusu, systems lie up to 1,000 m apart, so a guess puts addresses in wrong streets."),
        source=PACKAGE_FORMAT,
        broken=lambda _terms: _BOTH & _CRS.is_null(),
        passes=example("address", lon="120.62", lat="31.31", crs="GCJ-02"),
        fails=example("address", lon="120.62", lat="31.31"),
        shown=_PAIR,
    ),
    Rule(
        id="coordinates.zero",
        applies=lambda resource: _on(resource, "lon"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("The coordinates are 0, 0."),
        cure=N_("Where there is no position, leave lon and lat empty."),
        source=N_("GB/T 36344-2018, accuracy"),
        broken=lambda _terms: _ZERO,
        passes=example("address", lon="120.62", lat="31.31", crs="EPSG:4490"),
        fails=example("address", lon="0", lat="0.0", crs="EPSG:4490"),
        shown=_PAIR,
    ),
    Rule(
        id="coordinates.swapped",
        applies=lambda resource: _on(resource, "lon"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("Longitude and latitude are exchanged: {value}."),
        cure=N_("Have the sender exchange them back; the axis order of EPSG:4490 is a common trap."),
        source=N_("GB/T 36344-2018, accuracy"),
        broken=_exchanged,
        fix=lambda _terms: {"lon": pl.col("lat"), "lat": pl.col("lon")},
        passes=example("address", lon="120.62", lat="31.31", crs="EPSG:4490"),
        fails=example("address", lon="31.31", lat="120.62", crs="EPSG:4490"),
        shown=_PAIR,
    ),
    Rule(
        id="coordinates.outside_district",
        applies=lambda resource: _on(resource, "lon"),
        severity=Severity.ERROR, dimension=Dimension.ACCURACY,
        message=N_("The coordinates lie more than {margin_m} m outside the district: {value}."),
        cure=CORRECT_AT_SOURCE,
        source=N_("outline of the district (resources/divisions)"),
        parameters={"margin_m": 300},
        broken=_outside,
        passes=example("address", lon="120.6238", lat="31.2972", crs="GCJ-02"),
        fails=example("address", lon="120.75", lat="31.31", crs="EPSG:4490"),
        shown=_PAIR,
    ),
)  # fmt: skip
