"""What is kept and what is overdue by grid, over the whole registry: counted by columns, one reading of each table.

Joined by the database a million people take a minute, because each looks for its house and address in an encrypted
index; read in the order in which they lie and joined in memory they take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, select

from core.model.registry import TABLES
from core.store import bulk

_AT_ONCE: Final = 20_000
"""Rows taken at once: few enough that a window beside this work does not feel it."""
_ANCHORS: Final = {"house": "address_code", "person": "house_code", "organisation": "address_code"}
Counts = Mapping[str, tuple[int, int, str]]
"""By grid code: how many, how many of them overdue, and the oldest collection."""


def counted(connection: Connection, limits: Mapping[str, str]) -> Mapping[str, Counts]:
    """The counts of each resource; ``limits`` is by grid the day (ISO) before which a collection is overdue."""
    addresses = _read(connection, "address", "address_code", "grid_code")
    houses = _read(connection, "house", "house_code", _ANCHORS["house"]).join(
        addresses.select("address_code", "grid_code"), on="address_code", how="left"
    )
    where = {"address_code": addresses, "house_code": houses}
    made = {"address": _by_grid(addresses, limits), "house": _by_grid(houses, limits)}
    for resource in ("person", "organisation"):
        anchor = _ANCHORS[resource]
        there = where[anchor].select(anchor, "grid_code")
        made[resource] = _by_grid(
            _read(connection, resource, anchor).join(there, on=anchor, how="left"), limits
        )
    return made


def _read(connection: Connection, resource: str, *names: str) -> pl.DataFrame:
    """The columns named of every row, when each was collected, and whether it is in use."""
    table = TABLES[resource]
    types: dict[str, Any] = {**dict.fromkeys((*names, "collected_at"), pl.String), "retired_in": pl.Int64}
    query = select(*(table.c[name] for name in types))
    parts = [
        pl.DataFrame(
            [
                pl.Series(name, values, dtype=kind)
                for (name, kind), values in zip(types.items(), zip(*rows, strict=True), strict=True)
            ]
        )
        for rows in bulk.batches(connection, query, _AT_ONCE)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=types)


def _by_grid(rows: pl.DataFrame, limits: Mapping[str, str]) -> Counts:
    days = pl.DataFrame(
        {"grid_code": [*limits], "limit": [*limits.values()]},
        schema={"grid_code": pl.String, "limit": pl.String},
    )
    here = rows.filter(pl.col("retired_in").is_null(), pl.col("grid_code").is_not_null())
    late = (pl.col("collected_at") < pl.col("limit")).fill_null(value=False)
    found = (
        here.join(days, on="grid_code", how="left").group_by("grid_code")
        .agg(pl.len().alias("count"), late.sum().alias("late"), pl.col("collected_at").min().alias("oldest"))
    )  # fmt: skip
    return {code: (count, some, oldest or "") for code, count, some, oldest in found.iter_rows()}
