"""Commands of the map: converting coordinates, tiles of the layers, the base map."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from core.atlas import areas, basemaps
from core.atlas.atlas import Atlas
from core.atlas.layers import AREAS, LAYERS
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.i18n import _
from core.spatial import positions


def add_to(cli: click.Group) -> None:
    """Adds ``coord``, ``tiles`` and ``basemap``."""
    for one in (coord, tiles, basemap):
        cli.add_command(one)


@command("coord")
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option(
    "--from", "source", default="WGS84", show_default=True, help="WGS84, CGCS2000, GCJ-02, BD-09, EPSG:n."
)
@click.option("--to", "target", required=True, help="As --from.")
def coord(session: Session, *, lon: float, lat: float, source: str, target: str) -> Outcome:
    """Converts a position from one reference system to another; needs no store."""
    found = positions.convert(lon, lat, source, target)
    digits = 3 if found.unit == "metre" else 8
    data = {
        "lon": round(found.lon, digits),
        "lat": round(found.lat, digits),
        "crs": found.crs,
        "unit": found.unit,
    }
    return Outcome(data, [f"{data['lon']}, {data['lat']}  {found.crs}"])


@command("tiles")
@click.option("--layer", required=True, type=click.Choice([*LAYERS, *AREAS]))
@click.option("--z", required=True, type=click.IntRange(0, 24), help="Zoom of the web-mercator pyramid.")
@click.option("--x", required=True, type=click.IntRange(min=0), help="Column, from the west.")
@click.option("--y", required=True, type=click.IntRange(min=0), help="Row, from the north.")
def tiles(session: Session, *, layer: str, z: int, x: int, y: int) -> Outcome:
    """What a layer shows in one tile of the map: counts in cells, single records near."""
    workspace = session.workspace()
    where = {"layer": layer, "z": z, "x": x, "y": y}
    if layer in AREAS:
        found = areas.around(areas.read_areas(workspace), layer, _bounds(z, x, y))
        lines = table((_("code"), _("name")), ((area.code, area.name) for area in found))
        return Outcome(where | {"count": len(found), "features": [area.feature() for area in found]}, lines)
    atlas = Atlas([layer])
    with session.watched() as progress:
        atlas.refresh(workspace, progress)
    shown = atlas.layers.get(layer)
    columns = (
        shown.index.tile(z, x, y).as_columns() if shown else {"lon": [], "lat": [], "count": [], "id": []}
    )
    rows = [
        list(values) for values in zip(*(np.asarray(one).tolist() for one in columns.values()), strict=True)
    ]
    features = [dict(zip(columns, row, strict=True)) for row in rows]
    total = sum(one["count"] for one in features)
    lines = [*table(tuple(columns), rows), _("{count} in {features} features").format(
        count=f"{total:,}", features=f"{len(rows):,}")]  # fmt: skip
    return Outcome(where | {"count": total, "features": features}, lines)


@command("basemap")
@click.option(
    "--set", "file", type=FILE, help='TOML: kind = "file|xyz|wmts", location, matrix = "w|c", layers, …'
)
@click.option("--none", "nothing", is_flag=True, help="Show no base map.")
def basemap(session: Session, *, file: Path | None, nothing: bool) -> Outcome:
    """Shows or sets the base map of this store: a file of tiles, or the intranet map service."""
    workspace = session.workspace()
    if file is not None or nothing:
        basemaps.set_base_map(workspace, file)
    base = basemaps.base_map(workspace)
    if base is None:
        return Outcome({"base_map": None}, [_("No base map.")])
    told = {name: value for name, value in asdict(base).items() if name != "token"}
    return Outcome({"base_map": told}, [f"{name}: {value}" for name, value in told.items()])


def _bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    side = 1 << z
    lat = [float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / side))))) for row in (y, y + 1)]
    return x / side * 360 - 180, lat[1], (x + 1) / side * 360 - 180, lat[0]
