"""The training district's land: the outline divided without gaps or overlaps down to the grids.

The true inner borders are not public. Grids are the Voronoi cells of points strewn through the outline,
a community is the sum of its grids and a sub-district the sum of its communities, so every level is a
partition by construction and neighbours share their corners to the last digit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from core.settings import RESOURCES
from core.training.words import Degrees, Numbers, divisions

HOUSEHOLDS_A_GRID: Final = 400
"""GB/T 34300-2017: a grid has 300 to 500 households."""

_CENTRES: Final = {
    "320508017000": (120.563, 31.352), "320508018000": (120.633, 31.322), "320508019000": (120.596, 31.314),
    "320508020000": (120.607, 31.296), "320508021000": (120.637, 31.300), "320508022000": (120.578, 31.333),
    "320508023000": (120.615, 31.343), "320508024000": (120.615, 31.272),
}  # fmt: skip
"""About where each sub-district lies."""
_OLD_CITY: Final = (120.622, 31.308)
_SHRINK: Final = 0.8545
"""A degree of longitude in degrees of latitude at Gusu: shapes are made where both are equally long."""
_CORNER_DIGITS, _POINT_DIGITS = 7, 6
Cells = npt.NDArray[Any]


@dataclass(frozen=True)
class Land:
    """Grids (``grid_code, name, community_code, subdistrict_code, rank, geometry``) and, row by row, their cells.

    ``rank`` counts the communities of a sub-district along the land, so that near ranks are neighbours.
    """

    grids: pl.DataFrame
    cells: Cells
    bounds: Degrees = field(init=False)

    def __post_init__(self) -> None:
        shapely.prepare(self.cells)
        object.__setattr__(self, "bounds", shapely.bounds(self.cells))

    def points_in(self, rng: np.random.Generator, grid: Numbers) -> tuple[Degrees, Degrees]:
        """A random point (longitude, latitude) in each of the grids given by row."""
        lon, lat = np.zeros(grid.size), np.zeros(grid.size)
        left = np.arange(grid.size)
        while left.size:
            west, south, east, north = self.bounds[grid[left]].T
            lon[left] = np.round(rng.uniform(west, east), _POINT_DIGITS)
            lat[left] = np.round(rng.uniform(south, north), _POINT_DIGITS)
            left = left[~self._holds(grid[left], lon[left], lat[left])]
        return lon, lat

    def points_near(
        self, from_point: tuple[Degrees, Degrees], offset: tuple[Degrees, Degrees], grid: Numbers
    ) -> tuple[Degrees, Degrees]:
        """The points moved by ``offset``; where that leaves the grid the way is halved, at last to nothing."""
        east, north = offset
        for _attempt in range(8):
            lon = np.round(from_point[0] + east, _POINT_DIGITS)
            lat = np.round(from_point[1] + north, _POINT_DIGITS)
            inside = self._holds(grid, lon, lat)
            if inside.all():
                return lon, lat
            east, north = np.where(inside, east, east / 2), np.where(inside, north, north / 2)
        return np.where(inside, lon, from_point[0]), np.where(inside, lat, from_point[1])

    def _holds(self, grid: Numbers, lon: Degrees, lat: Degrees) -> npt.NDArray[np.bool_]:
        held: npt.NDArray[np.bool_] = shapely.contains_xy(self.cells[grid], lon, lat)
        return held


def make_land(rng: np.random.Generator, households: int) -> Land:
    """Divides the outline into 8 sub-districts, 171 communities and grids of about 400 households."""
    outline = _scaled(_outline(), _SHRINK)
    centres = _spread(rng, outline, divisions().filter(pl.col("level") == "community").height)
    communities = _assign(centres)
    seeds, owner = _grid_seeds(
        rng, outline, centres, max(len(centres), round(households / HOUSEHOLDS_A_GRID))
    )
    cells = _corners_rounded(_scaled(_cells(seeds, outline), 1 / _SHRINK))
    order = np.lexsort((seeds[:, 0], -seeds[:, 1], communities["code"].rank("dense").to_numpy()[owner]))
    cells, named = cells[order], communities[owner[order]]
    number = pl.int_range(1, pl.len() + 1).over("code")
    grids = named.select(
        pl.concat_str("code", number.cast(pl.String).str.zfill(3)).alias("grid_code"),
        pl.format("{}第{}网格", "name", number).alias("name"),
        community_code="code", subdistrict_code="parent_code", rank="rank",
        geometry=pl.Series([_geojson(cell) for cell in cells], dtype=pl.String),
    )  # fmt: skip
    return Land(grids, cells)


def _outline() -> Any:
    text = (RESOURCES / "divisions" / "gusu_boundary.geojson").read_text("utf-8")
    return shapely.get_parts(shapely.from_geojson(text))[0]


def _scaled(shape: Any, factor: float) -> Any:
    return shapely.transform(shape, lambda corners: corners * [factor, 1])


def _cells(seeds: Degrees, outline: Any) -> Cells:
    """The part of the outline that is nearest to each seed, in the order of the seeds."""
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=outline))
    seed, cell = shapely.STRtree(found).query(shapely.points(seeds), predicate="within")
    order = np.empty(len(seeds), np.int64)
    order[seed] = cell
    clipped: Cells = shapely.intersection(found[order], outline)
    return clipped


def _spread(rng: np.random.Generator, outline: Any, count: int) -> Degrees:
    """The centres of ``count`` communities: closer together in the old city, and nowhere crowded."""
    middle = np.asarray(_OLD_CITY) * [_SHRINK, 1]

    def wanted(points: Degrees) -> npt.NDArray[np.bool_]:
        near = np.exp(-(((points - middle) / 0.025) ** 2).sum(1))
        keep: npt.NDArray[np.bool_] = rng.random(len(points)) < 0.3 + 0.7 * near
        return keep

    centres = _strewn(rng, outline, count, wanted)
    for _round in range(3):
        middles = shapely.centroid(_cells(centres, outline))
        inside = shapely.contains(outline, middles)
        centres = np.where(inside[:, None], shapely.get_coordinates(middles), centres)
    return centres


def _strewn(
    rng: np.random.Generator,
    area: Any,
    count: int,
    wanted: Callable[[Degrees], npt.NDArray[np.bool_]] | None = None,
) -> Degrees:
    west, south, east, north = area.bounds
    found: list[Degrees] = []
    while sum(map(len, found)) < count:
        points = np.column_stack([rng.uniform(west, east, 4 * count), rng.uniform(south, north, 4 * count)])
        inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
        found.append(points[inside & (wanted(points) if wanted else True)])
    return np.concatenate(found)[:count]


def _assign(centres: Degrees) -> pl.DataFrame:
    """Each centre's community (``code, parent_code, name, rank``): sub-districts are blocks of neighbours."""
    table = divisions().filter(pl.col("level") == "community")
    codes = list(_CENTRES)
    room = np.asarray([table.filter(pl.col("parent_code") == code).height for code in codes])
    block = _balanced(centres, np.asarray(list(_CENTRES.values())) * [_SHRINK, 1], room)
    along = centres.sum(1)
    order = np.lexsort((along, block))  # sub-district by sub-district, each along the land
    listed = table.sort("parent_code", "code").with_columns(rank=pl.int_range(pl.len()).over("parent_code"))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return listed[place]


def _balanced(points: Degrees, anchors: Degrees, room: Numbers) -> Numbers:
    """The nearest anchor of each point, after each anchor's pull is tuned until it has its ``room`` of points."""
    distance = ((points[:, None] - anchors) ** 2).sum(2)
    pull, block, lacking = np.zeros(len(anchors)), np.zeros(len(points), np.int64), room
    for step in range(2_000):
        block = np.argmin(distance - pull, axis=1).astype(np.int64)
        lacking = room - np.bincount(block, minlength=len(anchors))
        if not lacking.any():
            break
        pull += lacking * 4e-6 / (1 + step / 50)
    while lacking.any():  # a tie that no pull can break: the cheapest point changes sides
        full, short = int(np.argmin(lacking)), int(np.argmax(lacking))
        mine = np.flatnonzero(block == full)
        block[mine[np.argmin((distance[:, short] - distance[:, full])[mine])]] = short
        lacking = room - np.bincount(block, minlength=len(anchors))
    return block


def _grid_seeds(
    rng: np.random.Generator, outline: Any, centres: Degrees, count: int
) -> tuple[Degrees, Numbers]:
    """The seeds of ``count`` grids and the community of each: one at least for every community."""
    extra = rng.multinomial(count - len(centres), np.full(len(centres), 1 / len(centres)))
    seeds, owner = [], np.repeat(np.arange(len(centres)), extra + 1)
    for cell, centre, more in zip(_cells(centres, outline), centres, extra, strict=True):
        seeds.append(_apart(rng, cell, int(more) + 1) if more else centre[None])
    return np.concatenate(seeds), owner


def _apart(rng: np.random.Generator, cell: Any, count: int) -> Degrees:
    """``count`` points in the cell, each the candidate that is farthest from those before it."""
    chosen = _strewn(rng, cell, 1)
    for _more in range(count - 1):
        candidates = _strewn(rng, cell, 12)
        nearest = ((candidates[:, None] - chosen) ** 2).sum(2).min(1)
        chosen = np.concatenate([chosen, candidates[[int(np.argmax(nearest))]]])
    return chosen


def _corners_rounded(cells: Cells) -> Cells:
    """Corners to a centimetre: neighbours round the same corner to the same place."""
    rounded: Cells = shapely.transform(cells, lambda corners: np.round(corners, _CORNER_DIGITS))
    return rounded


def _geojson(cell: Any) -> str:
    return json.dumps(json.loads(shapely.to_geojson(cell)), separators=(",", ":"))
