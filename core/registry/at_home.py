"""Lists of who works in grids of his own: narrowed to them by default, beyond them for a reason that is on record.

Addresses, grids, places and events say nothing about people, so their lists may be widened at will. Lists whose rows
carry masked personal data (people, houses, organisations, disputes) go beyond the own grids only for a stated reason,
and so does every export. Accounts without grids of their own are not held up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from core.i18n import _
from core.model.names import label
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.registry.fields import joined, way_to_address
from core.registry.filters import Selection
from core.security import audit
from core.security.own_grids import ListOutsideGrids, home, require_list
from core.security.reasons import stated
from core.security.workspace import Workspace
from core.store.search import Hit

_PUBLIC: Final = ("grid",)
"""Exported by anybody: borders and maintainers."""


def placed(resource: str) -> bool:
    """Whether rows of a kind lie in a grid, themselves or by way of their address."""
    return bool(way_to_address(resource)) or "grid_code" in RESOURCES[resource].by_name


def at_home(workspace: Workspace, selection: Selection) -> Selection:
    """The selection narrowed to the actor's own grids, where he has some and it names none."""
    if selection.grids is not None or not placed(selection.resource):
        return selection
    own = home(workspace)
    return replace(selection, grids=own) if own else selection


def require_home(workspace: Workspace, selection: Selection) -> None:
    """Raises ``ListOutsideGrids`` unless the actor may see these rows as a list."""
    require_list(workspace, selection.resource, selection.grids)


def beyond(workspace: Workspace, selection: Selection) -> bool:
    """Whether an export of the selection goes beyond the actor's own grids and so needs a reason."""
    if selection.resource in _PUBLIC or not placed(selection.resource):
        return False
    own = home(workspace)
    return bool(own) and (selection.grids is None or not set(own).issuperset(selection.grids))


def export_reason(workspace: Workspace, selection: Selection, reason: str) -> str:
    """The reason under which an export goes beyond the own grids, empty where it does not.

    Raises ``ListOutsideGrids`` where it needs one and none is given, ``ReasonMissing`` where it says nothing.
    """
    if not beyond(workspace, selection):
        return ""
    if not reason:
        kind = label("resource", selection.resource)
        raise ListOutsideGrids(
            _("This export of {kind} goes beyond the grids you work in.").format(kind=kind),
            cure=_("Export your own grids only, or state a reason; the auditor will read it."),
        )
    return stated(reason, _("An export beyond one's own grids is made only for a stated reason."))


def note_export(workspace: Workspace, selection: Selection, reason: str, *, filtered: str) -> None:
    """Puts on record, for the auditor, that an export goes beyond the own grids."""
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="entry.exported",
            subject=selection.resource, details={"reason": reason, "filter": filtered},
        )  # fmt: skip


def veiled(workspace: Workspace, hits: Sequence[Hit]) -> Sequence[Hit]:
    """The answers of a search; people outside the own grids say only where they are."""
    people = [hit.id for hit in hits if hit.resource == "person"]
    own = set(home(workspace)) if people else set()
    if not own:
        return hits
    source, columns = joined("person")
    person = TABLES["person"]
    query = select(person.c.id, columns["grid_code"]).select_from(source).where(person.c.id.in_(people))
    with workspace.store.read() as connection:
        grids = {row[0]: row[1] or "" for row in connection.execute(query)}
    return [
        hit if hit.resource != "person" or grids.get(hit.id) in own
        else replace(hit, title=_("A person outside your grids"), subtitle=grids.get(hit.id, ""))
        for hit in hits
    ]  # fmt: skip
