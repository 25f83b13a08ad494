"""Writing registry rows: superseded versions are kept, first loads build their indexes at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl
from sqlalchemy import Connection, Table, bindparam, delete, func as sql, insert, literal, select, update

from core.model.ledger import recollected
from core.model.registry import HISTORY, TABLES
from core.model.resources import Resource
from core.store import bulk, reading

_PART: Final = 2_000
"""Rows a batch."""


def supersede(connection: Connection, resource: str, ids: Sequence[int], change_set: int) -> None:
    """Copies the present versions of ``ids`` into the history, as superseded in ``change_set``.

    Versions that the same change set wrote are its own halfway stages and are not kept.
    """
    table, history = TABLES[resource], HISTORY[resource]
    columns = [column.name for column in table.columns]
    for some in bulk.chunks(ids):
        present = select(*table.columns, literal(change_set)).where(
            reading.among(connection, table.c.id, some), table.c.changed_in != change_set
        )
        connection.execute(insert(history).from_select([*columns, "superseded_in"], present))


def remove(connection: Connection, resource: str, ids: Sequence[int]) -> None:
    """Deletes the present versions of ``ids``."""
    table = TABLES[resource]
    for some in bulk.chunks(ids):
        connection.execute(delete(table).where(reading.among(connection, table.c.id, some)))


def write(connection: Connection, resource: Resource, rows: pl.DataFrame, change_set: int) -> None:
    """Loads rows in id order; into a table that they will dominate, indexes are built afterwards."""
    if rows.is_empty():
        return
    table = TABLES[resource.name]
    columns = [c.name for c in table.columns if c.name != "retired_in" or "retired_in" in rows.columns]
    ready = rows.with_columns(pl.lit(change_set).alias("changed_in")).select(columns).sort("id")
    dominates = ready.height > 20_000 and ready.height > 0.5 * _count(connection, table)
    indexes = bulk.drop_indexes(connection, table, _appended(ready, change_set)) if dominates else []
    constants = _constants(ready)
    absent = [name for name in ready.columns if ready[name].null_count() == ready.height]
    varying = ready.drop(constants, *absent)
    batches = ([column.to_list() for column in part] for part in varying.iter_slices(_PART))
    bulk.insert_columns(connection, table, varying.columns, batches, constants)
    bulk.create_indexes(connection, indexes)


def _constants(rows: pl.DataFrame) -> dict[str, int | str]:
    """What every row says alike, by column: provenance, source, mostly the reference system."""
    same = {}
    for name, kind in rows.schema.items():
        value = rows[name][0] if kind in (pl.Int64, pl.String) else None
        if value is not None and "\0" not in str(value) and (rows[name] == value).all(ignore_nulls=False):
            same[name] = value
    return same


def _appended(rows: pl.DataFrame, change_set: int) -> tuple[str, ...]:
    """Columns to whose indexes a load adds nothing (no row is retired), or at the end only (the newest change set)."""
    retired = "retired_in" in rows.columns and rows["retired_in"].null_count() < rows.height
    newest = rows.height > 0 and rows["changed_in"].min() == change_set
    return (*(() if retired else ("retired_in",)), *(("changed_in",) if newest else ()))


def collect_anew(connection: Connection, resource: Resource, rows: pl.DataFrame, change_set: int) -> None:
    """Moves on when, and by whom, unchanged rows were last collected; what it was before is kept for undo."""
    if rows.is_empty():
        return
    table, ids = TABLES[resource.name], rows["id"].to_list()
    for some in bulk.chunks(ids):
        before = select(
            literal(change_set), literal(resource.name), table.c.id, table.c.collected_at, table.c.collector
        )
        connection.execute(
            insert(recollected).from_select(
                recollected.c.keys(), before.where(reading.among(connection, table.c.id, some))
            )
        )
    now = update(table).where(table.c.id == bindparam("entity"))
    values = rows.select(
        pl.col("id").alias("entity"), pl.col("collected_at").alias("at"), pl.col("collector").alias("by")
    )
    connection.execute(
        now.values(collected_at=bindparam("at"), collector=bindparam("by")), values.sort("entity").to_dicts()
    )


def collected_before(connection: Connection, change_set: int) -> None:
    """Takes ``collect_anew`` back (for undo)."""
    mine = recollected.c.change_set == change_set
    for name in connection.execute(select(recollected.c.resource).where(mine).distinct()).scalars().all():
        table = TABLES[name]
        kept = select(recollected.c.collected_at, recollected.c.collector).where(
            mine, recollected.c.resource == name, recollected.c.entity == table.c.id
        )
        chosen = table.c.id.in_(select(recollected.c.entity).where(mine, recollected.c.resource == name))
        at = kept.with_only_columns(recollected.c.collected_at).scalar_subquery()
        by = kept.with_only_columns(recollected.c.collector).scalar_subquery()
        connection.execute(update(table).where(chosen).values(collected_at=at, collector=by))
    connection.execute(delete(recollected).where(mine))


def with_provenance(resource: Resource, rows: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """A group's provenance moves to ``said_<group>`` only where one of its columns really changed.

    ``before`` are the present rows, named ``was_<column>`` except ``id``.
    """
    joined = rows.join(before, on="id")
    return joined.with_columns(
        pl.col("was_created_in").alias("created_in"),
        *(
            pl.when(_group_changed(resource, group)).then(f"said_{group}").otherwise(pl.col(f"was_prov_{group}"))
            .alias(f"prov_{group}")
            for group in resource.groups
        ),
    )  # fmt: skip


def _group_changed(resource: Resource, group: str) -> pl.Expr:
    names = [column.name for column in resource.columns_of(group)]
    same = [pl.col(n).cast(pl.String).eq_missing(pl.col(f"was_{n}").cast(pl.String)) for n in names]
    return ~pl.all_horizontal(same)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(sql.count()).select_from(table)).scalar_one()
