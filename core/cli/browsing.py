"""Commands that look around in the registry: the search box, the file of an address, and exports of any table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from core.cli.output import Outcome
from core.cli.session import FILE, Session, command
from core.i18n import _
from core.model.labels import field_title, shown_value
from core.model.names import label
from core.model.registry import entity_id
from core.registry import lookup, views
from core.registry.address_file import AddressFile, address_file
from core.registry.at_home import at_home
from core.registry.exporting import export as write_export
from core.registry.fields import KINDS
from core.registry.filters import Selection
from core.registry.where import select_where
from core.security.own_grids import OutsideGrids, enter
from core.security.workspace import Workspace

T = TypeVar("T")


def add_to(cli: click.Group) -> None:
    """Adds ``search``, ``address`` and ``export``."""
    for one in (search, address, export):
        cli.add_command(one)


@command("search")
@click.argument("text")
@click.option(
    "--kind", type=click.Choice(lookup.KINDS), multiple=True, help="Only this kind; may be repeated."
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Answers of each kind."
)
def search(session: Session, text: str, *, kind: tuple[str, ...], limit: int) -> Outcome:
    """Everything that a text may mean: addresses, houses, organisations, people, grids, cases, packages, positions."""
    found = lookup.look_up(session.workspace(), text, kinds=kind, limit=limit)
    lines = list(found.notes)
    for group in found.groups:
        lines.append(f"{label('resource', group.kind)}: {len(group.hits)}")
        lines += [f"  {hit.title}  {hit.subtitle}".rstrip() for hit in group.hits]
    if not found.total and not found.notes:
        lines.append(_("Nothing found."))
    data = {
        "text": text, "total": found.total, "notes": list(found.notes),
        "groups": [{"kind": g.kind, "hits": [asdict(hit) for hit in g.hits]} for g in found.groups],
        "position": None if found.position is None else {"lon": found.position[0], "lat": found.position[1]},
    }  # fmt: skip
    return Outcome(data, lines)


@command("address")
@click.argument("code")
@click.option("--reason", default="", help="Opens an address outside your own grids; the auditor reads it.")
def address(session: Session, code: str, *, reason: str) -> Outcome:
    """The file of an address: its parts, houses with their people (masked), what lies there, what is to do."""
    workspace = session.workspace()
    file = opened(workspace, "address", entity_id(code), reason, partial(address_file, workspace, code))
    own = asdict(file.record)
    data = {
        "address_code": code, "title": file.record.title, "retired": file.record.retired,
        "values": {value.name: value.value for value in file.record.values}, "source": file.record.source,
        "collected_at": file.record.collected_at, "households": [asdict(one) for one in file.households],
        "around": [asdict(one) for one in file.around], "counts": dict(file.counts), "todo": asdict(file.todo),
        "history": own["history"], "words": own["words"], "findings": own["findings"],
    }  # fmt: skip
    return Outcome(data, _lines(file))


def opened(workspace: Workspace, resource: str, entity: int, reason: str, read: Callable[[], T]) -> T:
    """What ``read`` gives; where it lies outside the own grids, the stated reason opens this one record first."""
    try:
        return read()
    except OutsideGrids:
        if not reason:
            raise
    enter(workspace, resource, entity, reason)
    return read()


def _lines(file: AddressFile) -> list[str]:
    lines = [file.record.title]
    lines += [f"  {field_title(v.name)}: {shown_value(v.name, v.value)}" for v in file.record.values]
    if file.todo.due:
        late = _("overdue since {day}") if file.todo.overdue else _("due again on {day}")
        lines.append("  " + late.format(day=file.todo.due))
    for home in file.households:
        lines.append(f"{home.house_code}  {shown_value('use', home.use)}")
        lines += [
            f"  {one.name}  {shown_value('residence', one.residence)}  {one.moved_in}"
            for one in home.residents
        ]
        lines += [f"  ({one.name}  {one.moved_in} – {one.moved_out})" for one in home.former]
    return lines + [f"{label('resource', one.resource)}: {one.title}" for one in file.around]


@command("export")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--out", type=FILE, required=True, help="F.xlsx, F.csv or F.gpkg.")
@click.option(
    "--where", "conditions", multiple=True, help="A condition (use=rented), or @NAME of a saved view."
)
@click.option(
    "--column", "columns", multiple=True, help="A column to write; the usual ones if none is named."
)
@click.option("--everywhere", is_flag=True, help="Beyond your own grids too; needs --reason.")
@click.option("--reason", default="", help="Why it goes beyond your own grids; the auditor reads it.")
def export(
    session: Session, kind: str, *, out: Path, conditions: tuple[str, ...], columns: tuple[str, ...],
    everywhere: bool, reason: str,
) -> Outcome:  # fmt: skip
    """All rows of a kind that fulfil every condition, masked, as a spreadsheet, CSV or GeoPackage."""
    workspace = session.workspace()
    selection, shown = _selected(workspace, kind, conditions)
    selection = selection if everywhere else at_home(workspace, selection)
    with session.watched() as progress:
        made = write_export(
            workspace, selection, out, columns=columns or shown, reason=reason, progress=progress
        )
    lines = [_("{rows} rows written to {path}.").format(rows=f"{made.rows:,}", path=made.path)]
    if selection.grids is not None:
        lines.append(_("They lie in your own {n} grids; --everywhere with --reason goes beyond.").format(
            n=f"{len(selection.grids):,}"))  # fmt: skip
    return Outcome(asdict(made) | {"own_grids": len(selection.grids or ())}, lines)


def _selected(workspace: Workspace, kind: str, written: tuple[str, ...]) -> tuple[Selection, tuple[str, ...]]:
    """The conditions as written, beside those of the saved views that are named, and the columns of the last one."""
    found = select_where(kind, tuple(one for one in written if not one.startswith("@")))
    columns: tuple[str, ...] = ()
    for name in (one[1:] for one in written if one.startswith("@")):
        view = views.named(workspace, kind, name)
        columns = view.columns
        found = Selection(
            kind, (*view.selection.conditions, *found.conditions), view.selection.state, view.selection.ids,
            view.selection.addresses,
        )  # fmt: skip
    return found, columns
