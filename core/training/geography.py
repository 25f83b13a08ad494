"""The training district's land: the outline divided without gaps or overlaps into communities and grids."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely
from shapely.geometry.base import BaseGeometry

from core.settings import RESOURCES
from core.training.words import divisions

HOUSEHOLDS_A_GRID = 400
"""GB/T 34300-2017: a grid has 300 to 500 households."""


@dataclass(frozen=True)
class Land:
    """Grid cells with the codes they belong to (row by row) and the geometry of each."""

    grids: pl.DataFrame
    cells: npt.NDArray[Any]

    def scatter(self, rng: np.random.Generator, count: int) -> tuple[Any, Any, Any]:
        """``count`` random points in the district: longitudes, latitudes, and the row of the grid of each."""
        tree = shapely.STRtree(self.cells)
        west, south, east, north = shapely.total_bounds(self.cells)
        found: list[Any] = []
        while sum(len(part[0]) for part in found) < count:
            lon = np.round(rng.uniform(west, east, 2 * count), 6)
            lat = np.round(rng.uniform(south, north, 2 * count), 6)
            point, grid = tree.query(shapely.points(lon, lat), predicate="within")
            _, first = np.unique(point, return_index=True)
            found.append((lon[point[first]], lat[point[first]], grid[first]))
        lon, lat, grid = (np.concatenate(parts)[:count] for parts in zip(*found, strict=True))
        return lon, lat, grid


def make_land(rng: np.random.Generator, households: int) -> Land:
    """Divides the district's outline among its 171 communities and each community into grids."""
    (outline,) = shapely.get_parts(shapely.from_geojson((RESOURCES / "divisions" / "gusu_boundary.geojson").read_text("utf-8")))
    communities = divisions().filter(pl.col("level") == "community")
    cells = _divide(rng, outline, communities.height)
    placed = _assign(cells, communities)
    each = max(1, round(households / communities.height / HOUSEHOLDS_A_GRID))
    rows: list[dict[str, Any]] = []
    grids: list[BaseGeometry] = []
    for cell, community in zip(cells, placed, strict=True):
        for number, part in enumerate(_divide(rng, cell, each), 1):
            rows.append(_grid(community, number, part))
            grids.append(part)
    return Land(pl.DataFrame(rows), np.asarray(grids, dtype=object))


def _divide(rng: np.random.Generator, area: BaseGeometry, parts: int) -> list[BaseGeometry]:
    """Voronoi cells of ``parts`` random points, clipped to the area; together they are the area."""
    if parts == 1:
        return [area]
    west, south, east, north = area.bounds
    points: list[Any] = []
    while len(points) < parts:
        some: Any = shapely.points(rng.uniform(west, east, 4 * parts), rng.uniform(south, north, 4 * parts))
        points += list(some[shapely.contains(area, some)])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points[:parts]), extend_to=area))
    clipped = shapely.intersection(cells, area)
    return sorted(clipped, key=lambda cell: (round(cell.centroid.y, 9), round(cell.centroid.x, 9)))


def _assign(cells: list[BaseGeometry], communities: pl.DataFrame) -> list[dict[str, Any]]:
    """Gives each cell a community so that every sub-district is one block of neighbouring cells."""
    centres = np.asarray([(cell.centroid.x, cell.centroid.y) for cell in cells])
    blocks = [part.to_dicts() for part in communities.partition_by("parent_code", maintain_order=True)]
    placed: list[dict[str, Any]] = [{} for _ in cells]

    def halve(chosen: npt.NDArray[np.int64], groups: list[list[dict[str, Any]]]) -> None:
        if len(groups) == 1:
            for index, community in zip(chosen, groups[0], strict=True):
                placed[index] = community
            return
        half = len(groups) // 2
        spread = np.ptp(centres[chosen], axis=0)
        order = chosen[np.argsort(centres[chosen][:, int(np.argmax(spread))], kind="stable")]
        cut = sum(len(group) for group in groups[:half])
        halve(order[:cut], groups[:half])
        halve(order[cut:], groups[half:])

    halve(np.arange(len(cells)), blocks)
    return placed


def _grid(community: dict[str, Any], number: int, cell: BaseGeometry) -> dict[str, Any]:
    return {
        "grid_code": f"{community['code']}{number:03d}",
        "name": f"{community['name']}第{number}网格",
        "community_code": community["code"],
        "subdistrict_code": community["parent_code"],
        "geometry": json.dumps(json.loads(shapely.to_geojson(cell)), separators=(",", ":")),
    }
