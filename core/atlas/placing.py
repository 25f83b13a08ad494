"""Putting addresses on the map: those without a place, where they probably are by their neighbours, and confirming it.

GridLink never invents an address; it only says where a standard address is, and that is a proposal to the bureau.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import shapely
from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from core.atlas import columns
from core.errors import GridLinkError
from core.i18n import N_, _
from core.model.registry import TABLES
from core.registry import changes
from core.registry.deciding import decide
from core.registry.record import title_of
from core.security.workspace import Workspace, permits
from core.spatial.boundary import district_outline

SAME_DOOR: Final = N_("the same door as {first}")
BETWEEN: Final = N_("between {first} and {second} on the same road")
BESIDE: Final = N_("beside {first} on the same road")
IN_GRID: Final = N_("in the middle of its grid")
_NUMBER: Final = re.compile(r"\d+")
_T = TABLES["address"]


class PlaceRefused(GridLinkError):
    """The position cannot be kept; nothing was changed."""

    code = "place_refused"


@dataclass(frozen=True)
class Proposal:
    """Where an address probably is (CGCS2000) and by which neighbours; ``neighbours`` are their ids."""

    lon: float
    lat: float
    basis: str
    neighbours: Sequence[int]


@dataclass(frozen=True)
class Unplaced:
    """An address in use without a place."""

    entity: int
    address_code: str
    title: str
    community_code: str
    grid_code: str


@permits("map.read")
def unplaced(
    workspace: Workspace,
    *,
    community: str = "",
    grid: str = "",
    after: tuple[str, str] = ("", ""),
    limit: int = 100,
) -> tuple[int, Sequence[Unplaced]]:
    """How many addresses of the area have no place, and the next of them after (road, full text), road by road."""
    wanted = [_T.c.lon.is_(None), _T.c.retired_in.is_(None), _T.c.status == "active"]
    wanted += [_T.c.community_code == community] if community else []
    wanted += [_T.c.grid_code == grid] if grid else []
    road = func.coalesce(_T.c.road, "")
    later = (road > after[0]) | ((road == after[0]) & (_T.c.full_text > after[1]))
    with workspace.store.read() as connection:
        total = connection.execute(select(func.count()).select_from(_T).where(*wanted)).scalar_one()
        query = select(_T).where(*wanted, later).order_by(road, _T.c.full_text, _T.c.id).limit(limit)
        rows = connection.execute(query).mappings().all()
    return total, [_as_unplaced(row) for row in rows]


@permits("map.read")
def propose(workspace: Workspace, entity: int) -> Proposal | None:
    """Where an address probably is: at its door's other rooms, between its neighbours on the road, else in its grid."""
    with workspace.store.read() as connection:
        row = connection.execute(select(_T).where(_T.c.id == entity)).mappings().first()
        if row is None:
            return None
        held = dict(row)
        near = _neighbours(connection, held) if held["road"] else []
        return _proposed(held, near) or _middle(connection, held["grid_code"])


@permits("address.place")
def place(workspace: Workspace, entity: int, lon: float, lat: float, *, reason: str) -> int:
    """Gives an address its place (CGCS2000) as a change set of its own, undoable; returns its number."""
    if not reason.strip():
        raise PlaceRefused(
            _("A place keeps how it was found; the reason is missing."), cure=_("Say in a few words why.")
        )
    if not district_outline().contains(np.array([lon]), np.array([lat]))[0]:
        raise PlaceRefused(
            _("{lon:.6f}, {lat:.6f} lies outside the district.").format(lon=lon, lat=lat),
            cure=_("Drag the mark to where the door is."),
        )
    rows = pl.DataFrame(
        {"entity": [entity], "lon": [round(lon, 7)], "lat": [round(lat, 7)], "crs": ["EPSG:4490"]}
    )
    with workspace.store.write() as connection:
        held = (
            connection.execute(select(_T).where(_T.c.id == entity, _T.c.retired_in.is_(None)))
            .mappings()
            .first()
        )
        if held is None or held["lon"] is not None:
            raise PlaceRefused(
                _("The address is no longer without a place: somebody else was quicker."),
                cure=_("Take the next one."),
            )
        number = changes.begin(connection, workspace, "edit", reason)
        decide(connection, workspace, number, "address", rows, kind="edit", reason=reason)
        changes.finish(
            connection, workspace, number, action="address.place", subject=held["address_code"], counts={"placed": 1},
            details={"lon": round(lon, 7), "lat": round(lat, 7), "reason": reason},
        )  # fmt: skip
    return number


def _as_unplaced(row: RowMapping) -> Unplaced:
    title = title_of("address", dict(row))
    return Unplaced(row["id"], row["address_code"], title, row["community_code"], row["grid_code"] or "")


@dataclass(frozen=True)
class _Neighbour:
    entity: int
    label: str
    lon: float
    lat: float
    door: str
    number: int | None


def _neighbours(connection: Connection, row: Mapping[str, Any]) -> list[_Neighbour]:
    """Placed addresses on the same road, in the community; if there is none, in the sub-district."""
    road = (_T.c.road == row["road"]) & _T.c.lon.is_not(None) & _T.c.retired_in.is_(None)
    for area in (
        _T.c.community_code == row["community_code"],
        _T.c.subdistrict_code == row["subdistrict_code"],
    ):
        found = _placed(connection, road & area)
        if found:
            return found
    return []


def _placed(connection: Connection, where: ColumnElement[bool]) -> list[_Neighbour]:
    held = columns.read(connection, "address", where)
    named = select(_T.c.id, _T.c.road, _T.c.doorplate, _T.c.building).where(where)
    doors = {row.id: row for row in connection.execute(named)}
    made = []
    for entity, lon, lat in zip(held["id"].tolist(), held["lon"].tolist(), held["lat"].tolist(), strict=True):
        if np.isfinite(lon):
            door = doors[entity]
            plate, label = door.doorplate, f"{door.road or ''}{door.doorplate or ''}"
            made.append(_Neighbour(entity, label, lon, lat, _door(plate, door.building), _number(plate)))
    return made


def _proposed(row: Mapping[str, Any], near: Sequence[_Neighbour]) -> Proposal | None:
    door, number = _door(row["doorplate"], row["building"]), _number(row["doorplate"])
    same = [one for one in near if door and one.door == door]
    if same:
        lon, lat = float(np.mean([one.lon for one in same])), float(np.mean([one.lat for one in same]))
        return Proposal(lon, lat, _(SAME_DOOR).format(first=same[0].label), [one.entity for one in same])
    if number is None or not near:
        return None
    numbered = [one for one in near if one.number is not None]
    side = [one for one in numbered if one.number is not None and one.number % 2 == number % 2] or numbered
    below = max(
        (one for one in side if (one.number or 0) <= number), key=lambda one: one.number or 0, default=None
    )
    above = min(
        (one for one in side if (one.number or 0) > number), key=lambda one: one.number or 0, default=None
    )
    return _between(number, below, above)


def _between(number: int, below: _Neighbour | None, above: _Neighbour | None) -> Proposal | None:
    if below is not None and above is not None:
        low, high = below.number or 0, above.number or 0
        share = (number - low) / (high - low)
        lon, lat = below.lon + share * (above.lon - below.lon), below.lat + share * (above.lat - below.lat)
        basis = _(BETWEEN).format(first=below.label, second=above.label)
        return Proposal(lon, lat, basis, [below.entity, above.entity])
    one = below or above
    return (
        Proposal(one.lon, one.lat, _(BESIDE).format(first=one.label), [one.entity])
        if one is not None
        else None
    )


def _middle(connection: Connection, grid_code: str | None) -> Proposal | None:
    grid = TABLES["grid"]
    query = select(grid.c.geometry).where(grid.c.grid_code == grid_code, grid.c.retired_in.is_(None))
    text = connection.execute(query).scalar() if grid_code else None
    shape: Any = shapely.from_geojson(text, on_invalid="ignore") if text else None
    if shape is None or shape.is_empty:
        return None
    at = shapely.point_on_surface(shape)
    return Proposal(float(at.x), float(at.y), _(IN_GRID), [])


def _door(doorplate: str | None, building: str | None) -> str:
    return f"{doorplate or ''}|{building or ''}" if doorplate or building else ""


def _number(doorplate: str | None) -> int | None:
    found = _NUMBER.search(doorplate or "")
    return int(found[0]) if found else None
