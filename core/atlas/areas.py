"""Areas of the map: grids as delivered, communities and sub-districts dissolved from the governance grids."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.spatial.boundary import district_outline, division_names

Feature = dict[str, Any]
_JOIN: Final = 1e-7
"""Degrees to which corners of neighbours are brought together (a centimetre)."""
_M2: Final = 95_300.0 * 111_000.0
"""Square metres of a square degree at Gusu (31.3° north)."""


@dataclass(frozen=True)
class Area:
    """One area of a level (``district, subdistrict, community, grid, police``); ``id`` is 0 for divisions."""

    level: str
    code: str
    name: str
    shape: BaseGeometry
    id: int = 0

    @property
    def km2(self) -> float:
        """Its area in square kilometres."""
        return float(self.shape.area) * _M2 / 1e6

    def feature(self) -> Feature:
        """As GeoJSON with name, code, id and the place of its label."""
        place = shapely.point_on_surface(self.shape)
        about = {
            "name": self.name,
            "code": self.code,
            "id": str(self.id) if self.id else "",
            "at": [place.y, place.x],
        }
        return {
            "type": "Feature",
            "properties": about,
            "geometry": orjson.loads(shapely.to_geojson(self.shape)),
        }


Areas = dict[str, list[Area]]


@permits("map.read")
def read_areas(workspace: Workspace) -> Areas:
    """Every area by level; grids whose outline cannot be read are left out."""
    table = TABLES["grid"]
    columns = (
        table.c.id,
        table.c.grid_code,
        table.c.name,
        table.c.kind,
        table.c.community_code,
        table.c.geometry,
    )
    with workspace.store.read() as connection:
        rows = connection.execute(
            select(*columns).where(table.c.retired_in.is_(None)).order_by(table.c.grid_code)
        ).all()
    shapes: Any = shapely.from_geojson([row.geometry for row in rows], on_invalid="ignore") if rows else []
    made: Areas = {
        "district": [Area("district", "", "", district_outline().geometry)],
        "grid": [],
        "police": [],
    }
    by_community: dict[str, list[BaseGeometry]] = defaultdict(list)
    for row, shape in zip(rows, shapes, strict=True):
        if shape is None or shape.is_empty:
            continue
        level = "grid" if row.kind == "governance" else "police"
        made[level].append(Area(level, row.grid_code, row.name, shape, row.id))
        if level == "grid":
            by_community[row.community_code].append(shape)
    made["community"] = _dissolved("community", by_community)
    by_subdistrict: dict[str, list[BaseGeometry]] = defaultdict(list)
    for area in made["community"]:
        by_subdistrict[f"{area.code[:9]}000"].append(area.shape)
    return made | {"subdistrict": _dissolved("subdistrict", by_subdistrict)}


def features(areas: Areas) -> dict[str, list[Feature]]:
    """All areas as GeoJSON by level, for the page."""
    return {level: [area.feature() for area in some] for level, some in areas.items()}


def around(areas: Areas, level: str, bounds: tuple[float, float, float, float]) -> list[Area]:
    """The areas of a level that touch a box (west, south, east, north)."""
    some = areas.get(level, [])
    if not some:
        return []
    hit = shapely.intersects(np.array([area.shape for area in some], dtype=object), shapely.box(*bounds))
    return [area for area, there in zip(some, hit, strict=True) if there]


def _dissolved(level: str, parts: dict[str, list[BaseGeometry]]) -> list[Area]:
    names = division_names()
    return [
        Area(
            level,
            code,
            names.get(code, code),
            shapely.union_all(shapely.make_valid(np.array(some)), grid_size=_JOIN),
        )
        for code, some in sorted(parts.items())
    ]
