"""The queue of one system at any length: the numbers of what a filter finds, and the few rows that are in sight."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from core.exchange import outbox, states
from core.exchange.connectors import connector
from core.exchange.outbox import Delivery
from core.model.exchange import address_proposal, delivery
from core.model.registry import TABLES, entity_id
from core.registry.record import title_of
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store import search
from core.store.bulk import chunks

_FOUND: Final = 1000
_SHORTEST: Final = 2
_FIRST, _AT_ONCE = 400, 20_000
_NUMBER: Final = re.compile(r"[A-Za-z0-9-]{5,}")
"""What may be a receiver's number: only then are receipts looked through."""


class Named(Protocol):
    """Anything that says which record it is about."""

    @property
    def resource(self) -> str:
        """The record's kind."""

    @property
    def entity(self) -> int:
        """The record's id."""


@dataclass(frozen=True)
class Wanted:
    """What is shown of a target's queue: all of it, one state, what a text finds (in a record or as receipt number)."""

    target: str
    state: str = ""
    text: str = ""


@dataclass(frozen=True)
class Queued:
    """A delivery with its record's name and address, masked as they were delivered, and what became of it there."""

    delivery: Delivery
    title: str
    place: str
    there: str = ""


@permits("exchange.read")
def newest(workspace: Workspace, wanted: Wanted) -> Sequence[int]:
    """The first of what ``numbers`` will give, at once at any length: each state's newest lie in order in the index."""
    states = (wanted.state,) if wanted.state else outbox.STATES
    found: list[int] = []
    with workspace.store.read() as connection:
        for state in states:
            query = _ordered(wanted, state).limit(_FIRST)
            found += connection.execute(query).scalars()
    return found if wanted.state else sorted(found, reverse=True)[:_FIRST]


@permits("exchange.read")
def numbers(workspace: Workspace, wanted: Wanted) -> Sequence[int]:
    """The ids of the deliveries that ``wanted`` names, the newest first; a text that is looked for is audited."""
    text = wanted.text.strip()
    with workspace.store.read() as connection:
        if len(text) < _SHORTEST:
            return _all(connection, wanted)
        found = _found(connection, wanted, text)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.search", subject=text,
            details={"hits": len(found), "target": wanted.target},
        )  # fmt: skip
    return array("q", sorted(found, reverse=True))


@permits("exchange.read")
def by_number(workspace: Workspace, ids: Sequence[int]) -> list[Queued]:
    """The deliveries of ``ids`` in that order, with the names of their records."""
    with workspace.store.read() as connection:
        rows = {one.id: one for one in outbox.by_id(connection, ids)}
        names = dict(names_in(connection, rows.values())) | _proposed(connection, rows.values())
        there = _there(connection, rows.values())
    known = (rows[id] for id in ids if id in rows)
    return [
        Queued(one, *names.get(one.entity, (one.key, "")), there.get((one.target, one.entity), ""))
        for one in known
    ]


def _proposed(connection: Connection, rows: Iterable[Delivery]) -> dict[int, tuple[str, str]]:
    """A proposed address is no record yet: its text stands for it."""
    numbers = {one.key: one.entity for one in rows if one.op == "propose"}
    query = select(address_proposal.c.number, address_proposal.c.full_text)
    found = connection.execute(query.where(address_proposal.c.number.in_(numbers))) if numbers else ()
    return {numbers[row[0]]: (row[1], "") for row in found}


def _there(connection: Connection, rows: Iterable[Delivery]) -> dict[tuple[str, int], str]:
    """What has become of records there, in words, by target and record."""
    by_target: dict[str, list[int]] = {}
    for one in rows:
        by_target.setdefault(one.target, []).append(one.entity)
    found: dict[tuple[str, int], str] = {}
    for target, entities in by_target.items():
        it = connector(target)
        if it.receipts.states:
            heard = states.newest(connection, it, entities)
            found |= {(target, entity): state.meaning for entity, state in heard.items()}
    return found


@permits("exchange.read")
def names(workspace: Workspace, rows: Iterable[Named]) -> Mapping[int, tuple[str, str]]:
    """Title and address of records by their ids; both masked as they were delivered."""
    with workspace.store.read() as connection:
        return names_in(connection, rows)


def _all(connection: Connection, wanted: Wanted) -> Sequence[int]:
    if wanted.state:
        query = _ordered(wanted, wanted.state)
        return array("q", connection.execute(query.execution_options(yield_per=_AT_ONCE)).scalars())
    unordered = select(delivery.c.id).where(_named(wanted)).execution_options(yield_per=_AT_ONCE)
    return array("q", sorted(connection.execute(unordered).scalars(), reverse=True))


def _ordered(wanted: Wanted, state: str) -> Select[Any]:
    """One state's deliveries as its index has them: by when they were due, the last first."""
    ours = and_(delivery.c.target == connector(wanted.target).target, outbox.in_state(state))
    return select(delivery.c.id).where(ours).order_by(delivery.c.due_at.desc(), delivery.c.id.desc())


def _named(wanted: Wanted) -> ColumnElement[bool]:
    ours = delivery.c.target == connector(wanted.target).target
    return and_(ours, outbox.in_state(wanted.state)) if wanted.state else ours


def _found(connection: Connection, wanted: Wanted, text: str) -> set[int]:
    entities = _entities(connection, text)
    found: set[int] = set()
    for some in chunks(list(entities)):
        query = select(delivery.c.id).where(delivery.c.entity.in_(some), _named(wanted))
        found.update(connection.execute(query).scalars())
    if _NUMBER.fullmatch(text):
        found.update(
            connection.execute(
                select(delivery.c.id).where(_named(wanted), delivery.c.receipt_no == text)
            ).scalars()
        )
    return found


def _entities(connection: Connection, text: str) -> set[int]:
    """What the text names: by its key, by the search box's index, and whoever lives at an address that it names."""
    hits = search.search(connection, text, limit=_FOUND)
    found = {entity_id(text), *(hit.id for hit in hits)}
    addresses, houses, people = (TABLES[name] for name in ("address", "house", "person"))
    named = select(addresses.c.address_code).where(addresses.c.id.in_(found))
    inside = select(houses.c.id, houses.c.house_code).where(
        or_(houses.c.address_code.in_(named), houses.c.id.in_(found))
    )
    codes = {row.id: row.house_code for row in connection.execute(inside)}
    found |= codes.keys()
    for some in chunks(list(codes.values())):
        found.update(connection.execute(select(people.c.id).where(people.c.house_code.in_(some))).scalars())
    return found


def names_in(connection: Connection, rows: Iterable[Named]) -> Mapping[int, tuple[str, str]]:
    """Title and address of each record by its id."""
    of: dict[str, list[int]] = {}
    for row in rows:
        of.setdefault(row.resource, []).append(row.entity)
    named: dict[int, tuple[str, str]] = {}
    for resource, ids in of.items():
        held = [dict(row) for row in connection.execute(_titles(resource, ids)).mappings()]
        places = _places(connection, held)
        named |= {
            one["id"]: (title_of(resource, one), places.get(one.get("address_code") or "", ""))
            for one in held
        }
    return named


def _titles(resource: str, ids: Collection[int]) -> Select[Any]:
    table = TABLES[resource]
    if resource != "person":
        return select(table).where(table.c.id.in_(ids))
    houses = TABLES["house"]
    joined = table.outerjoin(houses, houses.c.house_code == table.c.house_code)
    columns = (table.c.id, table.c.name_masked, table.c.person_token, houses.c.address_code)
    return select(*columns).select_from(joined).where(table.c.id.in_(ids))


def _places(connection: Connection, held: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    table = TABLES["address"]
    codes = {row.get("address_code") for row in held} - {None, ""}
    query = select(table.c.address_code, table.c.full_text).where(table.c.address_code.in_(codes))
    return {row.address_code: row.full_text for row in connection.execute(query)} if codes else {}
