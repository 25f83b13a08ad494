"""Drafts: what somebody typed into a record and has not saved, kept in the store so that a crash loses nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select

from core.model.working import draft
from core.registry.trial import require_editable
from core.security.workspace import Workspace, permits


@dataclass(frozen=True)
class Draft:
    """The fields typed so far into a record, and the version of the record when the editing began."""

    resource: str
    entity: int
    version: int
    fields: Mapping[str, Any] = field(repr=False)
    reason: str
    at: str


@permits("registry.edit")
def keep(
    workspace: Workspace,
    resource: str,
    entity: int,
    fields: Mapping[str, Any],
    *,
    version: int,
    reason: str = "",
) -> None:
    """Keeps what is typed so far, in place of what was kept before; only its owner ever sees it."""
    require_editable(resource, list(fields))
    with workspace.store.write() as connection:
        drop(connection, workspace, resource, entity)
        connection.execute(insert(draft).values(
            owner=workspace.actor.name, resource=resource, entity=entity, version=version, fields=dict(fields),
            reason=reason, at=workspace.now(),
        ))  # fmt: skip


@permits("registry.edit")
def throw_away(workspace: Workspace, resource: str, entity: int) -> None:
    """Forgets the actor's draft of a record."""
    with workspace.store.write() as connection:
        drop(connection, workspace, resource, entity)


@permits("registry.edit")
def kept(workspace: Workspace) -> Sequence[Draft]:
    """The actor's own drafts, the newest first: what to offer back after a crash."""
    query = select(draft).where(draft.c.owner == workspace.actor.name).order_by(draft.c.at.desc())
    with workspace.store.read() as connection:
        return [_draft(row) for row in connection.execute(query)]


def of(workspace: Workspace, resource: str, entity: int) -> Draft | None:
    """The actor's draft of a record, if there is one."""
    with workspace.store.read() as connection:
        row = connection.execute(select(draft).where(_mine(workspace, resource, entity))).first()
    return None if row is None else _draft(row)


def drop(connection: Connection, workspace: Workspace, resource: str, entity: int) -> None:
    """Forgets it within the caller's unit of work (saving the edit does)."""
    connection.execute(delete(draft).where(_mine(workspace, resource, entity)))


def _mine(workspace: Workspace, resource: str, entity: int) -> ColumnElement[bool]:
    return and_(draft.c.owner == workspace.actor.name, draft.c.resource == resource, draft.c.entity == entity)


def _draft(row: Row[Any]) -> Draft:
    return Draft(row.resource, row.entity, row.version, row.fields, row.reason, row.at)
