"""The layers of the map, read from the registry as columns; people only as counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import Select, func as sql, select

from core.jobs import Progress
from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.spatial.coordinates import to_wgs84
from core.spatial.tiles import PointIndex

NAMES: Final = ("address", "house", "organisation", "person", "place", "thing", "event", "hazard")
SMALLEST: Final = 3
"""Counts of people below this are suppressed (small counts would point at somebody)."""


@dataclass(frozen=True)
class Layer:
    """One layer: its index of points, how many are placed, and how many there are."""

    name: str
    index: PointIndex
    placed: int
    total: int


@permits("map.read")
def load_layers(workspace: Workspace, progress: Progress | None = None) -> dict[str, Layer]:
    """Reads every layer that has something in it; half a million addresses take a second or two."""
    progress = progress or Progress()
    layers: dict[str, Layer] = {}
    with workspace.store.read() as connection:
        for name in NAMES:
            progress.checkpoint()
            table = TABLES[name]
            total = connection.execute(
                select(sql.count()).select_from(table).where(table.c.retired_in.is_(None))
            ).scalar_one()
            if total:
                rows = connection.execute(_points(name)).fetchall()
                layers[name] = _layer(name, rows, total)
    return layers


@permits("map.read")
def position(workspace: Workspace, resource: str, entity: int) -> tuple[float, float] | None:
    """Where a record is, as WGS-84 longitude and latitude; None if it has no place."""
    with workspace.store.read() as connection:
        query = _points(resource).where(TABLES[resource].c.id == entity)
        row = connection.execute(query).first()
    if row is None:
        return None
    lon, lat = to_wgs84(np.array([row.lon]), np.array([row.lat]), row.crs or "EPSG:4490")
    return float(lon[0]), float(lat[0])


def _points(name: str) -> Select[Any]:
    """``id, lon, lat, crs`` and, of people, how many at each address."""
    table, address, house = TABLES[name], TABLES["address"], TABLES["house"]
    here = table.c.retired_in.is_(None)
    if name == "person":
        at = table.join(house, table.c.house_code == house.c.house_code).join(
            address, house.c.address_code == address.c.address_code
        )
        counted = select(address.c.id, address.c.lon, address.c.lat, address.c.crs, sql.count().label("n"))
        grouped = counted.select_from(at).where(here, address.c.lon.is_not(None))
        return grouped.group_by(address.c.id, address.c.lon, address.c.lat, address.c.crs)
    if "lon" in table.c:
        return select(table.c.id, table.c.lon, table.c.lat, table.c.crs).where(here, table.c.lon.is_not(None))
    at = table.join(address, table.c.address_code == address.c.address_code)
    columns = (table.c.id, address.c.lon, address.c.lat, address.c.crs)
    return select(*columns).select_from(at).where(here, address.c.lon.is_not(None))


def _layer(name: str, rows: Sequence[Any], total: int) -> Layer:
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    ids = np.asarray(columns[0], dtype=np.int64)
    lon, lat = np.asarray(columns[1], dtype=np.float64), np.asarray(columns[2], dtype=np.float64)
    systems = np.asarray([crs or "EPSG:4490" for crs in columns[3]], dtype=object)
    for crs in {str(one) for one in systems} - {"EPSG:4490", "EPSG:4326"}:
        there = systems == crs
        lon[there], lat[there] = to_wgs84(lon[there], lat[there], crs)
    weight = np.asarray(columns[4], dtype=np.int64) if name == "person" else None
    placed = int(weight.sum()) if weight is not None else len(ids)
    index = PointIndex(ids, lon, lat, weight, least=SMALLEST if weight is not None else 1)
    return Layer(name, index, placed, total)
