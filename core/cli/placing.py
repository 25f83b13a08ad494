"""Commands for addresses without a place: the list with proposals, and giving one its place."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.atlas import placing
from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.i18n import _
from core.model.registry import entity_id
from core.spatial.positions import convert


def add_to(cli: click.Group) -> None:
    """Adds ``unplaced`` and ``place``."""
    for one in (unplaced, place):
        cli.add_command(one)


@command("unplaced")
@click.option("--community", default="", help="12 digits.")
@click.option("--grid", default="")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True)
def unplaced(session: Session, *, community: str, grid: str, limit: int) -> Outcome:
    """Addresses without a place, and where they probably are by their neighbours on the road."""
    workspace = session.workspace()
    total, rows = placing.unplaced(workspace, community=community, grid=grid, limit=limit)
    proposals = [placing.propose(workspace, row.entity) for row in rows]
    data = [
        asdict(row) | {"proposal": asdict(found) if found else None}
        for row, found in zip(rows, proposals, strict=True)
    ]
    lines = [
        (row.address_code, row.title, f"{p.lon:.6f},{p.lat:.6f}" if p else "–", p.basis if p else "")
        for row, p in zip(rows, proposals, strict=True)
    ]
    told = _("{shown} of {total} shown:").format(shown=f"{len(rows):,}", total=f"{total:,}")
    head = (_("code"), _("address"), _("proposed place"), _("by"))
    return Outcome(
        {"total": total, "shown": len(rows), "rows": data}, [told, *(table(head, lines) if lines else [])]
    )


@command("place")
@click.argument("address_code")
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--crs", default="CGCS2000", show_default=True, help="WGS84, CGCS2000, GCJ-02, BD-09, EPSG:n.")
@click.option("--reason", required=True, help="How it was found out.")
def place(session: Session, *, address_code: str, lon: float, lat: float, crs: str, reason: str) -> Outcome:
    """Gives an address without a place its place, as a change set that can be undone."""
    there = convert(lon, lat, crs, "EPSG:4490")
    number = placing.place(session.workspace(), entity_id(address_code), there.lon, there.lat, reason=reason)
    line = _("{code} is on the map: change set {number}.").format(code=address_code, number=number)
    return Outcome(
        {"change_set": number, "address_code": address_code, "lon": there.lon, "lat": there.lat}, [line]
    )
