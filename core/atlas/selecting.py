"""What lies inside a box, a polygon or a grid, as ids and as a list that people read; people only as counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from core.atlas import columns, layers
from core.atlas.atlas import Atlas
from core.atlas.columns import Numbers
from core.atlas.layers import COUNTED
from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.registry.record import title_of
from core.security import audit
from core.security.workspace import Workspace, permits
from core.spatial.tiles import PointIndex

SHOWN: Final = 500


class ShapeUnusable(GridLinkError):
    """What was drawn encloses nothing."""

    code = "shape_unusable"


@dataclass(frozen=True)
class Found:
    """One record of a list: what it is, which, its title, and how many it stands for (people at an address)."""

    resource: str
    entity: int
    title: str
    count: int = 1


@dataclass(frozen=True)
class Inside:
    """Records of one layer inside a shape: all ids, and what they count in all (None: too few people to say)."""

    layer: str
    resource: str
    ids: Sequence[int]
    count: int | None


def shape_of(geojson: dict[str, Any]) -> BaseGeometry:
    """A drawn polygon (GeoJSON geometry, WGS-84) as a sound shape; raises ``ShapeUnusable``."""
    try:
        shape = shapely.make_valid(shapely.from_geojson(orjson.dumps(geojson)))
    except (GEOSException, orjson.JSONEncodeError, ValueError) as error:
        raise _unusable() from error
    if shape is None or shape.is_empty or shape.area <= 0 or not np.isfinite(shape.bounds).all():
        raise _unusable()
    return shape


@permits("map.read")
def inside(workspace: Workspace, atlas: Atlas, names: Sequence[str], shape: BaseGeometry) -> list[Inside]:
    """What each layer has inside the shape; layers with nothing there are left out. Looking is on record."""
    shapely.prepare(shape)
    made = []
    for name in names:
        layer = atlas.layers.get(name)
        if layer is None:
            continue
        index = layer.index
        near = index.within(*shape.bounds)
        there = near[shapely.intersects_xy(shape, index.lon[near], index.lat[near])]
        enough = there[index.weight[there] >= index.least]
        total = int(index.weight[there].sum())
        if len(there):
            count = total if total >= index.least else None
            made.append(Inside(name, layer.opens, index.ids[enough].tolist(), count))
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="map.select",
            subject=",".join(f"{coordinate:.5f}" for coordinate in shape.bounds),
            details={one.layer: one.count for one in made},
        )  # fmt: skip
    return made


@permits("map.read")
def at_place(workspace: Workspace, atlas: Atlas, name: str, lon: float, lat: float) -> list[Found]:
    """The records of a layer at one spot, those that may be shown."""
    layer = atlas.layers.get(name)
    if layer is None:
        return []
    ids = layer.index.at(lon, lat)
    return listed(workspace, atlas, name, ids.tolist())


@permits("map.read")
def listed(
    workspace: Workspace, atlas: Atlas, name: str, ids: Sequence[int], limit: int = SHOWN
) -> list[Found]:
    """The first ``limit`` of these records with their titles, in the order of the titles."""
    layer = atlas.layers[name]
    some = np.asarray(ids[:limit], np.int64)
    counts: Numbers = np.ones(len(some), np.int64)
    if name in COUNTED and len(some):
        order = np.argsort(layer.index.ids)
        place = order[columns.lookup(layer.index.ids[order], some)]
        counts = layer.index.weight[place]
        some, counts = some[counts >= layer.index.least], counts[counts >= layer.index.least]
    number = dict(zip(some.tolist(), counts.tolist(), strict=True))
    table = TABLES[layer.opens]
    with workspace.store.read() as connection:
        rows = connection.execute(select(table).where(table.c.id.in_(list(number)))).all()
    found = [
        Found(layer.opens, row.id, title_of(layer.opens, dict(row._mapping)), number[row.id]) for row in rows
    ]
    return sorted(found, key=lambda one: one.title)


def index_of(atlas: Atlas, addresses: Sequence[int]) -> PointIndex:
    """Those of the addresses that have a place, as a layer of their own."""
    with atlas.lock:
        rows = atlas.held["address"]
    place = columns.lookup(rows["id"], np.unique(np.asarray(addresses, np.int64)))
    there = place[(place >= 0)]
    there = there[rows["alive"][there] & np.isfinite(rows["lon"][there])]
    return PointIndex(rows["id"][there], rows["lon"][there], rows["lat"][there])


@permits("map.read")
def position(workspace: Workspace, resource: str, entity: int) -> tuple[float, float] | None:
    """Where a record is, as WGS-84 longitude and latitude; None if it has no place."""
    if resource == "grid":
        return _inside_grid(workspace, entity)
    held: dict[str, columns.Columns] = {}
    with workspace.store.read() as connection:
        wanted: str | None = resource
        where = TABLES[resource].c.id == entity if resource in columns.READ else None
        while wanted is not None and where is not None:
            held[wanted] = columns.read(connection, wanted, where)
            anchor = held[wanted].get("anchor")
            if anchor is None or not len(anchor):
                break
            wanted = "house" if wanted == "person" else "address"
            where = TABLES[wanted].c.id.in_(anchor.tolist())
        if resource not in held or not len(held[resource]["id"]):
            return None
        if "address" not in held:
            held["address"] = columns.read(connection, "address", TABLES["address"].c.id.is_(None))
    lon, lat = layers.positions(held, resource)
    return (float(lon[0]), float(lat[0])) if np.isfinite(lon[0]) else None


def _inside_grid(workspace: Workspace, entity: int) -> tuple[float, float] | None:
    table = TABLES["grid"]
    with workspace.store.read() as connection:
        text = connection.execute(select(table.c.geometry).where(table.c.id == entity)).scalar()
    shape: Any = shapely.from_geojson(text, on_invalid="ignore") if text else None
    if shape is None or shape.is_empty:
        return None
    place = shapely.point_on_surface(shape)
    return float(place.x), float(place.y)


def _unusable() -> ShapeUnusable:
    return ShapeUnusable(
        _("What was drawn encloses nothing."), cure=_("Draw a box, or a polygon with at least three corners.")
    )
