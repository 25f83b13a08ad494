"""Changing grids: drawing, moving borders, splitting, merging, importing; each act is one change set with a reason.

What the platform said of a grid stays as its word; the decision stands above it until the platform says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import shapely
from shapely import ops
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, select, update

from core.atlas import columns
from core.atlas.grid_files import COLUMNS, Grid, registered
from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.model.registry import TABLES, entity_id
from core.model.resources import RESOURCES
from core.registry import changes, rows as registry_rows
from core.registry.deciding import decide
from core.registry.intake import Intake
from core.security import assigning
from core.security.workspace import Workspace, permits
from core.stewardship.upkeep import maintainer
from core.verification.catalogue import describe

_STATION: Final = "police"
_DIGITS: Final = 8
"""Decimals of a degree that are kept: a millimetre."""
_TOUCH: Final = 1e-8


class GridEditRefused(GridLinkError):
    """The change would leave grids that nobody can work with; nothing was changed."""

    code = "grid_edit_refused"


@dataclass(frozen=True)
class GridResult:
    """What a change did: grids new, changed, retired and the same, addresses that moved to another grid."""

    change_set: int | None
    new: int
    changed: int
    retired: int
    same: int = 0
    addresses: int = 0


@dataclass(frozen=True)
class _Act:
    """One change under way: its unit of work, who makes it, its change set and why."""

    connection: Connection
    workspace: Workspace
    number: int
    reason: str


@permits("grid.edit")
def import_grids(
    workspace: Workspace, grids: Sequence[Grid], *, reason: str, progress: Progress | None = None
) -> GridResult:
    """Takes grids of a file in: new ones and changed ones; grids that the file does not name stay as they are."""
    held = {grid.code: grid for grid in registered(workspace)}
    differing = [grid for grid in grids if grid.code not in held or _differs(grid, held[grid.code])]
    same = len(grids) - len(differing)
    if not differing:
        return GridResult(None, 0, 0, 0, same)
    return _change(
        workspace, differing, (), reason=reason, action="grid.import", same=same, progress=progress
    )


@permits("grid.edit")
def save_grids(workspace: Workspace, grids: Sequence[Grid], *, reason: str) -> GridResult:
    """Stores grids as they were drawn: borders that moved, and new grids; addresses follow their grid."""
    return _change(workspace, grids, (), reason=reason, action="grid.edit", follow=True)


@permits("grid.edit")
def split_grid(
    workspace: Workspace, code: str, line: BaseGeometry, *, new_code: str, new_name: str, reason: str
) -> GridResult:
    """Parts a grid along a line; the larger part keeps the code, the other becomes a grid of its own."""
    grid = _grid(workspace, code)
    parts = (
        [one for one in ops.split(grid.shape, line).geoms if one.area > 0]
        if line.geom_type == "LineString"
        else []
    )
    if len(parts) != 2:
        raise _refused(_("The line does not part grid {code} into two.").format(code=code),
                       _("Draw it from outside the grid through it to the outside again."))  # fmt: skip
    larger, smaller = sorted(parts, key=lambda part: -part.area)
    kept = {"maintainer": maintainer(workspace, code), "households": None}
    child = Grid(grid.values | {"grid_code": new_code, "name": new_name} | kept, smaller)
    told = _("{reason} (split: {code} → {code}, {new})").format(reason=reason, code=code, new=new_code)
    changed = [Grid({"grid_code": code, "households": None}, larger), child]
    return _change(
        workspace, changed, (), reason=told if reason.strip() else "", action="grid.split", follow=True,
        parted={new_code: code},
    )  # fmt: skip


@permits("grid.edit")
def merge_grids(workspace: Workspace, codes: Sequence[str], *, reason: str) -> GridResult:
    """Makes one grid of several that touch; the first keeps its code, the others are retired."""
    grids = [_grid(workspace, code) for code in dict.fromkeys(codes)]
    if len(grids) < 2:
        raise _refused(_("It takes two grids to merge."), _("Choose a second one."))
    if len({(grid.kind, grid.values["community_code"]) for grid in grids}) > 1:
        raise _refused(_("Grids of different kinds or communities cannot be one."),
                       _("Choose grids of one kind within one community."))  # fmt: skip
    whole = shapely.union_all([shapely.make_valid(grid.shape) for grid in grids], grid_size=_TOUCH)
    if whole.geom_type != "Polygon":
        raise _refused(_("The grids do not touch."), _("Close the gap between them first."))
    known = [grid.values.get("households") for grid in grids]
    households = sum(int(n) for n in known if n is not None) if None not in known else None
    gone = [grid.code for grid in grids[1:]]
    told = _("{reason} (merged: {codes} → {code})").format(
        reason=reason, codes=", ".join(gone), code=grids[0].code
    )
    merged = Grid({"grid_code": grids[0].code, "households": households}, whole)
    return _change(
        workspace, [merged], gone, reason=told if reason.strip() else "", action="grid.merge", follow=True
    )


def next_code(workspace: Workspace, community: str) -> str:
    """The first free grid code of a community: its twelve digits and three more."""
    table = TABLES["grid"]
    with workspace.store.read() as connection:
        taken = set(
            connection.execute(select(table.c.grid_code).where(table.c.community_code == community)).scalars()
        )
    return next(code for n in range(1, 1000) if (code := f"{community}{n:03d}") not in taken)


def _change(
    workspace: Workspace, grids: Sequence[Grid], gone: Sequence[str], *, reason: str, action: str, same: int = 0,
    follow: bool = False, parted: Mapping[str, str] | None = None, progress: Progress | None = None,
) -> GridResult:  # fmt: skip
    """``follow``: addresses follow the borders; ``parted`` names the new parts, whose officers are those of the old."""
    if not reason.strip():
        raise _refused(_("A change of grids keeps who made it and why; the reason is missing."),
                       _("Say in a few words why."))  # fmt: skip
    _require_sound(grids)
    progress = progress or Progress()
    with workspace.store.write() as connection:
        held = _held(connection, [grid.code for grid in grids])
        number = changes.begin(connection, workspace, "edit", reason)
        act = _Act(connection, workspace, number, reason)
        old, new = [g for g in grids if g.code in held], [g for g in grids if g.code not in held]
        changed = _decide(act, old, held) if old else 0
        if new:
            _take_in(act, new, progress)
        _retire(act, gone)
        codes = {*gone, *(grid.code for grid in grids)}
        moved = _follow(act, grids, codes) if follow else 0
        joined = dict.fromkeys(gone, grids[0].code) if gone else {}
        assigning.follow(connection, workspace, number, parted=parted or {}, joined=joined)
        counts = {"new": len(new), "changed": changed, "retired": len(gone), "addresses": moved}
        changes.finish(
            connection, workspace, number, action=action, subject=", ".join(sorted(codes))[:200], counts=counts,
            details={"reason": reason},
        )  # fmt: skip
    return GridResult(number, same=same, **counts)


def _decide(act: _Act, grids: Sequence[Grid], held: Mapping[str, Any]) -> int:
    given = [name for name in COLUMNS if name != "grid_code" and any(name in grid.values for grid in grids)]
    frame = pl.DataFrame(
        [
            (entity_id(g.code), _text(g.shape), *(_typed(n, g.values.get(n, held[g.code][n])) for n in given))
            for g in grids
        ],
        schema={"entity": pl.Int64, "geometry": pl.String, **{n: _kind(n) for n in given}}, orient="row",
    )  # fmt: skip
    return decide(act.connection, act.workspace, act.number, "grid", frame, kind="edit", reason=act.reason)


def _take_in(act: _Act, grids: Sequence[Grid], progress: Progress) -> None:
    """New grids pass the same verification as any that a package brings."""
    header = RESOURCES["grid"].header("delta")
    envelope = {
        "source": _STATION,
        "collected_at": act.workspace.now(),
        "collector": "map-editor",
        "op": "upsert",
    }
    rows = [
        {name: None if value is None else str(value) for name, value in {**grid.values, **envelope}.items()}
        | {"geometry": _text(grid.shape), "line": line}
        for line, grid in enumerate(grids, 2)
    ]
    schema: dict[str, Any] = {**dict.fromkeys(header, pl.String), "line": pl.UInt32}
    intake = Intake(act.workspace, act.connection, act.number, _STATION, "delta", (), progress)
    counts = intake.resource(RESOURCES["grid"], pl.DataFrame(rows, schema=schema))
    if counts.quarantined:
        rule = next(iter(intake.findings))
        message, cure = describe(rule, field="", value="")
        raise _refused(_("A new grid is not sound: {message}").format(message=message), cure)


def _retire(act: _Act, codes: Sequence[str]) -> None:
    ids, table = [entity_id(code) for code in codes], TABLES["grid"]
    registry_rows.supersede(act.connection, "grid", ids, act.number)
    if ids:
        gone = update(table).where(table.c.id.in_(ids))
        act.connection.execute(gone.values(retired_in=act.number, changed_in=act.number))


def _follow(act: _Act, grids: Sequence[Grid], codes: Collection[str]) -> int:
    """Addresses of governance grids that changed are entered in the grid in which they lie now."""
    table, connection = TABLES["address"], act.connection
    here = [grid for grid in grids if _kind_of(connection, grid.code) == "governance"]
    if not here:
        return 0
    chosen = table.c.grid_code.in_(list(codes)) & table.c.retired_in.is_(None)
    query = select(table.c.id, table.c.grid_code).where(chosen)
    entered = {row.id: row.grid_code for row in connection.execute(query)}
    held = columns.read(connection, "address", chosen)
    moved = {
        entity: wanted
        for entity, wanted in zip(held["id"].tolist(), _lying(here, held, entered), strict=True)
        if wanted != entered[entity]
    }
    if moved:
        frame = pl.DataFrame(
            list(moved.items()), schema={"entity": pl.Int64, "grid_code": pl.String}, orient="row"
        )
        decide(connection, act.workspace, act.number, "address", frame, kind="edit", reason=act.reason)
    return len(moved)


def _lying(grids: Sequence[Grid], held: columns.Columns, entered: Mapping[int, str]) -> list[str]:
    """The grid of each address: where it is entered if it lies there, else where it lies.

    What lies in none of the grids stays, unless its grid is gone: then it goes with the first.
    """
    codes = [grid.code for grid in grids]
    placed = np.flatnonzero(np.isfinite(held["lon"]))
    points: Any = shapely.points(held["lon"][placed], held["lat"][placed])
    tree = shapely.STRtree(np.array([grid.shape for grid in grids], dtype=object))
    around: dict[int, list[str]] = {}
    for which, grid in zip(*tree.query(points, predicate="intersects").tolist(), strict=True):
        around.setdefault(int(placed[which]), []).append(codes[grid])
    made = []
    for place, entity in enumerate(held["id"].tolist()):
        now, there = entered[entity], around.get(place, [])
        stays = now in there or (not there and now in codes)
        made.append(now if stays else there[0] if there else codes[0])
    return made


def _held(connection: Connection, codes: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    table = TABLES["grid"]
    ids = [entity_id(code) for code in codes]
    rows = connection.execute(
        select(table).where(table.c.id.in_(ids), table.c.retired_in.is_(None))
    ).mappings()
    return {row["grid_code"]: dict(row) for row in rows}


def _kind_of(connection: Connection, code: str) -> str:
    table = TABLES["grid"]
    return str(connection.execute(select(table.c.kind).where(table.c.id == entity_id(code))).scalar() or "")


def _grid(workspace: Workspace, code: str) -> Grid:
    found = next((grid for grid in registered(workspace) if grid.code == code), None)
    if found is None:
        raise _refused(
            _("There is no grid {code} in use.").format(code=code), _("Look at the list of grids.")
        )
    return found


def _require_sound(grids: Sequence[Grid]) -> None:
    for grid in grids:
        shape = grid.shape
        if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty or not shape.is_valid:
            raise _refused(
                _("The border of grid {code} crosses itself or encloses nothing.").format(code=grid.code),
                _("Move the corners apart, or take the last one back."),
            )


def _differs(grid: Grid, held: Grid) -> bool:
    given = {name: _typed(name, value) for name, value in grid.values.items()}
    return _text(grid.shape) != _text(held.shape) or any(
        held.values.get(n) != value for n, value in given.items()
    )


def _text(shape: BaseGeometry) -> str:
    return str(shapely.to_geojson(shapely.transform(shape, lambda c: np.round(c, _DIGITS))))


def _kind(name: str) -> Any:
    return pl.Int64 if RESOURCES["grid"].by_name[name].kind == "integer" else pl.String


def _typed(name: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    try:
        return int(value) if _kind(name) == pl.Int64 else str(value)
    except ValueError as error:
        raise _refused(_("“{value}” is no number for {name}.").format(value=value, name=name),
                       _("Correct the file and import it again.")) from error  # fmt: skip


def _refused(message: str, cure: str) -> GridEditRefused:
    return GridEditRefused(message, cure=cure)
