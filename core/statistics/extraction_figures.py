"""Figures over extraction: every run as evidence, and what is gone at the sources and waits for an answer."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, func, select

from core.exchange.connectors import connectors
from core.i18n import N_
from core.jobs import Progress
from core.model.extraction import extraction_run, gone_at_source
from core.model.ledger import change_set
from core.model.security import audit_entry
from core.statistics.definition import Cell, Column, Definition, declare


@declare(Definition(
    "exchange.extractions", N_("Extraction runs"), N_("runs"),
    N_("Every extraction that was applied, newest first; those taken back are marked."),
    N_("One row a run. Agrees: counts and digests of every community are those that the source gave."),
    (Column("system", N_("Upstream system"), "target"), Column("resource", N_("Kind"), "resource"),
     Column("mode", N_("Mode"), "state"), Column("transport", N_("Way"), "code"),
     Column("endpoint", N_("Endpoint"), "code"), Column("read", N_("Read"), "integer"),
     Column("accepted", N_("Accepted"), "integer"), Column("quarantined", N_("Quarantined"), "integer"),
     Column("new", N_("First brought"), "integer"), Column("communities", N_("Communities compared"), "integer"),
     Column("agrees", N_("Agrees"), "flag"), Column("seconds", N_("Seconds"), "integer"),
     Column("actor", N_("By"), "text"), Column("ended_at", N_("Ended"), "time"),
     Column("in_force", N_("In force"), "flag")),
))  # fmt: skip
def _extractions(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    query = (
        select(extraction_run, change_set.c.undone_by)
        .select_from(extraction_run.outerjoin(change_set, change_set.c.id == extraction_run.c.change_set))
        .where(extraction_run.c.state == "applied")
        .order_by(extraction_run.c.id.desc())
    )
    rows: list[tuple[Cell, ...]] = []
    for run in connection.execute(query):
        counts, told = run.counts or {}, run.reconciliation or {}
        rows.append((
            run.system, run.resource, run.mode, run.transport, run.endpoint, run.read, counts.get("accepted", 0),
            counts.get("quarantined", 0), counts.get("new", 0), len(told.get("communities", ())),
            None if run.agrees is None else bool(run.agrees), round(run.seconds or 0), run.actor, run.ended_at,
            run.undone_by is None,
        ))  # fmt: skip
    return rows


@declare(Definition(
    "exchange.write_back", N_("What went back to the sources"), N_("runs"),
    N_("Runs that sent corrections to the police platform or proposals to the bureau, by way."),
    N_("From the audit chain: pushes to a source, and how many it has accepted with a receipt of its own."),
    (Column("system", N_("Upstream system"), "target"), Column("transport", N_("Way"), "code"),
     Column("endpoint", N_("Endpoint"), "code"), Column("runs", N_("Runs"), "integer"),
     Column("sent", N_("Sent"), "integer"), Column("accepted", N_("Accepted"), "integer"),
     Column("rejected", N_("Rejected"), "integer"), Column("ended_at", N_("Latest"), "time")),
))  # fmt: skip
def _write_back(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    sources = [it.target for it in connectors() if it.propose]
    query = select(audit_entry.c.subject, audit_entry.c.details, audit_entry.c.at).where(
        audit_entry.c.action == "exchange.push", audit_entry.c.subject.in_(sources)
    )
    found: dict[tuple[str, str, str], list[Any]] = {}
    for system, details, at in connection.execute(query.order_by(audit_entry.c.at)):
        told = json.loads(details)
        if not (told.get("sent") or told.get("accepted") or told.get("rejected")):
            continue
        line = found.setdefault((system, told.get("way", ""), told.get("endpoint", "")), [0, 0, 0, 0, ""])
        figures = (1, told.get("sent", 0), told.get("accepted", 0), told.get("rejected", 0))
        line[:4] = [before + now for before, now in zip(line, figures, strict=False)]
        line[4] = at
    return [(*way, *line) for way, line in sorted(found.items())]


@declare(Definition(
    "exchange.gone", N_("Records gone at the source"), N_("records"),
    N_("Every record that a source no longer had; none is retired before somebody says so."),
    N_("Questions by answer."),
    (Column("system", N_("Upstream system"), "target"), Column("resource", N_("Kind"), "resource"),
     Column("state", N_("State"), "state"), Column("count", N_("Count"), "integer")),
))  # fmt: skip
def _gone(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    columns = (gone_at_source.c.system, gone_at_source.c.resource, gone_at_source.c.state)
    query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return [tuple(row) for row in connection.execute(query)]
