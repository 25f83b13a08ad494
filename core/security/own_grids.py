"""Working in one's own grids: who is at home where, and looks outside for a stated reason that auditors read.

An account without grids of its own works in the whole district. One with some opens files there as ever; for a file
elsewhere it states a reason, which opens that grid for ``MINUTES``. The reason and each file opened so are on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.model.security import account
from core.model.working import assignment, entry_permit
from core.security import audit
from core.security.reasons import stated
from core.security.workspace import Workspace, permits

MINUTES: Final = 30
"""How long a stated reason opens a grid."""
_FREE: Final = ("grid",)
"""Kinds whose files say nothing about people or premises."""


class OutsideGrids(GridLinkError):
    """The record lies outside the grids in which the account works, and no reason has been stated."""

    code = "outside_grids"


class AssignmentRefused(GridLinkError):
    """There is no such account or grid, or somebody would change his own grids."""

    code = "assignment_refused"


@dataclass(frozen=True)
class Assignment:
    """A grid in which an account works; who said so and when."""

    account: str
    grid_code: str
    at: str
    actor: str


@dataclass(frozen=True)
class Entry:
    """A look outside one's own grids: into which grid (empty: where no grid is known), why, and until when."""

    account: str
    grid_code: str
    reason: str
    at: str
    until: str


@permits("grid.assign")
def assignments(workspace: Workspace, name: str = "") -> Sequence[Assignment]:
    """Who works in which grids; of one account where it is named."""
    query = select(assignment).order_by(assignment.c.account, assignment.c.grid_code)
    if name:
        query = query.where(assignment.c.account == name)
    with workspace.store.read() as connection:
        return [
            Assignment(row.account, row.grid_code, row.at, row.actor) for row in connection.execute(query)
        ]


@permits("grid.assign")
def assign(workspace: Workspace, name: str, grids: Sequence[str]) -> int:
    """Lets an account work in these grids too; returns how many are new. Raises ``AssignmentRefused``."""
    _require_other(workspace, name)
    with workspace.store.write() as connection:
        _require_known(connection, name, grids)
        new = sorted(set(grids) - _own(connection, name))
        at, actor = workspace.now(), workspace.actor.name
        rows = [{"account": name, "grid_code": code, "at": at, "actor": actor} for code in new]
        if rows:
            connection.execute(insert(assignment), rows)
            _record(connection, workspace, "grid.assigned", name, {"grids": new})
    return len(new)


@permits("grid.assign")
def unassign(workspace: Workspace, name: str, grids: Sequence[str] = ()) -> int:
    """Takes grids from an account, all where none is named; returns how many. Without any it works everywhere."""
    _require_other(workspace, name)
    with workspace.store.write() as connection:
        held = _own(connection, name)
        gone = sorted(held & set(grids) if grids else held)
        mine = and_(assignment.c.account == name, assignment.c.grid_code.in_(gone))
        if gone:
            connection.execute(delete(assignment).where(mine))
            _record(connection, workspace, "grid.unassigned", name, {"grids": gone})
    return len(gone)


@permits("registry.read")
def enter(workspace: Workspace, resource: str, entity: int, reason: str) -> Entry:
    """Opens the grid of a record for a while, for a reason; on record before it is. Raises ``ReasonMissing``."""
    said = stated(reason, _("A file outside one's own grids is opened only for a stated reason."))
    until = (workspace.clock() + timedelta(minutes=MINUTES)).astimezone(UTC)
    with workspace.store.write() as connection:
        made = Entry(
            workspace.actor.name, _grid_of_record(connection, resource, entity), said, workspace.now(),
            until.isoformat(timespec="milliseconds"),
        )  # fmt: skip
        connection.execute(insert(entry_permit).values(**vars(made)))
        details = {"grid": made.grid_code, "reason": said, "until": made.until}
        _record(connection, workspace, "entry.granted", f"{resource}:{entity}", details)
    return made


@permits("audit.read")
def entries(workspace: Workspace, name: str = "", *, limit: int = 500) -> Sequence[Entry]:
    """Looks outside the own grids with their reasons, the latest first; of one account where it is named."""
    query = select(entry_permit).order_by(entry_permit.c.id.desc()).limit(limit)
    if name:
        query = query.where(entry_permit.c.account == name)
    with workspace.store.read() as connection:
        return [Entry(r.account, r.grid_code, r.reason, r.at, r.until) for r in connection.execute(query)]


def require_inside(workspace: Workspace, resource: str, entity: int) -> None:
    """Raises ``OutsideGrids`` unless the actor may open the record; opened by a stated reason, it is on record."""
    if resource in _FREE:
        return
    with workspace.store.read() as connection:
        own = _own(connection, workspace.actor.name)
        if not own or (grid := _grid_of_record(connection, resource, entity)) in own:
            return
        reason = _reason_in_force(connection, workspace, grid)
    if reason is None:
        raise _outside(grid)
    with workspace.store.write() as connection:
        details = {"grid": grid, "reason": reason}
        _record(connection, workspace, "entry.used", f"{resource}:{entity}", details)


def require_person_inside(workspace: Workspace, token: str) -> None:
    """Raises ``OutsideGrids`` unless one of the places of a person, as resident or landlord, may be opened."""
    with workspace.store.read() as connection:
        own = _own(connection, workspace.actor.name)
        if not own:
            return
        places = _grids_of_person(connection, token)
        if places & own or any(_reason_in_force(connection, workspace, one) is not None for one in places):
            return
    raise _outside(", ".join(sorted(places)))


def grid_of(connection: Connection, held: Mapping[str, Any]) -> str | None:
    """The grid that a registry row lies in, itself or through its house or address."""
    if held.get("grid_code"):
        return str(held["grid_code"])
    address, house = TABLES["address"], TABLES["house"]
    if held.get("address_code"):
        query = select(address.c.grid_code).where(address.c.address_code == held["address_code"])
    elif held.get("house_code"):
        joined = house.join(address, address.c.address_code == house.c.address_code)
        query = (
            select(address.c.grid_code).select_from(joined).where(house.c.house_code == held["house_code"])
        )
    else:
        return None
    return connection.execute(query).scalar()


def _own(connection: Connection, name: str) -> set[str]:
    query = select(assignment.c.grid_code).where(assignment.c.account == name)
    return set(connection.execute(query).scalars())


def _grid_of_record(connection: Connection, resource: str, entity: int) -> str:
    table = TABLES[resource]
    ways = [table.c[n] for n in ("grid_code", "address_code", "house_code") if n in table.c]
    held = connection.execute(select(table.c.id, *ways).where(table.c.id == entity)).mappings().first()
    return (grid_of(connection, dict(held)) if held else None) or ""


def _grids_of_person(connection: Connection, token: str) -> set[str]:
    address, house, person = TABLES["address"], TABLES["house"], TABLES["person"]
    place = address.c.address_code == house.c.address_code
    living = house.join(address, place).join(person, person.c.house_code == house.c.house_code)
    query = select(address.c.grid_code).select_from(living).where(person.c.person_token == token)
    letting = select(address.c.grid_code).select_from(house.join(address, place))
    found = connection.execute(query.union(letting.where(house.c.landlord_token == token))).scalars()
    return {code or "" for code in found} or {""}


def _reason_in_force(connection: Connection, workspace: Workspace, grid: str) -> str | None:
    mine = and_(entry_permit.c.account == workspace.actor.name, entry_permit.c.until > workspace.now())
    query = select(entry_permit.c.reason).where(mine, entry_permit.c.grid_code == grid)
    return connection.execute(query.order_by(entry_permit.c.id.desc()).limit(1)).scalar()


def _outside(grid: str) -> OutsideGrids:
    place = _("grid {grid}").format(grid=grid) if grid else _("no known grid")
    return OutsideGrids(
        _("This record lies in {place}, outside the grids you work in.").format(place=place),
        cure=_("Open its file and state a reason; the auditor will read it."),
        grid=grid,
    )


def _require_other(workspace: Workspace, name: str) -> None:
    if name == workspace.actor.name:
        raise AssignmentRefused(
            _("Nobody assigns grids to himself."), cure=_("Ask another steward or administrator.")
        )


def _require_known(connection: Connection, name: str, grids: Sequence[str]) -> None:
    grid = TABLES["grid"]
    if connection.execute(select(account.c.name).where(account.c.name == name)).first() is None:
        raise AssignmentRefused(
            _("There is no account named “{name}”.").format(name=name), cure=_("Check the spelling.")
        )
    held = select(grid.c.grid_code).where(grid.c.grid_code.in_(grids), grid.c.retired_in.is_(None))
    if unknown := sorted(set(grids) - set(connection.execute(held).scalars())):
        raise AssignmentRefused(
            _("The registry has no such grid in use: {grids}.").format(grids=", ".join(unknown)),
            cure=_("Check the codes; “gridlink grid check” counts the grids held."),
        )


def _record(
    connection: Connection, workspace: Workspace, action: str, subject: str, details: Mapping[str, Any]
) -> None:
    audit.record(
        connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=subject,
        details=details,
    )  # fmt: skip
