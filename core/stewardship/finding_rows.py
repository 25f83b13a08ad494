"""The whole row that a finding is about: as it waits in quarantine, or as the registry holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl
from sqlalchemy import Connection, select

from core.model.ledger import finding, quarantine
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.security import audit
from core.security.workspace import Workspace, permits
from core.verification.showing import shape

Place = Literal["quarantine", "registry", "gone"]
_ENVELOPE: Final = ("source", "collected_at", "collector")


@dataclass(frozen=True)
class Cell:
    """One field of the row; personal values of a row in quarantine by their shape only."""

    name: str
    value: str
    bad: bool


@dataclass(frozen=True)
class FindingRow:
    """Where the row is, and its cells in the order of the package format."""

    place: Place
    cells: Sequence[Cell]


@permits("finding.read")
def row_of(workspace: Workspace, number: int) -> FindingRow:
    """The row of finding ``number`` with every bad cell of that row marked; reading a person is audited."""
    with workspace.store.read() as connection:
        one = connection.execute(select(finding).where(finding.c.id == number)).first()
        if one is None:
            return FindingRow("gone", ())
        resource = RESOURCES[one.resource]
        place, held = _held(connection, one)
        bad = _bad(connection, one, place)
    if one.resource == "person" and held:
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.finding",
                subject=f"finding:{number}", details={"place": place},
            )  # fmt: skip
    shown = _shown(resource, held, place)
    names = [c.name for c in resource.columns if c.kind != "geometry"] + list(_ENVELOPE)
    return FindingRow(place, [Cell(n, shown.get(n, ""), n in bad) for n in names if held and (n in held or n in bad)])


def _held(connection: Connection, one: Any) -> tuple[Place, Mapping[str, Any]]:
    mine = (quarantine.c.change_set == one.change_set, quarantine.c.resource == one.resource,
            quarantine.c.line == one.line, quarantine.c.released_in.is_(None))  # fmt: skip
    row = connection.execute(select(quarantine.c.row).where(*mine)).scalar() if one.severity == "error" else None
    if row is not None:
        return "quarantine", json.loads(row)
    table = TABLES[one.resource]
    found = connection.execute(select(table).where(table.c.id == one.entity)).first()
    return ("registry", dict(found._mapping)) if found is not None else ("gone", {})


def _bad(connection: Connection, one: Any, place: Place) -> set[str]:
    """The fields of the same row that are wrong."""
    same = [finding.c.resource == one.resource, finding.c.fixed_in.is_(None)]
    if place == "quarantine":
        same += [finding.c.change_set == one.change_set, finding.c.line == one.line]
    else:
        same += [finding.c.entity == one.entity, finding.c.severity != "error"]
    return {one.field, *connection.execute(select(finding.c.field).where(*same)).scalars()}


def _shown(resource: Resource, held: Mapping[str, Any], place: Place) -> dict[str, str]:
    texts = {name: str(value) for name, value in held.items() if value is not None and not isinstance(value, dict)}
    if place != "quarantine":
        return texts
    hidden = [c.name for c in resource.columns if c.personal and c.name in texts]
    if not hidden:
        return texts
    row = pl.DataFrame({name: [texts[name]] for name in hidden}).select(shape(pl.col(n)).alias(n) for n in hidden)
    return texts | row.to_dicts()[0]
