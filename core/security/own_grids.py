"""Working in one's own grids, and looking outside them for a stated reason that auditors read.

An account without grids of its own works in the whole district. One with some opens files there as ever; for a file
elsewhere it states a reason, which opens that one record for ``MINUTES``: an address with its houses, a house, a
person. A masked list of people, houses or organisations beyond the own grids is opened for a reason in the same way.
The reason, and each file opened by it, are on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, false, insert, or_, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.names import label
from core.model.registry import TABLES, entity_id
from core.model.resources import RESOURCES
from core.model.working import assignment, entry_permit
from core.security import audit
from core.security.reasons import stated
from core.security.workspace import Workspace, permits

MINUTES: Final = 30
"""How long a stated reason opens a record or a list."""
_FREE: Final = ("grid",)
"""Kinds whose files say nothing about people or premises."""
MASKED: Final = frozenset(name for name, one in RESOURCES.items() if any(c.personal for c in one.columns))
"""Kinds whose rows carry masked personal data: their lists beyond the own grids need a reason."""


class OutsideGrids(GridLinkError):
    """The record lies outside the grids in which the account works, and no reason has been stated."""

    code = "outside_grids"


class ListOutsideGrids(OutsideGrids):
    """The list goes beyond the grids in which the account works, and no reason has been stated."""


@dataclass(frozen=True)
class Entry:
    """A look outside one's own grids: at which record (``entity`` None: the list of the kind), why, and until when.

    ``grid_code`` is where the record lies, empty where no grid is known.
    """

    account: str
    grid_code: str
    reason: str
    at: str
    until: str
    resource: str = ""
    entity: int | None = None


def home(workspace: Workspace) -> tuple[str, ...]:
    """The actor's own grids in order; empty for who works in the whole district."""
    with workspace.store.read() as connection:
        return tuple(sorted(own(connection, workspace.actor.name)))


def own(connection: Connection, name: str) -> set[str]:
    """The grids of an account that are not ended."""
    query = select(assignment.c.grid_code).where(
        assignment.c.account == name, assignment.c.ended_in.is_(None)
    )
    return set(connection.execute(query).scalars())


@permits("registry.read")
def enter(workspace: Workspace, resource: str, entity: int, reason: str) -> Entry:
    """Opens one record for a while, for a reason; on record before it is. Raises ``ReasonMissing``."""
    said = stated(reason, _("A file outside one's own grids is opened only for a stated reason."))
    return _permit(workspace, resource, entity, said)


@permits("registry.read")
def enter_list(workspace: Workspace, resource: str, reason: str) -> Entry:
    """Opens the masked list of a kind beyond the own grids for a while. Raises ``ReasonMissing``."""
    said = stated(reason, _("A list beyond one's own grids is opened only for a stated reason."))
    return _permit(workspace, resource, None, said)


@permits("audit.read")
def entries(workspace: Workspace, name: str = "", *, limit: int = 500) -> Sequence[Entry]:
    """Looks outside the own grids with their reasons, the latest first; of one account where it is named."""
    query = select(*(entry_permit.c[field] for field in Entry.__dataclass_fields__))
    query = query.order_by(entry_permit.c.id.desc()).limit(limit)
    if name:
        query = query.where(entry_permit.c.account == name)
    with workspace.store.read() as connection:
        return [Entry(*row) for row in connection.execute(query)]


def require_inside(workspace: Workspace, resource: str, entity: int) -> None:
    """Raises ``OutsideGrids`` unless the actor may open the record; opened by a stated reason, it is on record."""
    if resource in _FREE:
        return
    with workspace.store.read() as connection:
        mine = own(connection, workspace.actor.name)
        if not mine:
            return
        held = _ways(connection, resource, entity)
        grid = grid_of(connection, held) or ""
        if grid in mine:
            return
        reason = _reason_in_force(connection, workspace, _opening(resource, entity, held))
    if reason is None:
        raise _outside(grid)
    with workspace.store.write() as connection:
        details = {"grid": grid, "reason": reason}
        audit.note(connection, workspace, "entry.used", f"{resource}:{entity}", details)


def require_person_inside(workspace: Workspace, token: str) -> None:
    """Raises ``OutsideGrids`` unless one of the places of a person, as resident or landlord, may be opened."""
    with workspace.store.read() as connection:
        mine = own(connection, workspace.actor.name)
        if not mine:
            return
        places = _grids_of_person(connection, token)
        if (
            places & mine
            or _reason_in_force(connection, workspace, _opening_person(connection, token)) is not None
        ):
            return
    raise _outside(", ".join(sorted(places)))


def require_list(workspace: Workspace, resource: str, grids: Sequence[str] | None) -> None:
    """Raises ``ListOutsideGrids`` unless the actor may list a kind in these grids (None: everywhere)."""
    if not list_is_open(workspace, resource, grids):
        raise ListOutsideGrids(
            _("The list of {kind} goes beyond the grids you work in.").format(
                kind=label("resource", resource)
            ),
            cure=_("Keep to your own grids, or state a reason; the auditor will read it."),
        )


def list_is_open(workspace: Workspace, resource: str, grids: Sequence[str] | None) -> bool:
    """Whether the actor may list a kind in these grids: it shows nothing masked, he is at home, or for a reason."""
    if resource not in MASKED:
        return True
    with workspace.store.read() as connection:
        mine = own(connection, workspace.actor.name)
        if not mine or (grids is not None and mine.issuperset(grids)):
            return True
        listed = and_(entry_permit.c.resource == resource, entry_permit.c.entity.is_(None))
        return _reason_in_force(connection, workspace, listed) is not None


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


def _permit(workspace: Workspace, resource: str, entity: int | None, reason: str) -> Entry:
    until = (
        (workspace.clock() + timedelta(minutes=MINUTES)).astimezone(UTC).isoformat(timespec="milliseconds")
    )
    with workspace.store.write() as connection:
        held = {} if entity is None else _ways(connection, resource, entity)
        grid = grid_of(connection, held) or ""
        made = Entry(workspace.actor.name, grid, reason, workspace.now(), until, resource, entity)
        connection.execute(insert(entry_permit).values(**vars(made)))
        details = {"grid": grid, "reason": reason, "until": until}
        action = "entry.listed" if entity is None else "entry.granted"
        audit.note(
            connection, workspace, action, resource if entity is None else f"{resource}:{entity}", details
        )
    return made


def _ways(connection: Connection, resource: str, entity: int) -> Mapping[str, Any]:
    """What leads from a record to its grid."""
    table = TABLES[resource]
    ways = [table.c[n] for n in ("grid_code", "address_code", "house_code") if n in table.c]
    held = connection.execute(select(table.c.id, *ways).where(table.c.id == entity)).mappings().first()
    return dict(held) if held else {}


def _opening(resource: str, entity: int, held: Mapping[str, Any]) -> ColumnElement[bool]:
    """Permits that open a record: its own, and for a house that of its address, whose file shows it."""
    mine = and_(entry_permit.c.resource == resource, entry_permit.c.entity == entity)
    if resource == "house" and held.get("address_code"):
        return or_(mine, _at(entity_id(str(held["address_code"]))))
    return mine


def _opening_person(connection: Connection, token: str) -> ColumnElement[bool]:
    """Permits that open a person: for one of its records, or for a house that it lets."""
    person, house = TABLES["person"], TABLES["house"]
    living = connection.execute(select(person.c.id).where(person.c.person_token == token)).scalars().all()
    let = connection.execute(
        select(house.c.id, house.c.address_code).where(house.c.landlord_token == token)
    ).all()
    opens = [_opening("person", one, {}) for one in living]
    opens += [_opening("house", one, {"address_code": code}) for one, code in let]
    return or_(false(), *opens)


def _at(address: int) -> ColumnElement[bool]:
    return and_(entry_permit.c.resource == "address", entry_permit.c.entity == address)


def _grids_of_person(connection: Connection, token: str) -> set[str]:
    address, house, person = TABLES["address"], TABLES["house"], TABLES["person"]
    place = address.c.address_code == house.c.address_code
    living = house.join(address, place).join(person, person.c.house_code == house.c.house_code)
    query = select(address.c.grid_code).select_from(living).where(person.c.person_token == token)
    letting = select(address.c.grid_code).select_from(house.join(address, place))
    found = connection.execute(query.union(letting.where(house.c.landlord_token == token))).scalars()
    return {code or "" for code in found} or {""}


def _reason_in_force(connection: Connection, workspace: Workspace, opens: ColumnElement[bool]) -> str | None:
    mine = and_(entry_permit.c.account == workspace.actor.name, entry_permit.c.until > workspace.now())
    query = select(entry_permit.c.reason).where(mine, opens)
    return connection.execute(query.order_by(entry_permit.c.id.desc()).limit(1)).scalar()


def _outside(grid: str) -> OutsideGrids:
    place = _("grid {grid}").format(grid=grid) if grid else _("no known grid")
    return OutsideGrids(
        _("This record lies in {place}, outside the grids you work in.").format(place=place),
        cure=_("Open its file and state a reason; the auditor will read it."),
        grid=grid,
    )
