"""Named reads for looking around in the registry: search, listings."""

from __future__ import annotations

from collections.abc import Sequence

from core.security import audit
from core.security.workspace import Workspace, permits
from core.store import search as index
from core.store.search import Hit


@permits("registry.read")
def search(workspace: Workspace, wanted: str, *, limit: int = 20) -> Sequence[Hit]:
    """Entities whose text holds every word of ``wanted``; each search is one audit entry (F57)."""
    with workspace.store.read() as connection:
        hits = index.search(connection, wanted, limit=limit)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.search", subject=wanted,
            details={"hits": len(hits)},
        )  # fmt: skip
    return hits
