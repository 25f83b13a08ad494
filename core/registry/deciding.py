"""Deciding: what a person says a field group shall be, kept with the words that were before them.

A correction, a settled conflict and an edit are the same act: the departments' words stay as they are, the
decision stands above them until one of them changes (see ``weighing``).
"""

from __future__ import annotations

from typing import Final

import polars as pl
from sqlalchemy import Connection, delete, select

from core.model.ledger import source_record
from core.model.resources import RESOURCES, Resource
from core.model.stewardship import decision
from core.registry import words
from core.registry.composing import compare, compose, weighed
from core.registry.weighing import SILENT
from core.security.workspace import Workspace
from core.store import bulk

_DECISION: Final = (
    "change_set", "resource", "entity", "group_name", "kind", "source", "row", "evidence", "fingerprint", "at",
    "actor", "reason",
)  # fmt: skip


def decide(
    connection: Connection, workspace: Workspace, number: int, resource: str, rows: pl.DataFrame, *,
    kind: str, reason: str, confirm: bool = False,
) -> int:  # fmt: skip
    """Makes the columns of ``rows`` what the registry holds of its ``entity``; returns how many entities changed.

    ``rows`` has any of the resource's own columns in storage types and, if a department's word was chosen,
    ``chosen`` (its name). One decision a field group that differs from the row as it stands is written; with
    ``confirm`` also for groups that do not (a conflict settled for the value that counts already).
    """
    declared = RESOURCES[resource]
    ids = rows["entity"].to_list()
    _keep_sole(connection, declared, ids, number)
    given = [name for name in declared.column_names if name in rows.columns]
    groups = weighed(connection, declared, ids)
    evidence = _evidence(connection, declared, ids)
    source = pl.col("chosen") if "chosen" in rows.columns else pl.lit(None, pl.String)
    for group, frame in groups.items():
        names = [c.name for c in declared.columns_of(group)]
        asked = [name for name in names if name in given]
        if not asked:
            continue
        wanted = rows.select("entity", source.alias("source"), *(pl.col(n).alias(f"new_{n}") for n in asked))
        both = wanted.join(frame, on="entity").join(evidence[group], on="entity")
        differs = pl.any_horizontal(pl.col(f"new_{n}").ne_missing(pl.col(n)) for n in asked)
        decided = (both if confirm else both.filter(differs)).with_columns(
            pl.col(f"new_{n}").alias(n) for n in asked
        )
        ready = decided.select(
            pl.lit(number).alias("change_set"), pl.lit(resource).alias("resource"), "entity",
            pl.lit(group).alias("group_name"), pl.lit(kind).alias("kind"), "source",
            pl.struct(names).struct.json_encode().alias("row"), "evidence", pl.col("fingerprint").fill_null(SILENT),
            pl.lit(workspace.now()).alias("at"), pl.lit(workspace.actor.name).alias("actor"),
            pl.lit(reason).alias("reason"),
        )  # fmt: skip
        bulk.insert_rows(connection, decision, _DECISION, ready.iter_rows())
    return compose(connection, declared, ids, number)


def take_back(connection: Connection, number: int) -> None:
    """Takes back what a change set decided and wrote down, and compares anew (for undo, after the rows)."""
    touched: dict[str, set[int]] = {name: set(words.touched(connection, name, number)) for name in RESOURCES}
    mine = select(decision.c.resource, decision.c.entity).where(decision.c.change_set == number)
    for row in connection.execute(mine):
        touched[row.resource].add(row.entity)
    connection.execute(delete(decision).where(decision.c.change_set == number))
    words.restore(connection, number)
    for name, ids in touched.items():
        if ids:
            compare(connection, RESOURCES[name], sorted(ids))


def _keep_sole(connection: Connection, resource: Resource, ids: list[int], number: int) -> None:
    """Entities that one department speaks of get its word written down before somebody decides otherwise."""
    record = source_record
    has = words.frame_of(
        connection, [record.c.entity], ids, {"entity": pl.Int64}, where=record.c.resource == resource.name
    )
    words.keep_present(connection, resource, sorted(set(ids) - set(has["entity"].to_list())), number)


def _evidence(connection: Connection, resource: Resource, ids: list[int]) -> dict[str, pl.DataFrame]:
    """What each department said of each field group, as it lay before whoever decided: JSON by entity."""
    said = words.said(connection, resource, ids).sort("entity", "source")
    made = {}
    for group in resource.groups:
        names = [c.name for c in resource.columns_of(group)]
        one = pl.struct("source", "collected_at", "collector", "change_set", *names).struct.json_encode()
        listed = pl.concat_str(pl.lit("["), one.str.join(","), pl.lit("]"))
        made[group] = said.group_by("entity").agg(listed.alias("evidence"))
    return made
