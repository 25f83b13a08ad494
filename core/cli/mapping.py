"""Commands of the map: converting coordinates."""

from __future__ import annotations

import click

from core.cli.output import Outcome
from core.cli.session import Session, command
from core.spatial import positions


def add_to(cli: click.Group) -> None:
    """Adds ``coord``."""
    for one in (coord,):
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
