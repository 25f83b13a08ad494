"""Printing a file is on record like any other reading of it, before the paper or the PDF exists."""

from __future__ import annotations

from core.security import audit
from core.security.workspace import Workspace, permits


@permits("registry.read")
def note_printed(workspace: Workspace, resource: str, entity: int, *, where: str) -> None:
    """Records that a record's file is printed; ``where`` is ``pdf`` or ``printer``."""
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="record.printed",
            subject=f"{resource}:{entity}", details={"where": where},
        )  # fmt: skip
