"""Saved views: a filter with its order and columns under a name, for its owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, insert, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.working import saved_view
from core.registry.filters import Selection, checked, selection_of
from core.registry.tables import Order
from core.security.workspace import Workspace, permits


class ViewUnknown(GridLinkError):
    """There is no saved view of this name, or it has none."""

    code = "view_unknown"


@dataclass(frozen=True)
class View:
    """What is shown of a kind, under the name that its owner gave it; no columns mean the usual ones."""

    name: str
    selection: Selection
    order: Order
    columns: tuple[str, ...] = ()


@permits("registry.read")
def save(workspace: Workspace, view: View) -> None:
    """Keeps a view; one of the same name and kind is replaced. Raises ``ViewUnknown`` or ``FilterUnclear``."""
    if not view.name.strip():
        raise ViewUnknown(_("A view needs a name."), cure=_("Give it one that says what it shows."))
    checked(view.selection)
    with workspace.store.write() as connection:
        connection.execute(delete(saved_view).where(_mine(workspace, view.selection.resource, view.name)))
        connection.execute(insert(saved_view).values(
            owner=workspace.actor.name, resource=view.selection.resource, name=view.name.strip(),
            selection=view.selection.as_dict(), order_by=view.order.column, descending=int(view.order.descending),
            columns=list(view.columns), at=workspace.now(),
        ))  # fmt: skip


@permits("registry.read")
def forget(workspace: Workspace, resource: str, name: str) -> None:
    """Takes a view away. Raises ``ViewUnknown``."""
    with workspace.store.write() as connection:
        if not connection.execute(delete(saved_view).where(_mine(workspace, resource, name))).rowcount:
            raise _unknown(name)


@permits("registry.read")
def saved(workspace: Workspace, resource: str = "") -> Sequence[View]:
    """The actor's own views of a kind (or of all), by name."""
    query = select(saved_view).where(saved_view.c.owner == workspace.actor.name)
    if resource:
        query = query.where(saved_view.c.resource == resource)
    with workspace.store.read() as connection:
        rows = connection.execute(query.order_by(saved_view.c.name)).all()
    return [
        View(r.name, selection_of(r.selection), Order(r.order_by, bool(r.descending)), tuple(r.columns))
        for r in rows
    ]


def named(workspace: Workspace, resource: str, name: str) -> View:
    """The actor's view of this name. Raises ``ViewUnknown``."""
    for view in saved(workspace, resource):
        if view.name == name:
            return view
    raise _unknown(name)


def _unknown(name: str) -> ViewUnknown:
    return ViewUnknown(
        _("You have no saved view “{name}” of this kind.").format(name=name),
        cure=_("Saved views belong to who made them; look at the list."),
    )


def _mine(workspace: Workspace, resource: str, name: str) -> ColumnElement[bool]:
    return and_(
        saved_view.c.owner == workspace.actor.name, saved_view.c.resource == resource,
        saved_view.c.name == name.strip(),
    )  # fmt: skip
