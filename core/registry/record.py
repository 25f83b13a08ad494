"""One record as people read it: its fields with where each came from, what hangs on it, and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import change_set, finding, package
from core.model.registry import HISTORY, TABLES
from core.model.resources import RESOURCES, Column
from core.security import audit
from core.security.workspace import Workspace, permits

_RELATED: Final = 200


class RecordGone(GridLinkError):
    """The record is no longer in the registry."""

    code = "record_gone"


@dataclass(frozen=True)
class Origin:
    """Why a value is what it is: the change set, its package and sender, who and when."""

    change_set: int
    kind: str
    package: str
    sender: str
    at: str
    actor: str


@dataclass(frozen=True)
class Value:
    """One field: its name, value as the registry holds it (masked where personal), group and origin."""

    name: str
    value: Any
    personal: bool
    origin: Origin | None


@dataclass(frozen=True)
class Related:
    """A record that hangs on this one."""

    resource: str
    id: int
    title: str
    subtitle: str


@dataclass(frozen=True)
class Record:
    """The file of one record."""

    resource: str
    id: int
    title: str
    retired: bool
    source: str
    collected_at: str
    collector: str
    values: Sequence[Value]
    related: Sequence[Related]
    history: Sequence[tuple[Origin | None, Mapping[str, Any]]]
    findings: Sequence[tuple[str, str]]


@permits("registry.read")
def record(workspace: Workspace, resource: str, entity: int) -> Record:
    """The file of one record; looking at a person's is audited. Raises ``RecordGone``."""
    table = TABLES[resource]
    with workspace.store.read() as connection:
        row = connection.execute(select(table).where(table.c.id == entity)).first()
        if row is None:
            raise RecordGone(
                _("This record is no longer in the registry."),
                cure=_("An import may have been undone; look again."),
            )
        made = _assembled(connection, resource, row)
    if resource == "person":
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.read", subject=str(entity),
                details={"house_code": row._mapping["house_code"]},
            )  # fmt: skip
    return made


def _assembled(connection: Connection, resource: str, row: Row[Any]) -> Record:
    held = dict(row._mapping)
    known = RESOURCES[resource]
    history_table = HISTORY[resource]
    older = connection.execute(
        select(history_table)
        .where(history_table.c.id == held["id"])
        .order_by(history_table.c.superseded_in.desc())
    ).all()
    numbers = {held[f"prov_{group}"] for group in known.groups} | {old.superseded_in for old in older}
    origins = _origins(connection, numbers)
    values = [
        Value(c.name, held[c.name], c.personal, origins.get(held[f"prov_{c.group}"]))
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
        related=_related(connection, resource, held),
        history=[
            (origins.get(old.superseded_in), _differs(known.columns, dict(old._mapping), held)) for old in older
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


def _origins(connection: Connection, numbers: set[int]) -> dict[int, Origin]:
    joined = change_set.outerjoin(package, package.c.id == change_set.c.package_id)
    rows = connection.execute(
        select(
            change_set.c.id,
            change_set.c.kind,
            change_set.c.at,
            change_set.c.actor,
            package.c.name,
            package.c.sender,
        )
        .select_from(joined)
        .where(change_set.c.id.in_(numbers))
    )
    return {r.id: Origin(r.id, r.kind, r.name or "", r.sender or "", r.at, r.actor) for r in rows}


def _related(connection: Connection, resource: str, held: Mapping[str, Any]) -> list[Related]:
    if resource == "address":
        here = held["address_code"]
        return [
            *_those(connection, "house", "address_code", here),
            *_those(connection, "organisation", "address_code", here),
        ]
    if resource == "house":
        return [
            *_those(connection, "address", "address_code", held["address_code"]),
            *_those(connection, "person", "house_code", held["house_code"]),
        ]
    if resource == "person":
        return _those(connection, "house", "house_code", held["house_code"])
    if held.get("address_code"):
        return _those(connection, "address", "address_code", held["address_code"])
    return []


def _those(connection: Connection, resource: str, column: str, value: Any) -> list[Related]:
    table = TABLES[resource]
    here = (table.c[column] == value) & table.c.retired_in.is_(None)
    rows = connection.execute(select(table).where(here).order_by(table.c.id).limit(_RELATED))
    return [
        Related(resource, r.id, title_of(resource, dict(r._mapping)), _subtitle(resource, dict(r._mapping))) for r in rows
    ]


def _subtitle(resource: str, held: Mapping[str, Any]) -> str:
    names = {"house": ("use",), "person": ("residence", "birth_year"), "organisation": ("kind", "status")}
    return " · ".join(str(held[name]) for name in names.get(resource, ()) if held[name])


def _findings(connection: Connection, resource: str, held: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = RESOURCES[resource]
    key = (
        ":".join(str(held[name]) for name in known.key)
        if held[known.key[0]]
        else str(held[known.alternative_key])
    )
    rows = connection.execute(
        select(finding.c.rule, finding.c.field).where(
            finding.c.resource == resource,
            finding.c.key == key,
            finding.c.change_set.in_({held["changed_in"], held["created_in"]}),
        )
    )
    return [(row.rule, row.field) for row in rows]
