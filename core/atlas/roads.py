"""Names of roads for the map without a base map: where the addresses of each road lie, community by community."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select

from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.spatial.coordinates import to_wgs84

_LEAST = 3
"""A road's name is written where at least so many of its addresses lie in a community."""


@dataclass(frozen=True)
class RoadName:
    """A road's name, the middle of its addresses in one community (WGS-84), and how many they are."""

    name: str
    lon: float
    lat: float
    count: int


@permits("map.read")
def read_roads(workspace: Workspace) -> list[RoadName]:
    """Every road's name by community, those with the most addresses first."""
    table = TABLES["address"]
    number = func.count()
    columns = (table.c.road, table.c.crs, func.avg(table.c.lon), func.avg(table.c.lat), number)
    query = (
        select(*columns).where(table.c.road.is_not(None), table.c.lon.is_not(None), table.c.retired_in.is_(None))
        .group_by(table.c.road, table.c.community_code, table.c.crs).having(number >= _LEAST).order_by(number.desc())
    )  # fmt: skip
    with workspace.store.read() as connection:
        rows = connection.execute(query).all()
    return [RoadName(name, *_wgs84(crs, lon, lat), count) for name, crs, lon, lat, count in rows]


def as_page(roads: list[RoadName]) -> list[dict[str, Any]]:
    """As the page takes them."""
    return [asdict(road) for road in roads]


def _wgs84(crs: str | None, lon: float, lat: float) -> tuple[float, float]:
    there = to_wgs84(np.array([lon]), np.array([lat]), crs or "EPSG:4490")
    return round(float(there[0][0]), 6), round(float(there[1][0]), 6)
