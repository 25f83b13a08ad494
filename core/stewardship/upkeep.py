"""Upkeep: who keeps which grid, what in it is due again by its cycle, and handing a grid over.

Something collected on day T in a grid with a cycle of n days is overdue from day T + n + 1 on (``cycles.due``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, false, func, insert, or_, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import TABLES
from core.model.stewardship import hand_over
from core.registry.cycles import due
from core.registry.record import title_of
from core.security import audit
from core.security.own_grids import home, require_list
from core.security.workspace import Workspace, permits
from core.stewardship.surroundings import joined
from core.stewardship.upkeep_counts import counted

KEPT_UP: Final = ("address", "house", "person", "organisation")
_GRID, _ADDRESS = TABLES["grid"], TABLES["address"]


class HandOverIncomplete(GridLinkError):
    """No grid matches, or somebody or the reason is missing."""

    code = "hand_over_incomplete"


@dataclass(frozen=True)
class Filters:
    """Which grids: by code, community (12 digits) or present maintainer, among ``grids``; an empty field means any."""

    grid: str = ""
    community: str = ""
    maintainer: str = ""
    grids: tuple[str, ...] = ()


@dataclass(frozen=True)
class GridDue:
    """One grid with what is overdue in it, by resource; ``oldest`` is the day (ISO) of the oldest collection."""

    grid_code: str
    name: str
    maintainer: str
    cycle_days: int
    overdue: Mapping[str, int]
    kept: Mapping[str, int]
    oldest: str

    @property
    def total(self) -> int:
        """Everything overdue in the grid."""
        return sum(self.overdue.values())


@dataclass(frozen=True)
class Item:
    """One overdue record: since which day (``due``) and for how many ``days``."""

    resource: str
    entity: int
    title: str
    collected_at: str
    collector: str
    due: str
    days: int


@permits("upkeep.read")
def overdue(workspace: Workspace, filters: Filters | None = None) -> Sequence[GridDue]:
    """Every grid of the filter, those with the most overdue first; grids with nothing overdue are there too.

    Who has grids of his own is told of those.
    """
    filters, own = filters or Filters(), home(workspace)
    with workspace.store.read() as connection:
        found = counted(connection, _limits(connection, workspace))
        grids = kept_grids(connection, filters)
    kept: dict[str, dict[str, tuple[int, int, str]]] = {}
    for resource in KEPT_UP:
        for code, counts in found[resource].items():
            kept.setdefault(code, {})[resource] = counts
    made = [
        _grid_due(row, maintainer, kept.get(row.grid_code, {}))
        for row, maintainer in grids if not own or row.grid_code in own
    ]  # fmt: skip
    return sorted(made, key=lambda one: (-one.total, one.grid_code))


@permits("registry.read")
def items(
    workspace: Workspace, grid: str, resource: str, *, offset: int = 0, limit: int = 100
) -> tuple[int, Sequence[Item]]:
    """What is overdue in a grid, the longest first, and how much it is in all; reading persons is audited.

    Raises ``ListOutsideGrids`` for what is masked in a grid that is not one's own.
    """
    require_list(workspace, resource, (grid,))
    table = TABLES[resource]
    today = workspace.today()
    with workspace.store.read() as connection:
        source, extra = joined(resource)
        where = and_(table.c.retired_in.is_(None), extra["grid"] == grid, _late(connection, workspace)[resource])
        total = connection.execute(select(func.count()).select_from(source).where(where)).scalar_one()
        query = select(table, _GRID.c.cycle_days).select_from(source).where(where)
        rows = connection.execute(query.order_by(table.c.collected_at, table.c.id).offset(offset).limit(limit)).all()
    if resource == "person" and rows:
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.overdue", subject=grid,
                details={"shown": len(rows), "total": total},
            )  # fmt: skip
    made = []
    for row in rows:
        day = due(row.collected_at, row.cycle_days)
        days = (today - today.fromisoformat(day)).days
        title = title_of(resource, dict(row._mapping))
        made.append(Item(resource, row.id, title, row.collected_at, row.collector, day, days))
    return total, made


@permits("grid.hand_over")
def hand_over_grids(workspace: Workspace, filters: Filters, to: str, *, reason: str) -> Sequence[str]:
    """Gives the grids of the filter to another maintainer, with their lists; returns their codes."""
    with workspace.store.write() as connection:
        grids = [(row.grid_code, maintainer) for row, maintainer in kept_grids(connection, filters) if maintainer != to]
        if not grids or not to.strip() or not reason.strip():
            raise HandOverIncomplete(
                _("Nothing handed over: it takes a grid, who takes it over, and a reason."),
                cure=_("Name the grid, or the maintainer who goes, and somebody else who comes."),
            )
        entries = [
            {"grid_code": code, "from_maintainer": old, "to_maintainer": to, "reason": reason, "at": workspace.now(),
             "actor": workspace.actor.name} for code, old in grids
        ]  # fmt: skip
        connection.execute(insert(hand_over), entries)
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="grid.hand_over", subject=to,
            details={"grids": [code for code, _old in grids], "reason": reason},
        )  # fmt: skip
    return [code for code, _old in grids]


@permits("grid.hand_over")
def take_back_hand_over(workspace: Workspace, grid: str) -> str:
    """Undoes the last hand-over of a grid; returns who keeps it again."""
    with workspace.store.write() as connection:
        last = connection.execute(
            select(hand_over).where(hand_over.c.grid_code == grid, hand_over.c.undone_at.is_(None))
            .order_by(hand_over.c.id.desc())
        ).first()  # fmt: skip
        if last is None:
            raise HandOverIncomplete(
                _("The grid {grid} was not handed over.").format(grid=grid), cure=_("Look at the list of grids.")
            )
        connection.execute(
            update(hand_over).where(hand_over.c.id == last.id)
            .values(undone_at=workspace.now(), undone_by=workspace.actor.name)
        )  # fmt: skip
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="grid.hand_over_undone", subject=grid,
            details={"maintainer": last.from_maintainer},
        )  # fmt: skip
    return str(last.from_maintainer)


@permits("upkeep.read")
def hand_overs(workspace: Workspace) -> Sequence[Any]:
    """Every hand-over, the newest first, undone ones too."""
    with workspace.store.read() as connection:
        return connection.execute(select(hand_over).order_by(hand_over.c.id.desc())).all()


def maintainer(workspace: Workspace, grid: str) -> str:
    """Who keeps a governance grid now; empty where there is no such grid in use."""
    with workspace.store.read() as connection:
        return next((who for _row, who in kept_grids(connection, Filters(grid=grid))), "")


def _late(connection: Connection, workspace: Workspace) -> Mapping[str, ColumnElement[bool]]:
    """By resource, the condition that a row joined with its grid is overdue; cycles are few, so each has its day."""
    today = workspace.today()
    cycles = connection.execute(select(_GRID.c.cycle_days).where(_GRID.c.retired_in.is_(None)).distinct()).scalars()
    days = [(int(n), str(today - timedelta(days=int(n)))) for n in cycles]
    return {
        name: or_(false(), *(and_(_GRID.c.cycle_days == n, TABLES[name].c.collected_at < day) for n, day in days))
        for name in KEPT_UP
    }


def _limits(connection: Connection, workspace: Workspace) -> Mapping[str, str]:
    """By grid in use, the day (ISO) before which something collected is overdue."""
    today = workspace.today()
    cycles = connection.execute(select(_GRID.c.grid_code, _GRID.c.cycle_days).where(_GRID.c.retired_in.is_(None)))
    return {row.grid_code: str(today - timedelta(days=int(row.cycle_days))) for row in cycles}


def kept_grids(connection: Connection, filters: Filters) -> list[tuple[Any, str]]:
    """The governance grids in use of the filter with their present maintainers."""
    where = [_GRID.c.retired_in.is_(None), _GRID.c.kind == "governance"]
    if filters.grid:
        where.append(_GRID.c.grid_code == filters.grid)
    if filters.community:
        where.append(_GRID.c.community_code == filters.community)
    if filters.grids:
        where.append(_GRID.c.grid_code.in_(filters.grids))
    handed = _handed_over(connection)
    rows = connection.execute(select(_GRID).where(*where).order_by(_GRID.c.grid_code)).all()
    kept = [(row, _maintainer(row, handed.get(row.grid_code))) for row in rows]
    return [(row, who) for row, who in kept if filters.maintainer in {"", who}]


def _handed_over(connection: Connection) -> dict[str, Any]:
    rows = connection.execute(select(hand_over).where(hand_over.c.undone_at.is_(None)).order_by(hand_over.c.id))
    return {row.grid_code: row for row in rows}


def _maintainer(grid: Any, handed: Any) -> str:
    """Whoever was named last: the platform that sends the grid, or a hand-over here since then."""
    return str(handed.to_maintainer if handed is not None and handed.at > grid.collected_at else grid.maintainer)


def _grid_due(row: Any, maintainer: str, kept: Mapping[str, tuple[int, int, str]]) -> GridDue:
    return GridDue(
        row.grid_code, row.name, maintainer, row.cycle_days, {r: n[1] for r, n in kept.items()},
        {r: n[0] for r, n in kept.items()}, min((n[2][:10] for n in kept.values()), default=""),
    )  # fmt: skip
