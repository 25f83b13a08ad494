"""Addresses that people collected in words and the bureau does not have: what there is to propose."""

from __future__ import annotations

from core.exchange.address_proposals import open_texts
from core.security.workspace import Workspace, permits
from core.stewardship.unmatched import Missing, unmatched


@permits("address.propose")
def missing(workspace: Workspace, *, limit: int = 200) -> list[Missing]:
    """Texts of rows that are held back because no standard address is meant; what is proposed already is left out."""
    with workspace.store.read() as connection:
        proposed = open_texts(connection)
    return unmatched(workspace, known=proposed, limit=limit)
