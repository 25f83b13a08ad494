"""The rows that findings are about, whole: as they stand in quarantine or in the registry, and what they clash with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.labels import field_title
from core.model.ledger import finding, quarantine
from core.model.names import label
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource, references
from core.registry.record import title_of
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import write_list
from core.stewardship.findings import Filters, by_number, numbers
from core.store import bulk
from core.verification.showing import shape

_BESIDE: Final = 200
"""Rows that a finding is shown beside at most; a phone may be shared by thousands."""
_STEP: Final = 5_000


class FindingGone(GridLinkError):
    """There is no finding of this number any more."""

    code = "finding_gone"


@dataclass(frozen=True)
class Beside:
    """Another row that the finding has to do with: whom a person lives with, what has the same text or code."""

    resource: str
    entity: int
    title: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class FailingRow:
    """A finding's row, whole: ``place`` is registry, quarantine or gone; personal values masked or by their shape."""

    number: int
    resource: str
    key: str
    rule: str
    field: str
    place: str
    values: Mapping[str, Any]
    beside: Sequence[Beside]


@permits("finding.read")
def failing_row(workspace: Workspace, number: int) -> FailingRow:
    """The row of a finding with every column, and the rows it was held against; audited where people are shown.

    Raises ``FindingGone``.
    """
    with workspace.store.read() as connection:
        one = connection.execute(select(finding).where(finding.c.id == number)).first()
        if one is None:
            raise FindingGone(
                _("There is no finding {number} any more.").format(number=number),
                cure=_("A later verification has replaced it; look at the list again."),
            )
        resource = RESOURCES[one.resource]
        place, values = _row(connection, resource, one)
        beside = [] if resource.sealed else _beside(connection, one, values)
    if one.resource == "person" or any(row.resource == "person" for row in beside):
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="finding.row",
                subject=f"finding:{number}", details={"resource": one.resource, "beside": len(beside)},
            )  # fmt: skip
    return FailingRow(number, one.resource, one.key, one.rule, one.field, place, values, beside)


@permits("finding.read")
def export_rows(
    workspace: Workspace, filters: Filters, out: Path, *, columns: Sequence[str] = (), progress: Progress | None = None
) -> int:
    """Writes every finding of a filter about one resource with its row whole, or with the columns named: how many."""
    progress = progress or Progress()
    if filters.resource not in RESOURCES:
        raise FindingGone(
            _("Rows of different kinds do not fit on one sheet."), cure=_("Choose one resource in the filter.")
        )
    resource = RESOURCES[filters.resource]
    chosen = [name for name in (columns or resource.column_names) if name in resource.column_names]
    wanted = numbers(workspace, filters)
    progress.phase(_("Writing {file}").format(file=out.name), len(wanted))
    rows: list[tuple[str, ...]] = []
    for some in bulk.chunks(wanted, _STEP):
        rows += _exported(workspace, resource, some, chosen)
        progress.advance(len(some))
        progress.checkpoint()
    titles = (f"{field_title(name)} ({name})" for name in chosen)
    head = [_("severity"), _("rule"), _("what is wrong"), _("cure"), _("field"), *titles]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(head, pl.String), orient="row")
    about = [(_("user"), workspace.actor.name), (_("at"), workspace.now())]
    write_list(out, frame, title=label("resource", resource.name), about=about)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="finding.export_rows", subject=out.name,
            details={"rows": frame.height, "resource": resource.name},
        )  # fmt: skip
    return frame.height


def _exported(
    workspace: Workspace, resource: Resource, some: Sequence[int], chosen: Sequence[str]
) -> Iterable[tuple[str, ...]]:
    told = {one.number: one for one in by_number(workspace, some)}
    with workspace.store.read() as connection:
        found = connection.execute(select(finding).where(finding.c.id.in_(some)).order_by(finding.c.id)).all()
        held = {one.id: _row(connection, resource, one)[1] for one in found}
    for number, one in told.items():
        values = (str(held[number].get(name) or "") for name in chosen)
        yield (label("state", one.severity), one.rule, one.message, one.cure, field_title(one.field), *values)


def _row(connection: Connection, resource: Resource, one: Row[Any]) -> tuple[str, dict[str, Any]]:
    """Where the row of a finding is, and what it says; sealed rows are never shown."""
    if resource.sealed:
        return "registry", {}
    waiting = (
        quarantine.c.change_set == one.change_set, quarantine.c.resource == one.resource,
        quarantine.c.line == one.line, quarantine.c.released_in.is_(None),
    )  # fmt: skip
    text = connection.execute(select(quarantine.c.row).where(*waiting)).scalar() if one.change_set else None
    if text is not None:
        return "quarantine", _shaped(resource, json.loads(text))
    table = TABLES[resource.name]
    held = connection.execute(select(table).where(table.c.id == one.entity)).first()
    if held is None:
        return "gone", {}
    return "registry", {name: held._mapping[name] for name in (*resource.column_names, "source", "collected_at")}


def _shaped(resource: Resource, row: dict[str, Any]) -> dict[str, Any]:
    """A row in quarantine with personal values by their shape: that they came unmasked may be why it is there."""
    names = [name for name in row if name in resource.by_name]
    frame = pl.DataFrame([{name: row[name] for name in names}], schema=dict.fromkeys(names, pl.String))
    personal = [name for name in names if resource.by_name[name].personal]
    return frame.with_columns(shape(pl.col(name)) for name in personal).row(0, named=True)


def _beside(connection: Connection, one: Row[Any], values: Mapping[str, Any]) -> list[Beside]:
    found: list[Beside] = []
    for resource, where in _clashes(one, values):
        table = TABLES[resource]
        query = select(table).where(where, table.c.retired_in.is_(None)).order_by(table.c.id).limit(_BESIDE)
        if resource == one.resource and one.rule in _SAME | {"organisation.code_twice": ""}:
            query = query.where(table.c.id != one.entity)
        for row in connection.execute(query):
            held = dict(row._mapping)
            shown = {name: held[name] for name in RESOURCES[resource].column_names if name != "geometry"}
            found.append(Beside(resource, row.id, title_of(resource, held), shown))
    return found


def _clashes(one: Row[Any], values: Mapping[str, Any]) -> list[tuple[str, ColumnElement[bool]]]:
    """What a finding's rule looked at besides the row: what has the same value, who lives there, what is pointed to."""
    made: list[tuple[str, ColumnElement[bool]]] = []
    same = _SAME.get(one.rule)
    if same and values.get(same):
        made.append((one.resource, TABLES[one.resource].c[same] == values[same]))
    if one.rule == "organisation.code_twice" and values.get("uscc"):
        table, code = TABLES["organisation"], str(values["uscc"])[8:17]
        uses = or_(func.substr(table.c.uscc, 9, 9) == code, func.replace(table.c.org_no, "-", "") == code)
        made.append(("organisation", uses))
    if one.rule == "row.key_duplicate":
        made.append((one.resource, TABLES[one.resource].c.id == one.entity))
    if one.resource == "house" and one.rule.startswith(("tenancy.", "house.")):
        made.append(("person", TABLES["person"].c.house_code == values.get("house_code")))
    for name, target in references(RESOURCES[one.resource]).items():
        if values.get(name):
            made.append((target, TABLES[target].c[name] == values[name]))
    return made


_SAME: Final = {
    "person.several_houses": "person_token", "person.phone_shared": "phone_masked", "address.same_text": "full_text",
}  # fmt: skip
"""Rules about several rows that have one value in common, with its column."""
