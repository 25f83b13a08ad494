"""The file of an address (一址一档): who lives and lived there house by house, what else lies there, what is to do.

``address_file`` takes a fixed number of statements, however much lies at the address. People are masked; looking at
them is audited. ``residences`` says where one person lives and lived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import finding
from core.model.registry import TABLES, entity_id
from core.model.stewardship import comparison
from core.registry.cycles import cycle_days, due
from core.registry.record import Record, Related, record, title_of
from core.security import audit
from core.security.own_grids import require_inside
from core.security.workspace import Workspace, permits
from core.store import bulk

_HERE: Final = ("organisation", "place", "thing", "event", "dispute", "hazard", "qr_report")
_FACTS: Final = ("kind", "status", "state", "severity", "occurred_at", "found_at", "submitted_at")
_MOST: Final = 500
"""Houses, and records of each other kind, that a file shows; the counts are complete."""


class AddressUnknown(GridLinkError):
    """The registry has no address of this code."""

    code = "address_unknown"


@dataclass(frozen=True)
class Resident:
    """One person in a house, masked; ``moved_out`` is empty for who lives there now."""

    id: int
    name: str
    sex: str
    birth_year: int
    residence: str
    relation: str
    moved_in: str
    moved_out: str


@dataclass(frozen=True)
class Household:
    """A house with the people who live there, and those who did: moved out, or no longer reported."""

    id: int
    house_code: str
    use: str
    area_m2: float | None
    rooms: int | None
    landlord: str
    residents: Sequence[Resident]
    former: Sequence[Resident]


@dataclass(frozen=True)
class Todo:
    """What is to do at the address: the day from which it has to be verified again, conflicts and open findings.

    ``due`` is empty where no grid says how often; conflicts and findings are those of all that lies there.
    """

    due: str
    overdue: bool
    conflicts: int
    findings: int


@dataclass(frozen=True)
class AddressFile:
    """Everything about an address: its own record (parts, sources, history) and what lies at it."""

    record: Record
    households: Sequence[Household]
    around: Sequence[Related]
    counts: Mapping[str, int]
    todo: Todo


@dataclass(frozen=True)
class Residence:
    """A house in which a person lives or lived, the newest first."""

    id: int
    house_code: str
    address: str
    moved_in: str
    moved_out: str
    reported: bool


@permits("registry.read")
def address_file(workspace: Workspace, code: str) -> AddressFile:
    """The file of the address with this code. Raises ``AddressUnknown``."""
    entity = entity_id(code)
    address = TABLES["address"]
    with workspace.store.read() as connection:
        held = connection.execute(select(address).where(address.c.id == entity)).mappings().first()
        if held is None:
            raise AddressUnknown(
                _("The registry has no address {code}.").format(code=code),
                cure=_("Search for the address by its text; its code stands beside it."),
            )
        homes, houses = _households(connection, TABLES["house"].c.address_code == code, workspace.now()[:10])
        around, counts, others = _around(connection, code)
        people = [one.id for home in homes for one in home.residents]
        ids = [entity, *(home.id for home in homes), *others, *people]
        todo = _todo(connection, dict(held), ids, workspace.now()[:10])
    counts = {"house": houses, "person": len(people), **counts}
    own = record(workspace, "address", entity)  # audited where people live there
    former = sum(len(home.former) for home in homes)
    if former and not people:
        _note(workspace, "person.list", f"address:{entity}", {"people": former})
    return AddressFile(own, homes, around, {kind: count for kind, count in counts.items() if count}, todo)


@permits("registry.read")
def household(workspace: Workspace, house_code: str) -> Household | None:
    """One house with who lives and lived there; None where there is no such house. Audited."""
    with workspace.store.read() as connection:
        homes, _count = _households(
            connection, TABLES["house"].c.house_code == house_code, workspace.now()[:10]
        )
    if not homes:
        return None
    require_inside(workspace, "house", homes[0].id)
    _note(workspace, "person.list", f"house:{homes[0].id}", {"people": len(homes[0].residents)})
    return homes[0]


@permits("registry.read")
def residences(workspace: Workspace, entity: int) -> Sequence[Residence]:
    """Where the person of this record lives and lived, by the pseudonym; moves in and out. Audited."""
    require_inside(workspace, "person", entity)
    person, house, address = TABLES["person"], TABLES["house"], TABLES["address"]
    token = select(person.c.person_token).where(person.c.id == entity).scalar_subquery()
    joined = person.outerjoin(house, house.c.house_code == person.c.house_code).outerjoin(
        address, address.c.address_code == house.c.address_code
    )
    query = select(
        person.c.id, person.c.house_code, func.coalesce(address.c.full_text, ""), person.c.move_in,
        func.coalesce(person.c.move_out, ""), person.c.retired_in.is_(None),
    ).select_from(joined).where(person.c.person_token == token)  # fmt: skip
    with workspace.store.read() as connection:
        rows = connection.execute(query.order_by(person.c.move_in.desc(), person.c.id)).all()
    _note(workspace, "person.read", f"person:{entity}", {"residences": len(rows)})
    return [Residence(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


def _households(
    connection: Connection, where: ColumnElement[bool], today: str
) -> tuple[list[Household], int]:
    house = TABLES["house"]
    present = and_(where, house.c.retired_in.is_(None))
    count = connection.execute(select(func.count()).select_from(house).where(present)).scalar_one()
    rows = connection.execute(select(house).where(present).order_by(house.c.house_code).limit(_MOST)).all()
    people = _people(connection, [row.house_code for row in rows], today)
    return [
        Household(
            row.id, row.house_code, row.use, row.area_m2, row.rooms, row.landlord_masked or "",
            people.get((row.house_code, True), []), people.get((row.house_code, False), []),
        ) for row in rows
    ], count  # fmt: skip


def _people(
    connection: Connection, codes: Sequence[str], today: str
) -> dict[tuple[str, bool], list[Resident]]:
    """By house, and whether they live there now, in the order in which they moved in."""
    person = TABLES["person"]
    query = select(person).where(person.c.house_code.in_(codes)).order_by(person.c.move_in, person.c.id)
    found: dict[tuple[str, bool], list[Resident]] = {}
    for row in connection.execute(query):
        here = row.retired_in is None and (row.move_out is None or row.move_out > today)
        one = Resident(
            row.id, row.name_masked, row.sex, row.birth_year, row.residence, row.relation_to_head or "", row.move_in,
            row.move_out or "",
        )  # fmt: skip
        found.setdefault((row.house_code, here), []).append(one)
    return found


def _around(connection: Connection, code: str) -> tuple[list[Related], dict[str, int], list[int]]:
    """What lies at the address besides houses: the first of each kind, how many there are, and the ids shown."""
    shown: list[Related] = []
    counts: dict[str, int] = {}
    for kind in _HERE:
        table = TABLES[kind]
        here = and_(table.c.address_code == code, table.c.retired_in.is_(None))
        rows = connection.execute(
            select(table, func.count().over().label("_all")).where(here).limit(_MOST)
        ).mappings()
        for row in rows:
            counts[kind] = row["_all"]
            facts = [(name, row[name]) for name in _FACTS if row.get(name)]
            shown.append(Related(kind, row["id"], title_of(kind, dict(row)), facts))
    return shown, counts, [one.id for one in shown]


def _todo(connection: Connection, held: Mapping[str, Any], ids: Sequence[int], today: str) -> Todo:
    days = cycle_days(connection, held)
    again = due(held["collected_at"], days) if days else ""
    conflicts = findings = 0
    for some in bulk.chunks(ids):
        differing = and_(comparison.c.state == "conflict", comparison.c.entity.in_(some))
        conflicts += connection.execute(
            select(func.count()).select_from(comparison).where(differing)
        ).scalar_one()
        open_ = and_(finding.c.entity.in_(some), finding.c.fixed_in.is_(None))
        findings += connection.execute(select(func.count()).select_from(finding).where(open_)).scalar_one()
    return Todo(again, bool(again) and again <= today, conflicts, findings)


def _note(workspace: Workspace, action: str, subject: str, details: Mapping[str, Any]) -> None:
    with workspace.store.write() as connection:
        audit.record(
            connection,
            at=workspace.now(),
            actor=workspace.actor.name,
            action=action,
            subject=subject,
            details=details,
        )
