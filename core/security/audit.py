"""The audit chain: every entry carries the hash of the one before it, and nothing is ever taken out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.i18n import _
from core.jobs import Progress
from core.model.security import audit_entry, audit_head
from core.security import audit_verify
from core.security.audit_verify import Verification
from core.security.workspace import Workspace, permits

_START = "0" * 64
"""What the first entry names as the hash before it."""


@dataclass(frozen=True)
class Entry:
    """One entry of the chain; ``details`` is the JSON text that was hashed."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    details: str
    previous: str
    hash: str


def record(
    connection: Connection, *, at: str, actor: str, action: str, subject: str, details: Mapping[str, Any]
) -> None:
    """Appends an entry in the caller's transaction: the act and its record are kept or lost together.

    ``action`` is a stable code such as ``package.imported``; ``details`` holds ids, kinds, counts and
    reasons, never personal data.
    """
    head = connection.execute(select(audit_head).with_for_update()).mappings().first()
    number, previous = (head["entries"] + 1, head["hash"]) if head else (1, _START)
    text = json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    body = {"number": number, "at": at, "actor": actor, "action": action, "subject": subject}
    body |= {"details": text, "previous": previous}
    digest = _digest(body)
    connection.execute(insert(audit_entry).values(**body, hash=digest))
    if head:
        connection.execute(update(audit_head).values(entries=number, hash=digest))
    else:
        connection.execute(insert(audit_head).values(id=1, entries=number, hash=digest))


def note(
    connection: Connection, workspace: Workspace, action: str, subject: str, details: Mapping[str, Any]
) -> None:
    """Appends what the workspace's actor does at this moment; otherwise as ``record``."""
    record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=subject,
        details=details,
    )  # fmt: skip


def _digest(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@permits("audit.read")
def entries(
    workspace: Workspace, *, actor: str = "", action: str = "", before: int | None = None, limit: int = 200
) -> list[Entry]:
    """The latest entries first, at most ``limit`` of those below number ``before``.

    ``action`` selects a code or, ending in a dot, a family of codes (``login.``).
    """
    query = select(audit_entry).order_by(audit_entry.c.number.desc()).limit(limit)
    if actor:
        query = query.where(audit_entry.c.actor == actor)
    if action:
        column = audit_entry.c.action
        query = query.where(column.startswith(action) if action.endswith(".") else column == action)
    if before is not None:
        query = query.where(audit_entry.c.number < before)
    with workspace.store.read() as connection:
        return [Entry(**row) for row in connection.execute(query).mappings()]


@permits("audit.verify")
def verify_chain(workspace: Workspace, progress: Progress) -> Verification:
    """Walks the whole chain with the independent verifier; that it was walked is not itself recorded."""
    with workspace.store.read() as connection:
        head = _head(connection)
        progress.phase(_("Verifying the audit chain"), int(head["entries"]) if head else 0)
        return audit_verify.verify(_counted(_walk(connection), progress), head)


@permits("audit.read")
def export(workspace: Workspace, path: Path, progress: Progress) -> int:
    """Writes the chain as JSON lines, its head first, for ``python -m core.security.audit_verify``.

    Returns the number of entries written; the export is itself recorded, before it is made.
    """
    with workspace.store.write() as connection:
        record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="audit.exported",
            subject=path.name, details={},
        )  # fmt: skip
    with workspace.store.read() as connection, path.open("w", encoding="utf-8") as file:
        head = _head(connection) or {}
        progress.phase(_("Exporting the audit chain"), int(head["entries"]))
        file.write(json.dumps({"head": head}) + "\n")
        for entry in _counted(_walk(connection), progress):
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return int(head["entries"])


def explain(verification: Verification) -> str:
    """The verification's result as one sentence."""
    sentences = {
        "": _("The audit chain is whole: {entries} entries."),
        "altered": _("Entry {first_bad} of the audit chain was altered."),
        "missing": _("Entry {first_bad} of the audit chain is missing."),
        "moved": _("Entry {first_bad} of the audit chain is not in its place."),
        "unchained": _("Entry {first_bad} of the audit chain does not follow from the one before it."),
        "truncated": _("The audit chain was cut off: entry {first_bad} and what follows are missing."),
        "added": _("Entry {first_bad} of the audit chain lies beyond its recorded end."),
        "head": _("The recorded end of the audit chain does not fit its last entry {first_bad}."),
        "malformed": _("Entry {first_bad} of the audit chain cannot be read."),
    }
    return sentences[verification.reason].format(**verification._asdict())


def _head(connection: Connection) -> dict[str, Any] | None:
    row = connection.execute(select(audit_head.c.entries, audit_head.c.hash)).mappings().first()
    return dict(row) if row else None


def _walk(connection: Connection) -> Iterator[dict[str, Any]]:
    query = select(audit_entry).order_by(audit_entry.c.number).execution_options(yield_per=1000)
    return (dict(row) for row in connection.execute(query).mappings())


def _counted(rows: Iterator[dict[str, Any]], progress: Progress) -> Iterator[dict[str, Any]]:
    for row in rows:
        progress.advance()
        yield row
