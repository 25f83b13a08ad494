"""What is kept and what is overdue by grid, over the whole registry: counted by columns, one reading of each table.

Joined by the database a million people take a minute, because each looks for its house and address in an encrypted
index; read in the order in which they lie and joined in memory they take seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, select

from core.model.registry import TABLES
from core.store import bulk

_AT_ONCE: Final = 20_000
"""Rows taken at once: few enough that a window beside this work does not feel it."""
_TOGETHER: Final = 10
"""So many of them are counted together: a table of a million is never in memory whole."""
_GRID: Final = "grid_code"
Counts = Mapping[str, tuple[int, int, str]]
"""By grid code: how many, how many of them overdue, and the oldest collection."""


def counted(connection: Connection, limits: Mapping[str, str]) -> Mapping[str, Counts]:
    """The counts of each resource; ``limits`` is by grid the day (ISO) before which a collection is overdue."""
    days = pl.DataFrame(
        {_GRID: [*limits], "limit": [*limits.values()]}, schema={_GRID: pl.String, "limit": pl.String}
    )
    made: dict[str, Counts] = {}
    made["address"], addresses = _gone_through(connection, "address", ("address_code", _GRID), None, days)
    made["house"], houses = _gone_through(
        connection, "house", ("house_code", "address_code"), addresses, days
    )
    made["person"], _ = _gone_through(connection, "person", ("house_code",), houses, days)
    made["organisation"], _ = _gone_through(connection, "organisation", ("address_code",), addresses, days)
    return made


def _gone_through(
    connection: Connection,
    resource: str,
    names: tuple[str, ...],
    there: pl.DataFrame | None,
    days: pl.DataFrame,
) -> tuple[Counts, pl.DataFrame]:
    """The counts of a resource, and in which grid each of its first column's codes lies.

    ``there`` says in which grid each code of its last column lies; without it the rows say so themselves.
    """
    counts, codes = [_by_grid(_EMPTY, days)], [pl.DataFrame(schema={names[0]: pl.String, _GRID: pl.String})]
    for rows in _parts(connection, resource, names):
        placed = rows if there is None else rows.join(there, on=names[-1], how="left")
        counts.append(_by_grid(placed, days))
        if len(names) > 1:
            codes.append(placed.select(names[0], _GRID))
    summed = pl.concat(counts).group_by(_GRID).agg(pl.col("count", "late").sum(), pl.col("oldest").min())
    return {code: (count, late, oldest or "") for code, count, late, oldest in summed.iter_rows()}, pl.concat(
        codes
    )


def _parts(connection: Connection, resource: str, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The columns named of every row, when each was collected, and whether it is in use; some at a time."""
    table = TABLES[resource]
    types: dict[str, Any] = {**dict.fromkeys((*names, "collected_at"), pl.String), "retired_in": pl.Int64}
    batches = bulk.batches(connection, select(*(table.c[name] for name in types)), _AT_ONCE)
    frames = (pl.DataFrame(
        [pl.Series(name, values, dtype=kind)
         for (name, kind), values in zip(types.items(), zip(*rows, strict=True), strict=True)]
    ) for rows in batches)  # fmt: skip
    while some := list(itertools.islice(frames, _TOGETHER)):
        yield pl.concat(some)


_EMPTY: Final = pl.DataFrame(schema={_GRID: pl.String, "collected_at": pl.String, "retired_in": pl.Int64})


def _by_grid(rows: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    here = rows.filter(pl.col("retired_in").is_null(), pl.col(_GRID).is_not_null())
    late = (pl.col("collected_at") < pl.col("limit")).fill_null(value=False)
    return (
        here.join(days, on=_GRID, how="left").group_by(_GRID)
        .agg(pl.len().alias("count"), late.sum().alias("late"), pl.col("collected_at").min().alias("oldest"))
    )  # fmt: skip
