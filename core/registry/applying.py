"""Applying a difference to the registry inside the caller's unit of work; superseded versions are kept."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Table, select, update

from core.model.ledger import missing
from core.model.registry import TABLES
from core.model.resources import Resource
from core.registry import words
from core.registry.composing import compare, compose
from core.registry.difference import Difference
from core.registry.rows import collect_anew, remove, supersede, with_provenance, write
from core.store import bulk, reading


def apply(connection: Connection, plan: Difference, *, change_set: int, sender: str) -> None:
    """Writes the difference; every row it touches bears ``change_set`` afterwards."""
    resource, changed = plan.resource, plan.changed["id"].to_list()
    retired = plan.retired["id"].to_list()
    before = _versions(connection, resource, changed)
    supersede(connection, resource.name, [*changed, *retired], change_set)
    _retire(connection, TABLES[resource.name], retired, change_set)
    remove(connection, resource.name, changed)
    write(connection, resource, _with_provenance(resource, plan.changed, before, change_set), change_set)
    write(connection, resource, _first_provenance(resource, plan.new, change_set), change_set)
    collect_anew(connection, resource, plan.recollected, change_set)
    _hear(connection, plan, change_set, sender)
    rows = ((change_set, resource.name, entity) for entity in plan.missing)
    bulk.insert_rows(connection, missing, ("change_set", "resource", "entity"), rows)


def _hear(connection: Connection, plan: Difference, change_set: int, sender: str) -> None:
    """Writes down what the sender says of entities that others speak of too, and composes their rows anew."""
    words.keep_present(connection, plan.resource, plan.first_shared, change_set)
    words.keep(connection, plan.resource, plan.heard, change_set=change_set, sender=sender)
    words.supersede(connection, plan.resource.name, plan.withdrawn, change_set, sender)
    retired = set(plan.retired["id"].to_list())
    heard = [*plan.heard["id"].to_list(), *(entity for entity in plan.withdrawn if entity not in retired)]
    compose(connection, plan.resource, heard, change_set, reactivate=plan.reactivated)
    compare(connection, plan.resource, plan.withdrawn)  # the last word may have gone, the row stays as it was


def _versions(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    """The present rows of ``ids`` as columns, named ``was_<column>`` except ``id``."""
    table = TABLES[resource.name]
    names = [*resource.column_names, "created_in", *(f"prov_{group}" for group in resource.groups)]
    query = select(table.c.id, *(table.c[name] for name in names))
    rows: list[tuple[object, ...]] = []
    for some in bulk.chunks(ids):
        rows += [
            tuple(row) for row in connection.execute(query.where(reading.among(connection, table.c.id, some)))
        ]
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
    if rows.is_empty():
        return _first_provenance(resource, rows, change_set)
    said = rows.with_columns(pl.lit(change_set).alias(f"said_{group}") for group in resource.groups)
    return with_provenance(resource, said, before)


def _retire(connection: Connection, table: Table, ids: Sequence[int], change_set: int) -> None:
    for some in bulk.chunks(ids):
        gone = update(table).where(reading.among(connection, table.c.id, some))
        connection.execute(gone.values(retired_in=change_set, changed_in=change_set))
