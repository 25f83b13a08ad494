"""The registry as the map needs it: a few numbers a row, kept in memory in the order of the ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import ColumnElement, Connection, select

from core.model.registry import TABLES
from core.spatial.coordinates import to_wgs84
from core.store import bulk
from core.verification.keys import hashed

Numbers = npt.NDArray[Any]
Columns = dict[str, Numbers]
"""``id, changed, alive, day`` and, where the resource has them, ``lon, lat, anchor, community, grid``.

``lon`` and ``lat`` are WGS-84, NaN where there is none; ``anchor``, ``community`` and ``grid`` are ids of what the row
points to (0 for nothing); ``day`` is the day of collection, counted from 1970-01-01; dead rows are kept for undo.
"""
ANCHORS: Final = {
    "house": "address_code", "person": "house_code", "organisation": "address_code", "place": "address_code",
    "thing": "address_code", "event": "address_code", "dispute": "address_code", "hazard": "address_code",
}  # fmt: skip
"""What a row stands at when it has no position of its own."""
READ: Final = ("address", *ANCHORS)
_AT_ONCE: Final = 20_000
"""Rows taken at once: few enough that a window beside this work does not feel it."""


def read(connection: Connection, resource: str, where: ColumnElement[bool] | None = None) -> Columns:
    """The columns of all rows, or of those that match."""
    table = TABLES[resource]
    names = [name for name in ("lon", "lat", "crs", "community_code", "grid_code") if name in table.c]
    names += [ANCHORS[resource]] if resource in ANCHORS else []
    names += ["move_out"] if resource == "person" else []
    query = select(*(table.c[n] for n in ("id", "changed_in", "retired_in", "collected_at", *names)))
    chosen = query if where is None else query.where(where)
    types = {"id": pl.Int64, "changed_in": pl.Int64, "retired_in": pl.Int64, "collected_at": pl.String}
    types |= {name: pl.Float64 if name in {"lon", "lat"} else pl.String for name in names}
    parts = [_numbers(_frame(some, types)) for some in bulk.batches(connection, chosen, _AT_ONCE)]
    whole = pl.concat(parts) if parts else _numbers(pl.DataFrame(schema=types))
    return _placed(whole.sort("id"))


def _frame(rows: Sequence[Any], types: dict[str, Any]) -> pl.DataFrame:
    """Rows column by column, which takes half of what taking them one by one does."""
    given = zip(types.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, values, dtype=kind) for (name, kind), values in given])


def by_ids(connection: Connection, resource: str, ids: Sequence[int]) -> Columns | None:
    """The columns of the rows that there still are among ``ids``."""
    made: Columns | None = None
    for some in bulk.chunks(ids):
        part = read(connection, resource, TABLES[resource].c.id.in_(some))
        made = part if made is None else merged(made, part)
    return made


def merged(old: Columns, new: Columns, gone: Numbers | None = None) -> Columns:
    """``old`` with the rows of ``new`` in the place of their former selves, without ``gone``."""
    replaced = new["id"] if gone is None else np.concatenate((new["id"], gone))
    stay = ~np.isin(old["id"], replaced)
    whole = {name: np.concatenate((old[name][stay], new[name])) for name in old}
    order = np.argsort(whole["id"], kind="stable")
    return {name: values[order] for name, values in whole.items()}


def lookup(ids: Numbers, wanted: Numbers) -> Numbers:
    """Where each of ``wanted`` stands among sorted ``ids``; -1 where it does not."""
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, place, -1)


def _numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Texts as numbers, so that a million rows stay small."""
    pointing = {
        "community_code": "community",
        "grid_code": "grid",
        "address_code": "anchor",
        "house_code": "anchor",
    }
    alive = pl.col("retired_in").is_null()
    if "move_out" in rows.columns:
        alive &= pl.col("move_out").is_null()
    day = pl.col("collected_at").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    made = [
        pl.col("id"), pl.col("changed_in").cast(pl.Int32).alias("changed"), alive.alias("alive"),
        day.cast(pl.Int32).fill_null(0).alias("day"),
        *(hashed(pl.col(n)).fill_null(0).alias(to) for n, to in pointing.items() if n in rows.columns),
    ]  # fmt: skip
    if "crs" in rows.columns:
        made += [pl.col("lon"), pl.col("lat"), pl.col("crs").fill_null("EPSG:4490")]
    return rows.select(made)


def _placed(rows: pl.DataFrame) -> Columns:
    columns = {name: rows[name].to_numpy() for name in rows.columns if name != "crs"}
    if "crs" not in rows.columns:
        return columns
    lon, lat = (columns[name].astype(np.float64).copy() for name in ("lon", "lat"))
    known = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    lon[~known], lat[~known] = np.nan, np.nan
    for crs in set(rows["crs"].unique().to_list()) - {"EPSG:4490", "EPSG:4326"}:
        there = (rows["crs"] == crs).to_numpy() & known
        lon[there], lat[there] = to_wgs84(lon[there], lat[there], crs)
    return columns | {"lon": lon, "lat": lat}
