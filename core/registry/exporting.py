"""Exports: all rows of a selection as a spreadsheet, CSV or GeoPackage; masked as the registry holds them.

Who took it, when and by which filter stands in the file and in the audit chain. Sealed identities are in no export;
pseudonyms only where their column is asked for. Nothing is cut off: long lists are split over sheets, the total stated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, func, select

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.labels import CODES, field_title
from core.model.names import label
from core.model.registry import TABLES
from core.registry.at_home import export_reason, note_export
from core.registry.divisions import division_name
from core.registry.fields import fields, joined
from core.registry.filters import Selection, field_of, where
from core.registry.tables import default_columns, sortable
from core.registry.where import say
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import ROWS_A_SHEET, neutralised, write_list
from core.spatial.coordinates import to_wgs84
from core.spatial.geopackage import GeoTable, write_geopackage
from core.store.engine import cancellable

_BATCH: Final = 20_000
_TOKENS: Final = ("person_token", "landlord_token", "party_tokens")
_PLACE: Final = ("lon", "lat", "crs")
_DIVISIONS: Final = ("community_code", "subdistrict_code")
FORMATS: Final = (".xlsx", ".csv", ".gpkg")


class ExportUnclear(GridLinkError):
    """The name of the file does not say in which form it shall be written, or the file cannot be."""

    code = "export_unclear"


@dataclass(frozen=True)
class ExportResult:
    """What was written: ``rows`` in all, on how many sheets; ``unplaced`` rows of a GeoPackage have no position."""

    path: str
    resource: str
    rows: int
    sheets: int = 1
    unplaced: int = 0


@permits("registry.export")
def export(
    workspace: Workspace, selection: Selection, out: Path, *, columns: Sequence[str] = (),
    chosen: str = "", reason: str = "", progress: Progress | None = None, rows_a_sheet: int | None = None,
) -> ExportResult:  # fmt: skip
    """Writes every row of a selection; the form is that of the file's name. Cancelled, it leaves no file.

    ``chosen`` says how rows were picked that no filter found, such as an area drawn on the map. ``reason`` is stated
    where the rows lie beyond the own grids; it is on record before anything is read. Raises ``ListOutsideGrids``.
    """
    if out.suffix.lower() not in FORMATS:
        raise ExportUnclear(
            _("{file} is none of the forms that can be written.").format(file=out.name),
            cure=_("End its name in one of: {forms}.").format(forms=", ".join(FORMATS)),
        )
    told = (
        "; ".join(part for part in (chosen, say(selection)) if part)
        if selection.grids
        else chosen or say(selection)
    )
    if said := export_reason(workspace, selection, reason):
        note_export(workspace, selection, said, filtered=told)
    progress = progress or Progress()
    names = tuple(columns) or tuple(n for n in default_columns(selection.resource) if n not in _TOKENS)
    for name in names:
        field_of(selection.resource, name)
    about = [
        (_("filter"), told or _("none: all in use")), (_("user"), workspace.actor.name),
        (_("at"), workspace.now_at_desk()),
    ]  # fmt: skip
    with workspace.store.read() as connection:
        geometry = out.suffix.lower() == ".gpkg"
        rows = _read(connection, selection, names, progress=progress, geometry=geometry, file=out.name)
    progress.phase(_("Writing {file}").format(file=out.name), rows.height)
    write = {".xlsx": _xlsx, ".csv": _csv, ".gpkg": _gpkg}[out.suffix.lower()]
    made = write(out, selection.resource, rows, about, rows_a_sheet)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="registry.export", subject=out.name,
            details={"resource": selection.resource, "rows": rows.height, "filter": told,
                     "columns": list(names)},
        )  # fmt: skip
    return made


def _read(
    connection: Connection, selection: Selection, names: Sequence[str], *, progress: Progress, geometry: bool,
    file: str,
) -> pl.DataFrame:  # fmt: skip
    """The rows as columns in storage types, in the order of the kind's first ordered column."""
    table = TABLES[selection.resource]
    condition = where(connection, selection)
    with cancellable(connection, progress):
        total = connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
    progress.phase(_("Reading {file}").format(file=file), total)
    source, known = joined(selection.resource)
    chosen = {name: known[name] for name in names}
    if geometry:
        chosen |= _geometry(selection.resource)
    elsewhere = any(column.table is not table for column in chosen.values())
    query = select(*(column.label(name) for name, column in chosen.items()))
    query = query.select_from(source if elsewhere else table).where(condition)
    types = {name: _type(selection.resource, name) for name in chosen}
    parts = []
    result = connection.execution_options(yield_per=_BATCH).execute(query)
    for some in result.partitions():
        parts.append(pl.DataFrame([tuple(row) for row in some], schema=types, orient="row", strict=False))
        progress.advance(len(some))
    rows = pl.concat(parts) if parts else pl.DataFrame(schema=types)
    by = next((name for name in sortable(selection.resource) if name in names), names[0])
    return rows.sort(by, maintain_order=True)


def _geometry(resource: str) -> Mapping[str, Any]:
    if resource == "grid":
        return {"_geometry": TABLES["grid"].c.geometry}
    home = TABLES[resource] if "lon" in TABLES[resource].c else TABLES["address"]
    return {f"_{name}": home.c[name] for name in _PLACE}


def _type(resource: str, name: str) -> Any:
    if name in {"_lon", "_lat"}:
        return pl.Float64
    kind = fields(resource)[name].kind if name in fields(resource) else "string"
    return {"integer": pl.Int64, "year": pl.Int64, "number": pl.Float64}.get(kind, pl.String)


def _readable(rows: pl.DataFrame) -> pl.DataFrame:
    """Codes by their names and divisions by theirs, headed as people call the columns."""
    named = [
        pl.col(name).replace({code: _(text) for code, text in CODES[name].items()})
        for name in rows.columns if name in CODES
    ]  # fmt: skip
    placed = [
        pl.col(name).replace({code: division_name(code) for code in rows[name].drop_nulls().unique()})
        for name in rows.columns if name in _DIVISIONS
    ]  # fmt: skip
    return rows.with_columns(*named, *placed).rename({name: field_title(name) for name in rows.columns})


def _xlsx(
    out: Path, resource: str, rows: pl.DataFrame, about: Sequence[tuple[str, str]], rows_a_sheet: int | None
) -> ExportResult:
    title = label("resource", resource)
    sheets = write_list(
        out, _readable(rows), title=title, about=about, rows_a_sheet=rows_a_sheet or ROWS_A_SHEET
    )
    return ExportResult(str(out), resource, rows.height, sheets)


def _csv(
    out: Path, resource: str, rows: pl.DataFrame, about: Sequence[tuple[str, str]], _rows_a_sheet: int | None
) -> ExportResult:
    """The columns as the package names them; who took it and when are columns too, so that they stay with each row."""
    user, at = about[1][1], about[2][1]
    told = rows.with_columns(pl.lit(user).alias("exported_by"), pl.lit(at).alias("exported_at"))
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        neutralised(told).write_csv(part, include_bom=True)
        part.replace(out)
    except OSError as trouble:
        part.unlink(missing_ok=True)
        raise ExportUnclear(
            _("{path} cannot be written: {reason}").format(path=out, reason=trouble.strerror or trouble),
            cure=_("Close the file if it is open, or choose another folder."),
        ) from trouble
    return ExportResult(str(out), resource, rows.height)


def _gpkg(
    out: Path, resource: str, rows: pl.DataFrame, about: Sequence[tuple[str, str]], _rows_a_sheet: int | None
) -> ExportResult:
    shapes = _shapes(rows)
    names = [name for name in rows.columns if not name.startswith("_")]
    columns = {name: rows[name].to_list() for name in names}
    kind = "GEOMETRY" if resource == "grid" else "POINT"
    told = "; ".join(f"{name}: {value}" for name, value in about)
    write_geopackage(out, GeoTable(resource, shapes, columns), kind=kind, about=told)
    return ExportResult(str(out), resource, rows.height, unplaced=sum(one is None for one in shapes))


def _shapes(rows: pl.DataFrame) -> list[BaseGeometry | None]:
    if "_geometry" in rows.columns:
        return [None if text is None else shapely.from_geojson(text) for text in rows["_geometry"]]
    lon, lat = rows["_lon"].to_numpy().astype(float), rows["_lat"].to_numpy().astype(float)
    systems = rows["_crs"].fill_null("EPSG:4490").to_numpy()
    for system in np.unique(systems) if len(systems) else ():
        here = systems == system
        lon[here], lat[here] = to_wgs84(lon[here], lat[here], str(system))
    known = ~(np.isnan(lon) | np.isnan(lat))
    points = np.full(len(lon), None, dtype=object)
    points[known] = shapely.points(lon[known], lat[known])
    return list(points)
