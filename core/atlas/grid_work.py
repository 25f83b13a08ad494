"""What is to do in each grid, with its outline: the small map of the workbench, without loading the atlas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from sqlalchemy import select

from core.model.registry import TABLES
from core.security.own_grids import home
from core.security.workspace import Workspace, permits
from core.stewardship.findings import Filters, groups
from core.stewardship.upkeep import overdue

Ring = tuple[tuple[float, float], ...]
_COARSE: Final = 5e-5
"""Degrees by which an outline may be off on a small map (some five metres)."""


@dataclass(frozen=True)
class GridWork:
    """A governance grid: its outline (rings of longitude and latitude), and what is to do in it.

    ``findings`` is None for who may not read them.
    """

    entity: int
    grid_code: str
    name: str
    maintainer: str
    rings: Sequence[Ring]
    overdue: int
    findings: int | None

    @property
    def total(self) -> int:
        """Everything to do."""
        return self.overdue + (self.findings or 0)


@dataclass(frozen=True)
class Work:
    """The grids of an account, those with the most to do first, and the outlines of the others.

    ``own`` is False where it works in all of them.
    """

    grids: Sequence[GridWork]
    own: bool
    others: Sequence[Ring]


@permits("upkeep.read")
def grid_work(workspace: Workspace) -> Work:
    """What is to do in the actor's own grids; in every grid where none is assigned."""
    table = TABLES["grid"]
    query = select(table.c.id, table.c.grid_code, table.c.geometry).where(
        table.c.retired_in.is_(None), table.c.kind == "governance"
    )
    own = home(workspace)
    with workspace.store.read() as connection:
        held = {row.grid_code: row for row in connection.execute(query)}
    rings = _rings([row.geometry for row in held.values()])
    outlines = dict(zip(held, rings, strict=True))
    may = workspace.actor.may("finding.read")
    found = {one.value: one.count for one in groups(workspace, "grid", Filters())} if may else None
    made = [
        GridWork(held[one.grid_code].id, one.grid_code, one.name, one.maintainer, outlines[one.grid_code],
                 one.total, None if found is None else found.get(one.grid_code, 0))
        for one in overdue(workspace) if one.grid_code in held and (not own or one.grid_code in own)
    ]  # fmt: skip
    others = [ring for code, parts in outlines.items() if own and code not in own for ring in parts]
    return Work(sorted(made, key=lambda one: (-one.total, one.grid_code)), bool(own), others)


def _rings(outlines: Sequence[str | None]) -> list[Sequence[Ring]]:
    """The outer rings of each outline, coarser; none where it cannot be read."""
    if not outlines:
        return []
    shapes: Any = shapely.simplify(shapely.from_geojson(outlines, on_invalid="ignore"), _COARSE)
    return [[] if one is None else [_ring(part) for part in shapely.get_parts(one)] for one in shapes]


def _ring(part: Any) -> Ring:
    return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(part.exterior))
