"""Commands that look around in the registry: the search box, the file of an address, and exports of any table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome
from core.cli.session import FILE, Session, command
from core.i18n import _
from core.model.names import label
from core.registry import lookup, views
from core.registry.exporting import export as write_export
from core.registry.fields import KINDS
from core.registry.filters import Selection
from core.registry.where import select_where
from core.security.workspace import Workspace


def add_to(cli: click.Group) -> None:
    """Adds ``search`` and ``export``."""
    for one in (search, export):
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


@command("export")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--out", type=FILE, required=True, help="F.xlsx, F.csv or F.gpkg.")
@click.option(
    "--where", "conditions", multiple=True, help="A condition (use=rented), or @NAME of a saved view."
)
@click.option(
    "--column", "columns", multiple=True, help="A column to write; the usual ones if none is named."
)
def export(
    session: Session, kind: str, *, out: Path, conditions: tuple[str, ...], columns: tuple[str, ...]
) -> Outcome:
    """All rows of a kind that fulfil every condition, masked, as a spreadsheet, CSV or GeoPackage."""
    workspace = session.workspace()
    selection, shown = _selected(workspace, kind, conditions)
    with session.watched() as progress:
        made = write_export(workspace, selection, out, columns=columns or shown, progress=progress)
    line = _("{rows} rows written to {path}.").format(rows=f"{made.rows:,}", path=made.path)
    return Outcome(asdict(made), [line])


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
