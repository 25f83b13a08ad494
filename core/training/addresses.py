"""Standard addresses of the training district: sites on roads, buildings on sites, doors in buildings."""

from __future__ import annotations

import heapq
from itertools import product
from typing import Any, Final

import numpy as np
import polars as pl

from core.training.geography import Land
from core.training.words import Numbers, digits, divisions, draw, roads, words

STREET, LANE, ESTATE, OFFICE = range(4)
_SHARES: Final = (0.15, 0.05, 0.72, 0.08)
"""Of all addresses: doors along a street, doors in a lane (58弄11号), flats of estates, rooms of offices."""
_DOORS, _FEW_DOORS = (6, 22), (2, 7)
_FLOORS, _FEW_FLOORS = np.asarray([5, 6, 6, 6, 11, 18]), np.asarray([2, 3, 3])
_SMALL: Final = 6_000
"""Below so many addresses sites are small, so that most communities still have some."""
_OFFICE_ROOMS: Final = 6
_UNPLACED: Final = 0.02
"""Share of buildings that are not on the map yet: somebody has to put them there."""
_ESTATE_LIKE: Final = r"[村苑园区里庭城邸寓]$"


def addresses(rng: np.random.Generator, land: Land, count: int) -> pl.DataFrame:
    """``count`` addresses with every column of the package, ``kind`` of their site and ``bare``.

    Nothing must ever be put at a ``bare`` one (one in ten): there errors can be planted without a wake.
    """
    built = _buildings(rng, count)
    site = built["site"].to_numpy()
    sites = _sites(rng, land, built)
    lon, lat = _placed(rng, land, sites, built)
    unplaced = pl.Series(rng.random(built.height) < _UNPLACED)
    standing = built.with_columns(sites[site].drop("take")).with_columns(
        _doorplates(rng, built.height),
        lon=pl.when(~unplaced).then(pl.Series(lon).cast(pl.String)),
        lat=pl.when(~unplaced).then(pl.Series(lat).cast(pl.String)),
        crs=pl.when(~unplaced).then(pl.lit("EPSG:4490")),
        building=pl.when(pl.col("kind") == ESTATE).then(pl.format("{}幢", pl.col("nth") + 1)),
    )
    return _doors(standing, count).with_columns(bare=pl.Series(rng.random(count) < 0.1))


def _buildings(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """Buildings in a row (``site, nth, kind, floors, units, size``) with ``count`` doors in all."""
    most, small = int(np.clip(count // _SMALL, 1, 12)), count < _SMALL
    doors, stories = (_FEW_DOORS, _FEW_FLOORS) if small else (_DOORS, _FLOORS)
    house = stories.mean() * (5 if small else 4)
    estate, office = house * (min(most, 3) + most) / 2, stories.mean() * _OFFICE_ROOMS
    means = np.asarray([sum(doors) / 2, sum(doors) / 2, estate, office])
    weights = np.asarray(_SHARES) / means
    sites = int(2 * count * weights.sum()) + 50
    kind = rng.choice(4, size=sites, p=weights / weights.sum())
    each = np.select(
        [kind <= LANE, kind == ESTATE],
        [rng.integers(*doors, sites), rng.integers(min(most, 3), most + 1, sites)],
        1,
    )
    of = np.repeat(np.arange(sites), each)
    nth = np.arange(of.size) - np.repeat(np.cumsum(each) - each, each)
    floors = rng.choice(stories, size=sites)[of]  # the houses of an estate are of one make
    units = np.where(floors <= 6, rng.integers(1, 5, of.size), rng.integers(1, 3, of.size))
    high = kind[of]
    size = np.select([high <= LANE, high == ESTATE], [1, floors * units * 2], floors * _OFFICE_ROOMS)
    used = int(np.searchsorted(np.cumsum(size), count)) + 1
    size[used - 1] -= size[:used].sum() - count
    columns = {"site": of, "nth": nth, "kind": high, "floors": floors, "units": units, "size": size}
    return pl.DataFrame(columns).head(used)


def _sites(rng: np.random.Generator, land: Land, built: pl.DataFrame) -> pl.DataFrame:
    """Each site's grid, road, estate and first number; ``take`` is how many numbers of the road it uses."""
    load = built.group_by("site", maintain_order=True).agg(
        pl.col("size").sum(), pl.col("kind").first(), pl.len().alias("doors")
    )
    grid = _shared_out(rng, load["size"].to_numpy(), land.grids.height)
    where = load.with_columns(land.grids[grid].drop("geometry", "name"), grid=pl.Series(grid))
    where = where.with_columns(take=pl.when(pl.col("kind") == STREET).then("doors").otherwise(1))
    road = _roads(where["subdistrict_code"], where["rank"].to_numpy() * 2 + rng.integers(0, 4, where.height))
    numbered = where.with_columns(road=road).with_columns(
        first=pl.col("take").cum_sum().over("subdistrict_code", "road") - pl.col("take") + 1
    )
    return numbered.with_columns(estate=_estates(rng, numbered)).drop("site", "size", "kind", "doors", "rank")


def _shared_out(rng: np.random.Generator, sizes: Numbers, grids: int) -> Numbers:
    """A grid for each site: the largest first, always to the grid with the fewest doors for its appetite."""
    appetite, tie = rng.uniform(0.8, 1.25, grids), rng.permutation(grids)
    waiting = [(0.0, int(tie[grid]), grid) for grid in range(grids)]
    heapq.heapify(waiting)
    found = np.zeros(sizes.size, np.int64)
    for site in np.argsort(-sizes, kind="stable"):
        load, order, grid = waiting[0]
        found[site] = grid
        heapq.heapreplace(waiting, (load + sizes[site] / appetite[grid], order, grid))
    return found


def _roads(subdistrict: pl.Series, number: Numbers) -> pl.Series:
    """A road of the sub-district; neighbouring communities share theirs."""
    table = pl.DataFrame(
        [(code, place, road) for code, known in roads().items() for place, road in enumerate(known)],
        schema={"code": pl.String, "place": pl.Int64, "road": pl.String}, orient="row",
    )  # fmt: skip
    lengths = {code: len(known) for code, known in roads().items()}
    wanted = pl.DataFrame({"code": subdistrict, "number": number}).with_columns(
        place=pl.col("number") % pl.col("code").replace_strict(lengths, return_dtype=pl.Int64)
    )
    return wanted.join(table, on=["code", "place"], how="left", maintain_order="left")["road"]


def _estates(rng: np.random.Generator, sites: pl.DataFrame) -> pl.Expr:
    """Names of estates and office houses: the first estate of a community bears its name, no two are alike."""
    made = [head + tail for head in words("estate_heads") for tail in words("estate_tails")]
    stem = pl.col("name").str.replace(r"(社区|村委会)$", "")
    stems = (
        divisions()
        .filter(pl.col("level") == "community")
        .with_columns(stem=pl.when(stem.str.contains(_ESTATE_LIKE)).then(stem).otherwise(stem + "新村"))
    )
    known = sorted({*made, *words("estates")} - set(stems["stem"]))
    names = [known[i] for i in rng.permutation(len(known))]
    parts = (words(name) for name in ("firm_heads", "firm_middles", "office_tails"))
    built = list(map("".join, product(*parts)))
    offices = [built[i] for i in rng.permutation(len(built))]
    own = sites["community_code"].replace_strict(stems["code"], stems["stem"])
    is_first = pl.int_range(pl.len()).over("community_code", "kind") == 0
    running = pl.int_range(pl.len()).over("kind")
    return (
        pl.when((pl.col("kind") == ESTATE) & is_first).then(own)
        .when(pl.col("kind") == ESTATE).then(_numbered(names, running))
        .when(pl.col("kind") == OFFICE).then(_numbered(offices, running))
    )  # fmt: skip


def _numbered(names: list[str], running: pl.Expr) -> pl.Expr:
    """The names in turn; from the second turn on each is a later phase of building (二期, 三期 …)."""
    listed = pl.lit(pl.Series(names)).gather(running % len(names))
    phase = running // len(names)
    return listed + pl.when(phase > 0).then(pl.format("{}期", phase + 1)).otherwise(pl.lit(""))


def _placed(rng: np.random.Generator, land: Land, sites: pl.DataFrame, built: pl.DataFrame) -> Any:
    """A point for each building: doors follow one another along their street, houses stand about their estate."""
    grid, site = sites["grid"].to_numpy(), built["site"].to_numpy()
    begin, end = np.asarray(land.points_in(rng, grid)), np.asarray(land.points_in(rng, grid))
    way = np.minimum(0.1 + built["nth"].to_numpy() * 0.05, 1.0)
    along = (end - begin)[:, site] * way + rng.normal(0, 2e-5, (2, built.height))
    about = rng.normal(0, 6e-4, (2, built.height))
    offset = np.where(built["kind"].to_numpy() <= LANE, along, about)
    return land.points_near((begin[0, site], begin[1, site]), (offset[0], offset[1]), grid[site])


def _doorplates(rng: np.random.Generator, count: int) -> pl.Expr:
    """Plates by number; now and then a door beside another one has its number with a mark (甲10号, 10-1号)."""
    own, before = pl.col("first") + pl.col("nth"), pl.col("first") + pl.col("nth") - 1
    marked = draw(rng, ["", "{}-1号", "甲{}号", "{}号之一", "{}号附1"], count, [88, 5, 3, 2, 2])
    form = pl.when(pl.col("nth") % 2 == 1).then(marked).otherwise(pl.lit(""))
    return (
        pl.when(pl.col("kind") == LANE).then(pl.format("{}弄{}号", "first", pl.col("nth") + 1))
        .when(pl.col("kind") != STREET).then(pl.format("{}号", "first"))
        .when(form == "").then(pl.format("{}号", own))
        .otherwise(form.str.replace("{}", before.cast(pl.String), literal=True))
        .alias("doorplate")
    )  # fmt: skip


def _doors(standing: pl.DataFrame, count: int) -> pl.DataFrame:
    size = standing["size"].to_numpy()
    inside = np.arange(count) - np.repeat(np.cumsum(size) - size, size)
    flat, office = pl.col("kind") == ESTATE, pl.col("kind") == OFFICE
    per_unit = pl.col("floors") * 2
    level = 1 + pl.when(flat).then(pl.col("inside") % per_unit // 2).when(office).then(
        pl.col("inside") // _OFFICE_ROOMS)  # fmt: skip
    door = pl.when(flat).then(pl.col("inside") % 2).otherwise(pl.col("inside") % _OFFICE_ROOMS) + 1
    names = divisions().filter(pl.col("level") == "subdistrict")
    opened = standing[np.repeat(np.arange(standing.height), size)].with_columns(
        inside=pl.Series(inside), address_code=pl.col("community_code") + digits(np.arange(1, count + 1), 8)
    ).with_columns(
        unit=pl.when(flat).then(pl.format("{}单元", pl.col("inside") // per_unit + 1)),
        floor=level.cast(pl.String), room=pl.when(flat | office).then(pl.format("{}室", level * 100 + door)),
    )  # fmt: skip
    detail = (pl.col(name).fill_null("") for name in ("estate", "building", "unit", "room"))
    town = pl.col("subdistrict_code").replace_strict(names["code"], names["name"])
    return opened.with_columns(
        full_text=pl.concat_str(pl.lit("江苏省苏州市姑苏区"), town, "road", "doorplate", *detail),
        status=pl.lit("active"),
    )
