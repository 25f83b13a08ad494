"""Questions about records that the source no longer has: a steward retires them or keeps them, with a reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select, update

from core.errors import GridLinkError
from core.exchange.connectors import connector
from core.i18n import _
from core.jobs import Progress
from core.model.extraction import gone_at_source
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.registry import changes, words
from core.registry.intake import Intake
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks


class NotDecided(GridLinkError):
    """None of these questions is open, or the reason is missing."""

    code = "gone_not_decided"


@dataclass(frozen=True)
class Gone:
    """One record that the source marks as gone (``marked``) or no longer names (``unnamed``)."""

    id: int
    run: int
    system: str
    resource: str
    entity: int
    key: str
    told: str
    state: str
    at: str
    decided_at: str | None
    decided_by: str | None
    reason: str | None
    change_set: int | None


@dataclass(frozen=True)
class Decided:
    """What a decision did."""

    decided: int
    retired: int
    change_sets: tuple[int, ...]


@permits("exchange.read")
def gone(workspace: Workspace, *, state: str = "open", limit: int = 500, after: int = 0) -> list[Gone]:
    """The questions in one state, a keyset page in order of id."""
    query = select(gone_at_source).where(gone_at_source.c.state == state, gone_at_source.c.id > after)
    with workspace.store.read() as connection:
        rows = connection.execute(query.order_by(gone_at_source.c.id).limit(limit)).mappings()
        return [Gone(**dict(row)) for row in rows]


@permits("exchange.read")
def open_questions(workspace: Workspace) -> int:
    """How many questions wait for a steward."""
    with workspace.store.read() as connection:
        query = select(func.count()).select_from(gone_at_source).where(gone_at_source.c.state == "open")
        return int(connection.execute(query).scalar_one())


@permits("exchange.extract")
def decide_gone(
    workspace: Workspace, ids: Collection[int], *, retire: bool, reason: str, progress: Progress | None = None
) -> Decided:
    """Retires the records of open questions as a change set for each system and kind, or keeps them as they are.

    Raises ``NotDecided`` where none is open or no reason is given.
    """
    if not reason.strip():
        raise _undecided()
    sets: list[int] = []
    retired = decided = 0
    with workspace.store.write() as connection:
        open_ones = (
            select(gone_at_source).where(gone_at_source.c.state == "open").order_by(gone_at_source.c.id)
        )
        rows = [
            row for some in chunks(sorted(ids))
            for row in connection.execute(open_ones.where(gone_at_source.c.id.in_(some)))
        ]  # fmt: skip
        if not rows:
            raise _undecided()
        for system, name in sorted({(row.system, row.resource) for row in rows}):
            mine = [row for row in rows if (row.system, row.resource) == (system, name)]
            number = None
            if retire:
                entities = [row.entity for row in mine]
                intake = _intake(connection, workspace, system, reason, progress or Progress())
                number, count = intake.number, _retire(intake, system, name, entities)
                sets.append(number)
                retired += count
            decided += len(mine)
            said = {"state": "retired" if retire else "kept", "decided_at": workspace.now(), "reason": reason,
                    "decided_by": workspace.actor.name, "change_set": number}  # fmt: skip
            for some in chunks([row.id for row in mine]):
                connection.execute(update(gone_at_source).where(gone_at_source.c.id.in_(some)).values(said))
    return Decided(decided, retired, tuple(sets))


def _intake(
    connection: Connection, workspace: Workspace, system: str, reason: str, progress: Progress
) -> Intake:
    """A change set in which the source's sender speaks."""
    number = changes.begin(connection, workspace, "extraction", reason)
    return Intake(workspace, connection, number, connector(system).sender, "delta", (), progress)


def _retire(intake: Intake, system: str, name: str, entities: list[int]) -> int:
    """Takes the sender's word about ``entities`` back; how many were retired."""
    workspace, resource = intake.workspace, RESOURCES[name]
    rows = _rows(intake.connection, resource, entities, sender=intake.sender, now=workspace.now())
    counts = asdict(intake.resource(resource, rows))
    changes.finish(
        intake.connection, workspace, intake.number, action="exchange.retire_gone", subject=system,
        counts={name: counts}, details={"asked": len(entities)},
    )  # fmt: skip
    return int(counts["retired"])


def _rows(
    connection: Connection, resource: Resource, entities: list[int], *, sender: str, now: str
) -> pl.DataFrame:
    """The registry's present rows as a package would carry them, to be retired."""
    table = TABLES[resource.name]
    names = resource.column_names
    types: dict[str, Any] = {"id": pl.Int64} | {n: words.schema(resource).get(n, pl.String) for n in names}
    held = words.frame_of(connection, [table.c.id, *(table.c[n] for n in names)], entities, types)
    return held.select(pl.col(n).cast(pl.String) for n in names).with_columns(
        source=pl.lit(sender), collected_at=pl.lit(now), collector=pl.lit("extraction"), op=pl.lit("retire"),
        line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
    )  # fmt: skip


def _undecided() -> NotDecided:
    return NotDecided(
        _("Not decided: none of these questions is open, or the reason is missing."),
        cure=_("Choose open questions and say why the records are retired or kept."),
    )
