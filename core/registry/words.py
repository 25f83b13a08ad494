"""Words: what each department last said of an entity that several speak of, kept beside the registry's row.

An entity that one department speaks of has no word here: its row is the word. When a second one speaks, or
somebody decides otherwise, the row's own word is written down first, so that nothing said is ever lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from sqlalchemy import Column, Connection, delete, insert, literal, select

from core.model.ledger import source_record, source_record_history
from core.model.registry import TABLES
from core.model.resources import Kind, Resource
from core.store import bulk, reading

_RECORD: Final = (
    "resource", "entity", "source", "collected_at", "collector", "row_hash", "change_set", "row", "kept_in",
)  # fmt: skip
_ENVELOPE: Final = ("source", "collected_at", "collector", "row_hash")
_TYPES: Final[dict[Kind, Any]] = {"integer": pl.Int64, "year": pl.Int64, "number": pl.Float64}
WHOLE: Final = 20_000
"""From how many ids on a table is read whole rather than asked for each."""


def schema(resource: Resource) -> dict[str, Any]:
    """The storage types of the resource's own columns."""
    return {c.name: _TYPES.get(c.kind, pl.String) for c in resource.columns}


def keep(
    connection: Connection, resource: Resource, rows: pl.DataFrame, *, change_set: int, sender: str
) -> None:
    """Writes down what ``sender`` says now: staged rows with ``id``; its former words go into the history."""
    if rows.is_empty():
        return
    supersede(connection, resource.name, rows["id"].to_list(), change_set, sender)
    _write(
        connection, resource, rows.with_columns(source=pl.lit(sender), said_in=pl.lit(change_set)), change_set
    )


def keep_present(connection: Connection, resource: Resource, ids: Sequence[int], change_set: int) -> None:
    """Writes down the registry's rows of ``ids`` as their source's words, before somebody else is heard."""
    table = TABLES[resource.name]
    columns = (table.c.id, *(table.c[name] for name in _ENVELOPE), table.c.changed_in, *_own(resource))
    rows = frame_of(
        connection, columns, ids,
        {"id": pl.Int64, "source": pl.String, "collected_at": pl.String, "collector": pl.String,
         "row_hash": pl.Int64, "said_in": pl.Int64, **schema(resource)},
    )  # fmt: skip
    _write(connection, resource, rows, change_set)


def supersede(
    connection: Connection, resource: str, ids: Sequence[int], change_set: int, sender: str
) -> None:
    """Moves the sender's words about ``ids`` into the history, as superseded in ``change_set``."""
    for some in bulk.chunks(ids):
        mine = (
            (source_record.c.resource == resource)
            & (source_record.c.source == sender)
            & source_record.c.entity.in_(some)
        )
        present = select(*(source_record.c[name] for name in _RECORD), literal(change_set)).where(
            mine, source_record.c.kept_in != change_set
        )
        columns = [*_RECORD, "superseded_in"]
        connection.execute(insert(source_record_history).from_select(columns, present))
        connection.execute(delete(source_record).where(mine))


def said(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    """Every present word about ``ids``: ``entity, source, collected_at, collector, row_hash, change_set``, columns."""
    names = ("entity", "source", "collected_at", "collector", "row_hash", "change_set", "row")
    types = dict.fromkeys(names, pl.String) | {
        "entity": pl.Int64,
        "row_hash": pl.Int64,
        "change_set": pl.Int64,
    }
    found = frame_of(
        connection, [source_record.c[name] for name in names], ids, types,
        where=source_record.c.resource == resource.name, key=source_record.c.entity,
    )  # fmt: skip
    return found.with_columns(pl.col("row").str.json_decode(pl.Struct(schema(resource)))).unnest("row")


def restore(connection: Connection, number: int) -> None:
    """Takes back what a change set wrote down, and brings back what it had superseded (for undo)."""
    connection.execute(delete(source_record).where(source_record.c.kept_in == number))
    mine = source_record_history.c.superseded_in == number
    old = select(*(source_record_history.c[name] for name in _RECORD)).where(mine)
    connection.execute(insert(source_record).from_select(_RECORD, old))
    connection.execute(delete(source_record_history).where(mine))


def touched(connection: Connection, resource: str, number: int) -> list[int]:
    """The entities whose words a change set wrote or superseded."""
    wrote = select(source_record.c.entity).where(
        source_record.c.resource == resource, source_record.c.kept_in == number
    )
    replaced = select(source_record_history.c.entity).where(
        source_record_history.c.resource == resource, source_record_history.c.superseded_in == number
    )
    return sorted(set(connection.execute(wrote.union(replaced)).scalars()))


def frame_of(
    connection: Connection, columns: Sequence[Any], ids: Sequence[int], types: dict[str, Any], *,
    where: Any = None, key: Column[int] | None = None,
) -> pl.DataFrame:  # fmt: skip
    """The rows of ``ids`` (found by ``key``, the first column unless named) as columns of ``types``."""
    query, by = select(*columns), columns[0] if key is None else key
    if where is not None:
        query = query.where(where)
    if len(ids) > WHOLE:
        rows = bulk.rows_of(connection, query)
        whole = pl.DataFrame(rows, schema=types, orient="row", strict=False)
        return whole.filter(pl.nth(0).is_in(pl.Series(ids, dtype=pl.Int64).implode()))
    rows = [
        row
        for some in bulk.chunks(ids)
        for row in bulk.rows_of(connection, query.where(reading.among(connection, by, some)))
    ]
    return pl.DataFrame(rows, schema=types, orient="row", strict=False)


def _own(resource: Resource) -> list[Column[Any]]:
    return [TABLES[resource.name].c[name] for name in resource.column_names]


def _write(connection: Connection, resource: Resource, rows: pl.DataFrame, change_set: int) -> None:
    ready = rows.select(
        pl.lit(resource.name).alias("resource"), pl.col("id").alias("entity"), *_ENVELOPE,
        pl.col("said_in").alias("change_set"),
        pl.struct(pl.col(n).cast(t) for n, t in schema(resource).items()).struct.json_encode().alias("row"),
        pl.lit(change_set).alias("kept_in"),
    ).select(_RECORD)  # fmt: skip
    bulk.insert_rows(connection, source_record, _RECORD, ready.iter_rows())
