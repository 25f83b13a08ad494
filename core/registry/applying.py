"""Applying a difference to the registry inside the caller's unit of work; superseded versions are kept."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Table, delete, func as sql, insert, literal, select, update

from core.model.ledger import missing, source_record, source_record_history
from core.model.registry import HISTORY, TABLES
from core.model.resources import Resource
from core.registry.difference import Difference
from core.store import bulk

_RECORD = ("resource", "entity", "source", "collected_at", "collector", "row_hash", "change_set", "row")


def apply(connection: Connection, plan: Difference, *, change_set: int, sender: str) -> None:
    """Writes the difference; every row it touches bears ``change_set`` afterwards."""
    table, history = TABLES[plan.resource.name], HISTORY[plan.resource.name]
    touched = [*plan.changed["id"].to_list(), *plan.retired["id"].to_list()]
    before = _versions(connection, plan.resource, plan.changed["id"].to_list())
    supersede(connection, table, history, ids=touched, change_set=change_set)
    _keep_yielding(connection, plan, change_set)
    _retire(connection, table, plan.retired["id"].to_list(), change_set)
    for some in bulk.chunks(plan.changed["id"].to_list()):
        connection.execute(delete(table).where(table.c.id.in_(some)))
    _insert(connection, plan, _with_provenance(plan.resource, plan.changed, before, change_set), change_set)
    _insert(connection, plan, _first_provenance(plan.resource, plan.new, change_set), change_set)
    _keep_aside(connection, plan, change_set, sender)
    rows = ((change_set, plan.resource.name, entity) for entity in plan.missing)
    bulk.insert_rows(connection, missing, ("change_set", "resource", "entity"), rows)


def supersede(
    connection: Connection, table: Table, history: Table, *, ids: Sequence[int], change_set: int
) -> None:
    """Copies the present versions of ``ids`` into the history, as superseded in ``change_set``."""
    columns = [column.name for column in table.columns]
    for some in bulk.chunks(ids):
        present = select(*table.columns, literal(change_set)).where(table.c.id.in_(some))
        connection.execute(insert(history).from_select([*columns, "superseded_in"], present))


def _versions(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    """The present rows of ``ids`` as columns, named ``was_<column>`` except ``id``."""
    table = TABLES[resource.name]
    names = [*resource.column_names, "created_in", *(f"prov_{group}" for group in resource.groups)]
    query = select(table.c.id, *(table.c[name] for name in names))
    rows: list[tuple[object, ...]] = []
    for some in bulk.chunks(ids):
        rows += [tuple(row) for row in connection.execute(query.where(table.c.id.in_(some)))]
    schema = ["id", *(f"was_{name}" for name in names)]
    return (
        pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None) if rows else pl.DataFrame()
    )


def _first_provenance(resource: Resource, rows: pl.DataFrame, change_set: int) -> pl.DataFrame:
    now = [pl.lit(change_set).alias(f"prov_{group}") for group in resource.groups]
    return rows.with_columns(pl.lit(change_set).alias("created_in"), *now)


def _with_provenance(
    resource: Resource, rows: pl.DataFrame, before: pl.DataFrame, change_set: int
) -> pl.DataFrame:
    """A group's provenance moves to this change set only where one of its columns really changed."""
    if rows.is_empty():
        return _first_provenance(resource, rows, change_set)
    joined = rows.join(before, on="id")
    return joined.with_columns(
        pl.col("was_created_in").alias("created_in"),
        *(
            pl.when(_group_changed(resource, group)).then(change_set).otherwise(pl.col(f"was_prov_{group}"))
            .alias(f"prov_{group}")
            for group in resource.groups
        ),
    )  # fmt: skip


def _group_changed(resource: Resource, group: str) -> pl.Expr:
    names = [column.name for column in resource.columns if column.group == group]
    same = [pl.col(n).cast(pl.String).eq_missing(pl.col(f"was_{n}").cast(pl.String)) for n in names]
    return ~pl.all_horizontal(same)


def _insert(connection: Connection, plan: Difference, rows: pl.DataFrame, change_set: int) -> None:
    """Loads rows in id order; into a table that they will dominate, indexes are built afterwards."""
    if rows.is_empty():
        return
    table = TABLES[plan.resource.name]
    columns = [column.name for column in table.columns if column.name != "retired_in"]
    ready = rows.with_columns(pl.lit(change_set).alias("changed_in")).select(columns).sort("id")
    dominates = ready.height > 20_000 and ready.height > 0.5 * _count(connection, table)
    indexes = bulk.drop_indexes(connection, table) if dominates else []
    bulk.insert_rows(connection, table, columns, ready.iter_rows())
    bulk.create_indexes(connection, indexes)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(sql.count()).select_from(table)).scalar_one()


def _retire(connection: Connection, table: Table, ids: Sequence[int], change_set: int) -> None:
    for some in bulk.chunks(ids):
        gone = update(table).where(table.c.id.in_(some))
        connection.execute(gone.values(retired_in=change_set, changed_in=change_set))


def _keep_aside(connection: Connection, plan: Difference, change_set: int, sender: str) -> None:
    """Stores the sender's word beside the more authoritative one that the registry holds."""
    if plan.aside.is_empty():
        return
    rows = plan.aside.select(
        pl.lit(plan.resource.name).alias("resource"), pl.col("id").alias("entity"), pl.lit(sender).alias("source"),
        "collected_at", "collector", "row_hash", pl.lit(change_set).alias("change_set"),
        pl.struct(plan.resource.column_names).struct.json_encode().alias("row"),
    )  # fmt: skip
    _supersede_records(connection, plan.resource.name, plan.aside["id"].to_list(), sender, change_set)
    bulk.insert_rows(connection, source_record, _RECORD, rows.iter_rows())


def _keep_yielding(connection: Connection, plan: Difference, change_set: int) -> None:
    """Keeps the word that a more authoritative department now replaces as its source's record."""
    table, names = TABLES[plan.resource.name], list(plan.resource.column_names)
    for some in bulk.chunks(plan.yielding):
        rows = [tuple(row) for row in connection.execute(
            select(table.c.id, table.c.source, table.c.collected_at, table.c.collector, table.c.row_hash,
                   *(table.c[name] for name in names)).where(table.c.id.in_(some))
        )]  # fmt: skip
        frame = pl.DataFrame(
            rows, orient="row", infer_schema_length=None,
            schema=["entity", "source", "collected_at", "collector", "row_hash", *names],
        ).select(
            pl.lit(plan.resource.name).alias("resource"), "entity", "source", "collected_at", "collector",
            "row_hash", pl.lit(change_set).alias("change_set"), pl.struct(names).struct.json_encode().alias("row"),
        )  # fmt: skip
        bulk.insert_rows(connection, source_record, _RECORD, frame.iter_rows())


def _supersede_records(
    connection: Connection, resource: str, ids: Sequence[int], sender: str, change_set: int
) -> None:
    for some in bulk.chunks(ids):
        mine = (
            (source_record.c.resource == resource)
            & (source_record.c.source == sender)
            & source_record.c.entity.in_(some)
        )
        present = select(*(source_record.c[name] for name in _RECORD), literal(change_set)).where(mine)
        columns = [*_RECORD, "superseded_in"]
        connection.execute(insert(source_record_history).from_select(columns, present))
        connection.execute(delete(source_record).where(mine))
