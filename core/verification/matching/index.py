"""The index: every standard address by site (road, door plate, estate) and by building, unit and room."""

from __future__ import annotations

import csv
import functools
import threading
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import func, select

from core.model.ledger import change_set
from core.model.registry import TABLES
from core.security.workspace import Workspace, permits
from core.settings import RESOURCES
from core.verification.matching.normal import normal

COLUMNS: Final = (
    "address_code", "full_text", "subdistrict_code", "road", "doorplate", "estate", "building", "unit", "room",
)  # fmt: skip
TAILS: Final = (
    "新村", "小区", "花园", "家园", "公寓", "花苑", "雅苑", "名邸", "佳苑", "苑", "商务广场", "广场", "大厦", "文创园",
    "商务楼", "大楼",
)  # fmt: skip
_LEVEL: Final = r"[^0-9A-Z甲乙丙丁\-]"


@dataclass(frozen=True)
class Index:
    """What a district's standard addresses look like in the one spelling.

    ``addresses``: ``site, b, u, r, address_code, full_text`` · ``sites``: ``site, road, door, estate, town`` and
    ``one_town`` (the road lies in this sub-district only) · ``names``: ``name, kind`` (road, estate), ``real``
    (the name meant; an alias leads to it) · ``stems``: the same for estates without their tail (运河 for 运河新村).
    """

    addresses: pl.DataFrame
    sites: pl.DataFrame
    names: pl.DataFrame
    stems: pl.DataFrame

    @property
    def towns(self) -> dict[str, str]:
        """Sub-district names (with 街道) and their codes."""
        return _towns()


def build(rows: pl.DataFrame) -> Index:
    """The index over rows with ``COLUMNS``."""
    parts = rows.with_columns(
        pl.Series(name, normal(rows[name]))
        for name in ("road", "doorplate", "estate", "building", "unit", "room")
    )
    levels = parts.with_columns(
        door=door_key(pl.col("doorplate")),
        town=pl.col("subdistrict_code"),
        b=pl.col("building").str.replace_all(_LEVEL, ""),
        u=pl.col("unit").str.replace_all(_LEVEL, ""),
        r=pl.col("room").str.replace_all(_LEVEL, ""),
    )
    key = ["town", "road", "door", "estate"]
    sites = levels.select(key).unique(maintain_order=True).with_row_index("site")
    addresses = levels.join(sites, on=key).select("site", "b", "u", "r", "address_code", "full_text")
    sites = sites.with_columns(one_town=pl.col("town").n_unique().over("road") == 1)
    return Index(addresses, sites, *_names(sites))


def door_key(door: pl.Expr) -> pl.Expr:
    """A door plate without its 号: 10-1号 → 10-1, 10号之1 → 10之1, 甲10号 → 甲10, 58弄11号 → 58弄11."""
    return door.str.replace_all("号", "").str.replace_all(r"\|", "")


@permits("registry.read")
def index_of(workspace: Workspace) -> Index:
    """The index of the store's present addresses, made once for each state of the registry."""
    with workspace.store.read() as connection:
        state = connection.execute(select(func.max(change_set.c.id))).scalar() or 0
        key = (workspace.store.location, state)
        with _LOCK:
            if key in _KEPT:
                return _KEPT[key]
        table = TABLES["address"]
        present = select(*(table.c[name] for name in COLUMNS)).where(
            table.c.retired_in.is_(None), table.c.status == "active"
        )
        rows = [tuple(row) for row in connection.execute(present)]
    made = build(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row"))
    with _LOCK:
        _KEPT.clear()
        _KEPT[key] = made
    return made


_LOCK = threading.Lock()
_KEPT: dict[Any, Index] = {}


def _names(sites: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Roads and estates, with other tails of estates; and estates without a tail, where they can mean one only."""
    roads = sites.select(name="road").filter(pl.col("name") != "").unique().with_columns(kind=pl.lit("road"))
    estates = (
        sites.select(name="estate").filter(pl.col("name") != "").unique().with_columns(kind=pl.lit("estate"))
    )
    real = pl.concat([roads, estates]).unique("name", keep="last").with_columns(real="name")
    tails = "|".join(sorted(TAILS, key=len, reverse=True))
    cut = estates.with_columns(stem=pl.col("name").str.replace(rf"(?:{tails})$", "")).filter(
        (pl.col("stem") != pl.col("name")) & (pl.col("stem").str.len_chars() >= 2)
    )
    cut = cut.filter(pl.len().over("stem") == 1)
    other = pl.concat(
        [cut.select("kind", name=pl.col("stem") + tail, real="name") for tail in ("小区", "新村")]
    )
    aliases = other.filter(~pl.col("name").is_in(real["name"].implode()))
    return pl.concat([real, aliases.select(real.columns)]), cut.select(
        "kind", name="stem", real="name"
    ).select(real.columns)


@functools.cache
def _towns() -> dict[str, str]:
    with (RESOURCES / "divisions" / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["code"] for row in csv.DictReader(file) if row["level"] == "subdistrict"}


@functools.cache
def communities() -> tuple[str, ...]:
    """The names of communities in the one spelling: they may stand in an address and settle nothing."""
    with (RESOURCES / "divisions" / "gusu_divisions.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["level"] == "community"]
    return tuple(normal(pl.Series(names)).to_list())
