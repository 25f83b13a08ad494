"""Commands for grids as files: import, export, check."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from core.atlas import grid_editing, grid_files
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.i18n import _

_SHOWN = 20


@click.group("grid")
def grid() -> None:
    """Grids as GeoJSON or GeoPackage."""


def add_to(cli: click.Group) -> None:
    """Adds ``grid import``, ``grid export`` and ``grid check``."""
    cli.add_command(grid)


@command("import", grid)
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help="Kept with the change set.")
def import_(session: Session, *, file: Path, reason: str) -> Outcome:
    """Takes new and changed grids in as one change set that can be undone."""
    workspace = session.workspace()
    grids = grid_files.read_file(file)
    with session.watched() as progress:
        result = grid_editing.import_grids(workspace, grids, reason=reason, progress=progress)
    line = _("{new} new, {changed} changed, {same} the same; change set {number}.").format(
        new=result.new, changed=result.changed, same=result.same, number=result.change_set or "–"
    )
    return Outcome(asdict(result), [line])


@command("export", grid)
@click.argument("file", type=FILE)
def export(session: Session, *, file: Path) -> Outcome:
    """Writes the grids in use; the name ends with .geojson or .gpkg."""
    count = grid_files.export_grids(session.workspace(), file)
    return Outcome(
        {"grids": count, "file": str(file)}, [_("{count} grids in {path}.").format(count=count, path=file)]
    )


@command("check", grid)
@click.argument("file", type=FILE, required=False)
def check(session: Session, *, file: Path | None) -> Outcome:
    """Finds gaps and overlaps in a file (or the registry), and addresses that lie in no grid or in several."""
    workspace = session.workspace()
    grids = grid_files.read_file(file) if file is not None else grid_files.registered(workspace)
    found = grid_files.check_grids(workspace, grids)
    kinds = Counter(one.kind for one in found.problems)
    data = {
        "grids": found.grids, "sound": found.sound, "gaps": kinds["gap"], "overlaps": kinds["overlap"],
        "broken": kinds["broken"],
        "addresses": {
            "none": found.addresses_in_none, "one": found.addresses_in_one, "several": found.addresses_in_several,
        },
        "problems": [
            {"kind": p.kind, "grids": list(p.grids), "area_m2": p.area_m2, "lon": p.lon, "lat": p.lat}
            for p in found.problems
        ],
    }  # fmt: skip
    names = {"gap": _("gap between grids"), "overlap": _("overlap"), "broken": _("broken border")}
    rows = [
        (names[p.kind], ", ".join(p.grids), p.area_m2, f"{p.lon:.6f},{p.lat:.6f}")
        for p in found.problems[:_SHOWN]
    ]
    told = _("{grids} grids: {gaps} gaps, {overlaps} overlaps, {broken} broken borders.").format(
        grids=found.grids, gaps=kinds["gap"], overlaps=kinds["overlap"], broken=kinds["broken"]
    )
    where = _("Addresses in no grid: {none}; in one: {one}; in several: {several}.").format(
        none=f"{found.addresses_in_none:,}",
        one=f"{found.addresses_in_one:,}",
        several=f"{found.addresses_in_several:,}",
    )
    head = (_("what"), _("grids"), "m²", _("where"))
    return Outcome(data, [*(table(head, rows) if rows else []), told, where])
