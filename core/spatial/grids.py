"""The base map: outline, sub-districts, communities and grids, dissolved from the grids that were delivered."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.spatial.boundary import district_outline, division_names

Feature = dict[str, Any]


@permits("map.read")
def base_map(workspace: Workspace) -> dict[str, list[Feature]]:
    """GeoJSON features by level (``district, subdistrict, community, grid``), each with a name and label place."""
    table = TABLES["grid"]
    columns = (table.c.id, table.c.grid_code, table.c.name, table.c.community_code, table.c.geometry)
    with workspace.store.read() as connection:
        rows = connection.execute(select(*columns).where(table.c.retired_in.is_(None))).all()
    names = division_names()
    shapes: Any = shapely.from_geojson([row.geometry for row in rows], on_invalid="ignore") if rows else []
    grids = [
        _feature(shape, row.name, row.id)
        for row, shape in zip(rows, shapes, strict=True)
        if shape is not None
    ]
    by_community: dict[str, list[BaseGeometry]] = defaultdict(list)
    for row, shape in zip(rows, shapes, strict=True):
        if shape is not None:
            by_community[row.community_code].append(shape)
    communities = {code: shapely.union_all(parts, grid_size=1e-7) for code, parts in by_community.items()}
    by_subdistrict: dict[str, list[BaseGeometry]] = defaultdict(list)
    for code, shape in communities.items():
        by_subdistrict[f"{code[:9]}000"].append(shape)
    return {
        "district": [_feature(district_outline().geometry, "")],
        "subdistrict": [
            _feature(shapely.union_all(parts, grid_size=1e-7), names.get(code, code))
            for code, parts in by_subdistrict.items()
        ],
        "community": [_feature(shape, names.get(code, code)) for code, shape in communities.items()],
        "grid": grids,
    }


def _feature(shape: BaseGeometry, name: str, entity: int = 0) -> Feature:
    place = shapely.point_on_surface(shape)
    return {
        "type": "Feature",
        "properties": {"name": name, "id": str(entity) if entity else "", "at": [place.y, place.x]},
        "geometry": orjson.loads(shapely.to_geojson(shape)),
    }
