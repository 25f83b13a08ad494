"""Applying what was extracted: the one way in, a change set of its own, and questions about what is gone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import polars as pl
from sqlalchemy import Connection, and_, insert, select, update

from core.exchange.declaration import Connector
from core.exchange.extraction.mapping import gone_keys, registry_rows, split
from core.exchange.extraction.runs import Ledger, Run
from core.i18n import _
from core.jobs import Progress
from core.model.extraction import gone_at_source
from core.model.ledger import missing
from core.model.registry import TABLES, entity_id
from core.model.resources import RESOURCES, Resource
from core.registry import changes
from core.registry.intake import Intake
from core.registry.publication import key_text
from core.security.workspace import Workspace
from core.store import bulk
from core.verification.keys import key_id


def apply(workspace: Workspace, it: Connector, ledger: Ledger, progress: Progress) -> Run:
    """Takes the kept pages in as one change set and ends the run, in one transaction.

    Nothing is retired: what the source no longer has becomes a question. A run that brought nothing and asks
    nothing makes no change set.
    """
    run, what, resource = ledger.run, it.extract[ledger.run.resource], RESOURCES[ledger.run.resource]
    with workspace.store.write() as connection:
        ledger.hold(connection)
        live, marked = split(what, ledger.frame(connection))
        rows = registry_rows(resource, what, live, sender=it.sender)
        gone = _known(connection, resource, gone_keys(resource, what, marked))
        if rows.is_empty() and not gone and run.mode == "incremental":
            ledger.end(connection, "applied", counts=_counts({}, 0))
        else:
            number = changes.begin(
                connection, workspace, "extraction",
                _("{system}: {resource}").format(system=_(it.title), resource=resource.name),
            )  # fmt: skip
            intake = Intake(workspace, connection, number, it.sender,
                            "snapshot" if run.mode == "full" else "delta", (), progress)  # fmt: skip
            taken = asdict(intake.resource(resource, rows))
            _returned(connection, it.target, resource, rows, workspace.now())
            unnamed = _unnamed(connection, resource, number)
            asked = _ask(connection, workspace, run, marked=gone, unnamed=unnamed)
            counts = _counts(taken, asked)
            changes.finish(
                connection, workspace, number, action="exchange.extract", subject=it.target,
                counts={resource.name: taken},
                details={"run": run.id, "mode": run.mode, "read": run.read, "agrees": run.agreed, "gone": asked},
            )  # fmt: skip
            ledger.end(connection, "applied", counts=counts, change_set=number)
        progress.checkpoint()
    return ledger.refresh()


def _counts(taken: dict[str, Any], asked: int) -> dict[str, Any]:
    names = ("read", "accepted", "quarantined", "new", "changed", "unchanged", "retired", "missing")
    return {name: taken.get(name, 0) for name in names} | {"gone": asked}


def _known(connection: Connection, resource: Resource, keys: Any) -> dict[int, str]:
    """Those of the keys that the registry holds and has not retired, by entity."""
    by_id = {entity_id(key): key for key in keys}
    table = TABLES[resource.name]
    found: set[int] = set()
    for some in bulk.chunks(list(by_id)):
        held = select(table.c.id).where(table.c.id.in_(some), table.c.retired_in.is_(None))
        found.update(connection.execute(held).scalars())
    return {entity: by_id[entity] for entity in sorted(found)}


def _unnamed(connection: Connection, resource: Resource, number: int) -> dict[int, str]:
    """What a full extraction no longer names of what its sender once said."""
    table = TABLES[resource.name]
    query = (
        select(table.c.id, key_text(resource))
        .join(missing, and_(missing.c.entity == table.c.id, missing.c.resource == resource.name))
        .where(missing.c.change_set == number, table.c.retired_in.is_(None))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _ask(
    connection: Connection, workspace: Workspace, run: Run, *, marked: dict[int, str], unnamed: dict[int, str]
) -> int:
    """Asks about each entity that is gone, once; returns how many new questions there are."""
    told = {entity: (key, "unnamed") for entity, key in unnamed.items()}
    told |= {entity: (key, "marked") for entity, key in marked.items()}
    open_ones = select(gone_at_source.c.entity).where(
        gone_at_source.c.resource == run.resource, gone_at_source.c.system == run.system,
        gone_at_source.c.state == "open",
    )  # fmt: skip
    asked = set(connection.execute(open_ones).scalars())
    fresh = [
        {"run": run.id, "system": run.system, "resource": run.resource, "entity": entity, "key": key,
         "told": how, "state": "open", "at": workspace.now()}
        for entity, (key, how) in sorted(told.items()) if entity not in asked
    ]  # fmt: skip
    if fresh:
        connection.execute(insert(gone_at_source), fresh)
    return len(fresh)


def _returned(connection: Connection, system: str, resource: Resource, rows: pl.DataFrame, now: str) -> None:
    """Closes open questions about entities that the source has again."""
    open_ones = and_(gone_at_source.c.system == system, gone_at_source.c.resource == resource.name,
                     gone_at_source.c.state == "open")  # fmt: skip
    asked = connection.execute(select(gone_at_source.c.id, gone_at_source.c.entity).where(open_ones)).all()
    if not asked or rows.is_empty():
        return
    came = set(rows.select(key_id(resource).alias("id"))["id"])
    again = [number for number, entity in asked if entity in came]
    for some in bulk.chunks(again):
        connection.execute(
            update(gone_at_source)
            .where(gone_at_source.c.id.in_(some))
            .values(state="returned", decided_at=now)
        )
