"""The adjudication list: where departments contradict each other, and one such record whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import change_set, package
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource, references
from core.model.stewardship import comparison, decision
from core.registry import words
from core.registry.authority import order
from core.registry.record import title_of
from core.registry.weighing import normalised
from core.security import audit
from core.security.workspace import Workspace, permits
from core.spatial.coordinates import to_wgs84


class CaseGone(GridLinkError):
    """Nothing is to be settled about this record any more."""

    code = "case_gone"


@dataclass(frozen=True)
class Filters:
    """Which conflicts: by resource, field group, a department that takes part, and community (12 digits)."""

    resource: str = ""
    group: str = ""
    source: str = ""
    community: str = ""


@dataclass(frozen=True)
class Conflict:
    """One field group of one record about which ``sources`` (by authority) contradict each other since ``at``."""

    resource: str
    entity: int
    title: str
    group: str
    sources: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class ConflictPage:
    """A stretch of the list; ``total`` and ``by_group`` (resource, group: count) count all of the filter."""

    total: int
    by_group: Mapping[tuple[str, str], int]
    rows: Sequence[Conflict]


@dataclass(frozen=True)
class Source:
    """One department's word: when it was collected, by whom, and the package that brought it."""

    name: str
    collected_at: str
    collector: str
    package: str
    change_set: int


@dataclass(frozen=True)
class Field:
    """One field: what the registry says now, what each department said, and whether they differ.

    ``state`` is that of its group (agreed, conflict, settled; empty where one department speaks alone).
    """

    name: str
    group: str
    state: str
    now: Any
    said: Mapping[str, Any]
    differs: bool
    personal: bool


@dataclass(frozen=True)
class Decided:
    """A decision about a field group: what it was set to, from whose word, why, by whom and when."""

    group: str
    kind: str
    source: str
    values: Mapping[str, Any]
    reason: str
    actor: str
    at: str
    change_set: int


@dataclass(frozen=True)
class Case:
    """One record as it is settled: departments as columns by authority, fields as rows."""

    resource: str
    entity: int
    title: str
    sources: Sequence[Source]
    fields: Sequence[Field]
    decisions: Sequence[Decided]
    position: tuple[float, float] | None = field(default=None)

    @property
    def open_fields(self) -> tuple[str, ...]:
        """The fields that have to be settled."""
        return tuple(f.name for f in self.fields if f.differs and f.state == "conflict")

    @property
    def settled_fields(self) -> tuple[str, ...]:
        """The fields about which somebody has decided and departments still differ: they can be settled anew."""
        return tuple(f.name for f in self.fields if f.differs and f.state == "settled")


@permits("finding.read")
def conflicts(
    workspace: Workspace,
    filters: Filters | None = None,
    *,
    state: str = "conflict",
    offset: int = 0,
    limit: int = 100,
) -> ConflictPage:
    """The list in the order of resources and entities; ``state`` may also be agreed or settled."""
    which = chosen(filters or Filters(), state)
    with workspace.store.read() as connection:
        grouped = (
            select(comparison.c.resource, comparison.c.group_name, func.count())
            .where(which)
            .group_by(comparison.c.resource, comparison.c.group_name)
        )
        by_group = {(row[0], row[1]): int(row[2]) for row in connection.execute(grouped)}
        query = select(comparison).where(which).order_by(
            comparison.c.resource, comparison.c.entity, comparison.c.group_name
        )  # fmt: skip
        rows = connection.execute(query.offset(offset).limit(limit)).all()
        titles = {
            name: _titles(connection, name, [r.entity for r in rows if r.resource == name])
            for name in {r.resource for r in rows}
        }
    listed = [
        Conflict(
            r.resource,
            r.entity,
            titles[r.resource].get(r.entity, ""),
            r.group_name,
            tuple(r.sources.split()),
            r.at,
        )
        for r in rows
    ]
    return ConflictPage(sum(by_group.values()), by_group, listed)


def chosen(filters: Filters, state: str = "conflict") -> ColumnElement[bool]:
    """The condition on ``comparison`` that the filters make."""
    parts: list[ColumnElement[bool]] = [comparison.c.state == state]
    if filters.resource:
        parts.append(comparison.c.resource == filters.resource)
    if filters.group:
        parts.append(comparison.c.group_name == filters.group)
    if filters.source:
        parts.append((" " + comparison.c.sources + " ").contains(f" {filters.source} ", autoescape=True))
    if filters.community:
        parts.append(_in_community(filters))
    return and_(*parts)


@permits("finding.read")
def case(workspace: Workspace, resource: str, entity: int) -> Case:
    """One record with every department's word side by side; reading a person is audited. Raises ``CaseGone``."""
    with workspace.store.read() as connection:
        made = _case(connection, RESOURCES[resource], entity)
    if resource == "person":
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.compare",
                subject=f"{resource}:{entity}", details={"sources": [s.name for s in made.sources]},
            )  # fmt: skip
    return made


def _in_community(filters: Filters) -> ColumnElement[bool]:
    """Entities inside the community; every kind that has an address or a house is inside through it."""
    address, house = TABLES["address"], TABLES["house"]
    inside: list[Select[Any]] = []
    for name, resource in RESOURCES.items():
        table = TABLES[name]
        if filters.resource not in {"", name}:
            continue
        if "community_code" in table.c:
            query = select(table.c.id).where(table.c.community_code == filters.community)
        elif "address_code" in references(resource):
            query = select(table.c.id).join(address, address.c.address_code == table.c.address_code).where(
                address.c.community_code == filters.community)  # fmt: skip
        elif "house_code" in references(resource):
            query = (
                select(table.c.id)
                .join(house, house.c.house_code == table.c.house_code)
                .join(address, address.c.address_code == house.c.address_code)
                .where(address.c.community_code == filters.community)
            )
        else:
            continue
        inside.append(query)
    ids = inside[0].union_all(*inside[1:]) if inside else select(comparison.c.entity).where(false())
    return comparison.c.entity.in_(ids)


def _titles(connection: Connection, resource: str, ids: Sequence[int]) -> dict[int, str]:
    table = TABLES[resource]
    rows = connection.execute(select(table).where(table.c.id.in_(ids)))
    return {row.id: title_of(resource, dict(row._mapping)) for row in rows}


def _case(connection: Connection, resource: Resource, entity: int) -> Case:
    table = TABLES[resource.name]
    held = _one(connection, select(table).where(table.c.id == entity))
    said = words.said(connection, resource, [entity])
    if held is None or said.is_empty():
        raise CaseGone(
            _("Nothing is to be compared about this record any more."),
            cure=_("An import may have been undone; look at the list again."),
        )
    ranked = {name: n for n, name in enumerate(order(resource.name))}
    rows = sorted(said.to_dicts(), key=lambda row: ranked[row["source"]])
    same_as = {
        row["source"]: row
        for row in said.select("source", *(normalised(c) for c in resource.column_names)).to_dicts()
    }
    of_group = select(comparison.c.group_name, comparison.c.state).where(
        comparison.c.resource == resource.name, comparison.c.entity == entity
    )
    states = {row.group_name: row.state for row in connection.execute(of_group)}
    fields = []
    for column in resource.columns:
        told = {row["source"]: row[column.name] for row in rows}
        voices = {same_as[name][column.name] for name in told}
        speaking = voices if column.empty_speaks else voices - {None}
        if not speaking and held[column.name] is None:
            continue
        fields.append(
            Field(column.name, column.group, states.get(column.group, ""), held[column.name], told,
                  len(speaking) > 1, column.personal)
        )  # fmt: skip
    return Case(
        resource.name, entity, title_of(resource.name, held), _sources(connection, rows), fields,
        _decisions(connection, resource.name, entity), _position(connection, resource, held),
    )  # fmt: skip


def _sources(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Source]:
    numbers = {row["change_set"] for row in rows}
    joined = change_set.outerjoin(package, package.c.id == change_set.c.package_id)
    query = select(change_set.c.id, package.c.name).select_from(joined).where(change_set.c.id.in_(numbers))
    named = {row.id: row.name or "" for row in connection.execute(query)}
    return [
        Source(
            r["source"], r["collected_at"], r["collector"], named.get(r["change_set"], ""), r["change_set"]
        )
        for r in rows
    ]


def _decisions(connection: Connection, resource: str, entity: int) -> list[Decided]:
    query = select(decision).where(decision.c.resource == resource, decision.c.entity == entity)
    return [
        Decided(
            d.group_name, d.kind, d.source or "", json.loads(d.row), d.reason, d.actor, d.at, d.change_set
        )
        for d in connection.execute(query.order_by(decision.c.id.desc()))
    ]


def _position(
    connection: Connection, resource: Resource, held: Mapping[str, Any]
) -> tuple[float, float] | None:
    """Where the record lies, in WGS-84 degrees (longitude, latitude): its own place or its address's."""
    row: Mapping[str, Any] | None = dict(held)
    if "house_code" in references(resource):
        house = TABLES["house"]
        row = _one(connection, select(house).where(house.c.house_code == held["house_code"]))
    if row is not None and "lon" not in row and row.get("address_code"):
        address = TABLES["address"]
        row = _one(connection, select(address).where(address.c.address_code == row["address_code"]))
    if row is None or row.get("lon") is None or row.get("lat") is None:
        return None
    lon, lat = to_wgs84(np.array([row["lon"]]), np.array([row["lat"]]), row["crs"] or "EPSG:4490")
    return float(lon[0]), float(lat[0])


def _one(connection: Connection, query: Select[Any]) -> dict[str, Any] | None:
    row = connection.execute(query).first()
    return dict(row._mapping) if row else None
