"""What lies around one record: its grid's border and the addresses beside it, for the small map of its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, select

from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.spatial.coordinates import to_wgs84

Point = tuple[float, float]
MOST: Final = 2000
"""Neighbours read: a grid has some hundred addresses."""


@dataclass(frozen=True)
class Vicinity:
    """WGS-84 throughout: the record's place, its grid's name and rings, and the other addresses of the grid."""

    place: Point
    grid: str
    rings: Sequence[Sequence[Point]]
    neighbours: Sequence[Point]


@permits("map.read")
def vicinity(workspace: Workspace, resource: str, entity: int) -> Vicinity | None:
    """What lies around a record; None if it has no place."""
    grids, addresses = TABLES["grid"], TABLES["address"]
    with workspace.store.read() as connection:
        placed = connection.execute(_place_of(resource).where(TABLES[resource].c.id == entity)).all()
        if not placed or placed[0].lon is None:
            return None
        grid = placed[0].grid_code or ""
        query = select(grids.c.name, grids.c.geometry).where(
            grids.c.grid_code == grid, grids.c.retired_in.is_(None)
        )
        held = connection.execute(query).first() if grid else None
        beside = select(addresses.c.lon, addresses.c.lat, addresses.c.crs).where(
            addresses.c.grid_code == grid, addresses.c.retired_in.is_(None), addresses.c.lon.is_not(None)
        )
        rows = connection.execute(beside.limit(MOST)).all() if grid else []
    rings = _rings(shapely.from_geojson(held.geometry, on_invalid="ignore")) if held else []
    return Vicinity(_points(placed)[0], held.name if held else "", rings, _points(rows))


def _place_of(resource: str) -> Select[Any]:
    """``lon, lat, crs, grid_code``: the record's own, or those of the address that it or its house stands at."""
    table, address, house = TABLES[resource], TABLES["address"], TABLES["house"]
    if resource == "address":
        return select(table.c.lon, table.c.lat, table.c.crs, table.c.grid_code)
    source: Any = table
    if "address_code" not in table.c:
        source = source.join(house, house.c.house_code == table.c.house_code)
    code = table.c.address_code if "address_code" in table.c else house.c.address_code
    at = table if "lon" in table.c else address
    joined = source.outerjoin(address, address.c.address_code == code)
    return select(at.c.lon, at.c.lat, at.c.crs, address.c.grid_code).select_from(joined)


def _rings(shape: BaseGeometry | None) -> list[list[Point]]:
    parts: Any = [] if shape is None else shapely.get_parts(shape)
    return [
        [(float(x), float(y)) for x, y in part.exterior.coords]
        for part in parts
        if part.geom_type == "Polygon"
    ]


def _points(rows: Sequence[Any]) -> list[Point]:
    """By coordinate system at once: one call of the transformation for each system."""
    found: list[Point] = []
    for crs in {row.crs for row in rows}:
        some = [row for row in rows if row.crs == crs]
        lon, lat = np.array([row.lon for row in some]), np.array([row.lat for row in some])
        lon, lat = to_wgs84(lon, lat, crs or "EPSG:4490")
        found += zip(lon.tolist(), lat.tolist(), strict=True)
    return found
