"""A change set from its first row to its audit entry, inside the caller's unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, update

from core.model.ledger import change_set
from core.registry import publication
from core.security import audit
from core.security.workspace import Workspace
from core.store import search


def begin(connection: Connection, workspace: Workspace, kind: str, reason: str) -> int:
    """Opens a change set of ``kind`` (import, sheet, settle, fix, edit, undo) and returns its number."""
    key = connection.execute(
        insert(change_set).values(
            kind=kind, at=workspace.now(), actor=workspace.actor.name, reason=reason, counts={}
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def finish(
    connection: Connection,
    workspace: Workspace,
    number: int,
    *,
    action: str,
    subject: str,
    counts: Mapping[str, Any],
    details: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Indexes what the change set wrote, queues what it made due and records it: due deliveries by target."""
    search.update(connection, number)
    due = publication.enqueue(connection, number, workspace.now())
    connection.execute(update(change_set).where(change_set.c.id == number).values(counts=dict(counts)))
    audit.record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=subject,
        details={"change_set": number, "counts": dict(counts), **(details or {})},
    )  # fmt: skip
    return due
