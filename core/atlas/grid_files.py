"""Grids out to and in from GeoJSON and GeoPackage, and the check of a file or of what the registry holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from core.atlas import columns
from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.security import audit
from core.security.workspace import Workspace, permits
from core.spatial import tessellation
from core.spatial.geopackage import GeoTable, read_geopackage, unusable, write_geopackage
from core.spatial.tessellation import Problem

COLUMNS: Final = tuple(name for name in RESOURCES["grid"].column_names if name != "geometry")
_NUMBERS: Final = ("cycle_days", "households")


class FormatUnknown(GridLinkError):
    """The name of the file does not say in which format it is."""

    code = "format_unknown"


@dataclass(frozen=True)
class Grid:
    """One grid as files carry it: its columns (as in the package) and its shape in CGCS2000 degrees."""

    values: dict[str, Any]
    shape: BaseGeometry

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.values["grid_code"])

    @property
    def kind(self) -> str:
        """``governance`` or ``police``."""
        return str(self.values.get("kind") or "governance")


@dataclass(frozen=True)
class GridCheck:
    """What is wrong with grids, and how many addresses lie in none, in one, and in several of the governance grids."""

    grids: int
    problems: Sequence[Problem]
    addresses_in_none: int
    addresses_in_one: int
    addresses_in_several: int

    @property
    def sound(self) -> bool:
        """Whether they cover the addresses once and only once, without gaps and overlaps."""
        return not self.problems and not self.addresses_in_none and not self.addresses_in_several


def read_file(path: Path) -> list[Grid]:
    """The grids in a file; raises ``GeoFileUnusable`` naming what is wrong, or ``FormatUnknown``."""
    table = read_geopackage(path) if _format(path) == "gpkg" else _read_geojson(path)
    if "grid_code" not in table.columns:
        raise unusable(path, _("its areas have no column grid_code"))
    made = []
    for number, shape in enumerate(table.shapes):
        values = {name: table.columns[name][number] for name in COLUMNS if name in table.columns}
        if shape is None or shape.geom_type not in {"Polygon", "MultiPolygon"} or not values.get("grid_code"):
            raise unusable(path, _("area {number} is no polygon, or has no code").format(number=number + 1))
        made.append(Grid(values | {"grid_code": str(values["grid_code"])}, _single(shape)))
    twice = (
        {grid.code for grid in made if sum(other.code == grid.code for other in made) > 1} if made else set()
    )
    if twice:
        raise unusable(path, _("grid {code} is in it twice").format(code=min(twice)))
    return made


@permits("map.read")
def registered(workspace: Workspace) -> list[Grid]:
    """The grids in use, as the registry holds them; outlines that cannot be read are left out."""
    table = TABLES["grid"]
    query = select(table).where(table.c.retired_in.is_(None)).order_by(table.c.grid_code)
    with workspace.store.read() as connection:
        rows = connection.execute(query).mappings().all()
    shapes: Any = shapely.from_geojson([row["geometry"] for row in rows], on_invalid="ignore") if rows else []
    pairs = zip(rows, shapes, strict=True)
    return [Grid({name: row[name] for name in COLUMNS}, shape) for row, shape in pairs if shape is not None]


@permits("map.read")
def export_grids(workspace: Workspace, out: Path) -> int:
    """Writes the grids in use as GeoJSON or GeoPackage and returns how many; on record."""
    grids = registered(workspace)
    told = f"GridLink, {workspace.actor.name}, {workspace.now()}"
    if _format(out) == "gpkg":
        shapes = [_multi(grid.shape) for grid in grids]
        table = GeoTable("grid", shapes, {name: [grid.values[name] for grid in grids] for name in COLUMNS})
        write_geopackage(out, table, kind="MULTIPOLYGON", about=told)
    else:
        _write_geojson(out, grids)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="grid.export", subject=out.name,
            details={"grids": len(grids)},
        )  # fmt: skip
    return len(grids)


@permits("map.read")
def check_grids(workspace: Workspace, grids: Sequence[Grid]) -> GridCheck:
    """Gaps, overlaps and broken shapes among grids, and whether each placed address lies in exactly one (F3)."""
    found = tessellation.problems([g.code for g in grids], [g.kind for g in grids], [g.shape for g in grids])
    with workspace.store.read() as connection:
        held = columns.read(connection, "address", TABLES["address"].c.lon.is_not(None))
    placed = held["alive"] & np.isfinite(held["lon"])
    shapes = [shapely.make_valid(grid.shape) for grid in grids if grid.kind == "governance"]
    count = tessellation.counts_around(shapes, held["lon"][placed], held["lat"][placed])
    none, one = int((count == 0).sum()), int((count == 1).sum())
    return GridCheck(len(grids), found, none, one, len(count) - none - one)


def _multi(shape: BaseGeometry) -> BaseGeometry:
    return shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape


def _single(shape: BaseGeometry) -> BaseGeometry:
    """A part that stands alone as what it is, so that a file's detour through another format changes nothing."""
    parts = getattr(shape, "geoms", [shape])
    return parts[0] if len(parts) == 1 else shape


def _format(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in {".geojson", ".json", ".gpkg"}:
        raise FormatUnknown(
            _("“{name}” does not say its format.").format(name=path.name),
            cure=_("End the name with .geojson or .gpkg."),
        )
    return "gpkg" if kind == ".gpkg" else "geojson"


def _read_geojson(path: Path) -> GeoTable:
    try:
        top = orjson.loads(path.read_bytes())
        listed = top["features"]
        shapes = [shapely.from_geojson(orjson.dumps(one["geometry"])) for one in listed]
        names = dict.fromkeys(name for one in listed for name in one["properties"])
        rows = {name: [one["properties"].get(name) for one in listed] for name in names}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.GEOSException) as error:
        raise unusable(path, _("it is no GeoJSON FeatureCollection of areas")) from error
    return GeoTable(path.stem, [shapely.force_2d(shape) for shape in shapes], rows)


def _write_geojson(out: Path, grids: Sequence[Grid]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": grid.values,
            "geometry": orjson.loads(shapely.to_geojson(grid.shape)),
        }
        for grid in grids
    ]
    part = out.with_name(out.name + ".part")
    try:
        part.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
        part.replace(out)
    except OSError as error:
        raise unusable(out, _("it cannot be written")) from error
