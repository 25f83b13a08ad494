"""One record as people read it: its fields with where each came from, what hangs on it, and its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func as sql, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import change_set, finding, package, source_record
from core.model.registry import HISTORY, TABLES
from core.model.resources import RESOURCES, Column
from core.model.stewardship import comparison
from core.registry.cycles import cycle_days, due
from core.security import audit
from core.security.own_grids import require_inside
from core.security.workspace import Workspace, permits
from core.verification.catalogue import describe

_RELATED: Final = 200


class RecordGone(GridLinkError):
    """The record is no longer in the registry."""

    code = "record_gone"


@dataclass(frozen=True)
class Origin:
    """Why a value is what it is: the change set, its package, sender and row or the person's reason, who and when."""

    change_set: int
    kind: str
    package: str
    sender: str
    at: str
    actor: str
    reason: str = ""
    row: str = ""


@dataclass(frozen=True)
class Standing:
    """How the departments stand to a field group: agreed, conflict or settled, who was compared, and when.

    ``until`` is the day from which it has to be verified again (empty where no grid says how often).
    """

    state: str
    sources: tuple[str, ...]
    at: str
    until: str


@dataclass(frozen=True)
class Value:
    """One field: its value as the registry holds it (masked where personal), where from, and who agrees.

    ``standing`` is None where one department speaks alone: known, but verified by nobody else.
    """

    name: str
    value: Any
    personal: bool
    origin: Origin | None
    standing: Standing | None = None


@dataclass(frozen=True)
class Related:
    """A record that hangs on this one; ``facts`` are the columns that tell it from its neighbours."""

    resource: str
    id: int
    title: str
    facts: Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Remark:
    """A finding of the import that last set the record, as a sentence and its cure."""

    rule: str
    severity: str
    field: str
    message: str
    cure: str


@dataclass(frozen=True)
class Word:
    """What another department says of the same entity, where it differs from what the registry holds."""

    source: str
    collected_at: str
    collector: str
    origin: Origin | None
    differs: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """The file of one record; ``related`` shows the first of each kind, ``counts`` says how many there are."""

    resource: str
    id: int
    title: str
    retired: bool
    source: str
    collected_at: str
    collector: str
    values: Sequence[Value]
    related: Sequence[Related]
    counts: Mapping[str, int]
    words: Sequence[Word]
    history: Sequence[tuple[Origin | None, Mapping[str, Any]]]
    findings: Sequence[Remark]


@permits("registry.read")
def record(workspace: Workspace, resource: str, entity: int) -> Record:
    """The file of one record; looking at people is audited. Raises ``RecordGone`` or ``OutsideGrids``."""
    require_inside(workspace, resource, entity)
    table = TABLES[resource]
    with workspace.store.read() as connection:
        row = connection.execute(select(table).where(table.c.id == entity)).first()
        if row is None:
            raise RecordGone(
                _("This record is no longer in the registry."),
                cure=_("An import may have been undone; look again."),
            )
        made = _assembled(connection, resource, row)
    _audit(workspace, made)
    return made


def _audit(workspace: Workspace, made: Record) -> None:
    people = made.counts.get("person", 0)
    if made.resource != "person" and not people:
        return
    action, details = (
        ("person.read", {}) if made.resource == "person" else ("person.list", {"people": people})
    )
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action=action,
            subject=f"{made.resource}:{made.id}", details=details,
        )  # fmt: skip


def _assembled(connection: Connection, resource: str, row: Row[Any]) -> Record:
    held = dict(row._mapping)
    known = RESOURCES[resource]
    past = HISTORY[resource]
    mine = and_(source_record.c.resource == resource, source_record.c.entity == held["id"])
    older = connection.execute(
        select(past).where(past.c.id == held["id"]).order_by(past.c.superseded_in.desc())
    ).all()
    said = connection.execute(select(source_record).where(mine)).all()
    numbers = {held[f"prov_{group}"] for group in known.groups} | {old.superseded_in for old in older}
    origins = _origins(connection, numbers | {one.change_set for one in said})
    related, counts = _related(connection, resource, held)
    standing, key = _standing(connection, resource, held), ":".join(str(held[name]) for name in known.key)
    from_ = {group: _in_row(origins.get(held[f"prov_{group}"]), key) for group in known.groups}
    values = [
        Value(c.name, held[c.name], c.personal, from_.get(c.group), standing.get(c.group))
        for c in known.columns
        if c.kind != "geometry" and held[c.name] is not None
    ]
    return Record(
        resource=resource,
        id=held["id"],
        title=title_of(resource, held),
        retired=held["retired_in"] is not None,
        source=held["source"],
        collected_at=held["collected_at"],
        collector=held["collector"],
        values=values,
        related=related,
        counts=counts,
        words=[
            Word(
                one.source,
                one.collected_at,
                one.collector,
                origins.get(one.change_set),
                _differs(known.columns, _typed(known.columns, json.loads(one.row)), held),
            )
            for one in said
            if one.source != held["source"]
        ],
        history=[
            (origins.get(old.superseded_in), _differs(known.columns, dict(old._mapping), held))
            for old in older
        ],
        findings=_findings(connection, resource, held),
    )


def title_of(resource: str, held: Mapping[str, Any]) -> str:
    """What a record is called on a list."""
    for name in ("full_text", "name", "name_masked", "house_code"):
        if held.get(name):
            return str(held[name])
    return str(held[RESOURCES[resource].key[0]])


def _differs(columns: Sequence[Column], old: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {c.name: old[c.name] for c in columns if c.kind != "geometry" and old[c.name] != now[c.name]}


def _in_row(origin: Origin | None, key: str) -> Origin | None:
    """A package's row is known by its key."""
    return replace(origin, row=key) if origin is not None and origin.package else origin


def _origins(connection: Connection, numbers: set[int]) -> dict[int, Origin]:
    joined = change_set.outerjoin(package, package.c.id == change_set.c.package_id)
    rows = connection.execute(
        select(
            change_set.c.id,
            change_set.c.kind,
            change_set.c.at,
            change_set.c.actor,
            change_set.c.reason,
            package.c.name,
            package.c.sender,
        )
        .select_from(joined)
        .where(change_set.c.id.in_(numbers))
    )
    return {r.id: Origin(r.id, r.kind, r.name or "", r.sender or "", r.at, r.actor, r.reason) for r in rows}


def _standing(connection: Connection, resource: str, held: Mapping[str, Any]) -> dict[str, Standing]:
    """By field group; verified until the cycle of the grid has passed since it was last collected."""
    mine = and_(comparison.c.resource == resource, comparison.c.entity == held["id"])
    rows = connection.execute(select(comparison).where(mine)).all()
    days = cycle_days(connection, held) if rows else None
    return {
        row.group_name: Standing(
            row.state, tuple(row.sources.split()), row.at, due(row.at, days) if days and row.at else ""
        )
        for row in rows
    }


def _typed(columns: Sequence[Column], said: Mapping[str, Any]) -> dict[str, Any]:
    """A kept word in the registry's types: staged rows keep what came as text."""
    types: dict[str, Any] = {"integer": int, "year": int, "number": float}
    return {
        c.name: None if said.get(c.name) is None else types.get(c.kind, str)(said[c.name]) for c in columns
    }


def _related(
    connection: Connection, resource: str, held: Mapping[str, Any]
) -> tuple[list[Related], dict[str, int]]:
    """What hangs on the record: an address's houses, organisations and people; a house's address and people."""
    shown: list[Related] = []
    counts: dict[str, int] = {}
    for kind, where in _hanging(resource, held):
        table = TABLES[kind]
        here = where & table.c.retired_in.is_(None)
        counts[kind] = connection.execute(select(sql.count()).select_from(table).where(here)).scalar_one()
        for row in connection.execute(select(table).where(here).order_by(table.c.id).limit(_RELATED)):
            fields = dict(row._mapping)
            shown.append(Related(kind, row.id, title_of(kind, fields), _subtitle(resource, kind, fields)))
    return shown, {kind: count for kind, count in counts.items() if count}


def _hanging(resource: str, held: Mapping[str, Any]) -> list[tuple[str, ColumnElement[bool]]]:
    address, house, person = TABLES["address"], TABLES["house"], TABLES["person"]
    code, home = held.get("address_code"), held.get("house_code")
    if resource == "address":
        homes = select(house.c.house_code).where(house.c.address_code == code, house.c.retired_in.is_(None))
        return [
            ("house", house.c.address_code == code),
            ("person", person.c.house_code.in_(homes)),
            ("organisation", TABLES["organisation"].c.address_code == code),
        ]
    if resource == "house":
        return [("address", address.c.address_code == code), ("person", person.c.house_code == home)]
    if resource == "person":
        return [("house", house.c.house_code == home)]
    return [("address", address.c.address_code == code)] if code else []


def _subtitle(seen_from: str, kind: str, held: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    names = {"house": ("use",), "person": ("residence", "birth_year"), "organisation": ("kind", "status")}
    shown = names.get(kind, ()) + (("house_code",) if (seen_from, kind) == ("address", "person") else ())
    return tuple((name, held[name]) for name in shown if held[name])


def _findings(connection: Connection, resource: str, held: Mapping[str, Any]) -> list[Remark]:
    known = RESOURCES[resource]
    whole = held[known.key[0]] is not None
    key = ":".join(str(held[name]) for name in known.key) if whole else str(held[known.alternative_key])
    rows = connection.execute(
        select(finding.c.rule, finding.c.severity, finding.c.field, finding.c.value).where(
            finding.c.resource == resource,
            finding.c.key == key,
            finding.c.change_set.in_({held["changed_in"], held["created_in"]}),
        )
    )
    return [
        Remark(row.rule, row.severity, row.field, *describe(row.rule, field=row.field, value=row.value))
        for row in rows
    ]
