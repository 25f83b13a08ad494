"""Who keeps and who works in each grid: the list from which grids are assigned, and from which gaps are worked off.

A grid is in order when it has a named maintainer, an update cycle and an officer of the station.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from core.model.registry import TABLES
from core.model.working import assignment
from core.security.workspace import Workspace, permits
from core.stewardship.upkeep import Filters, kept_grids

_ADDRESS = TABLES["address"]


@dataclass(frozen=True)
class KeptGrid:
    """A governance grid in use: where it lies, who keeps it, how often, whose it is, how many addresses it has."""

    grid_code: str
    name: str
    subdistrict_code: str
    community_code: str
    maintainer: str
    cycle_days: int
    accounts: Sequence[str]
    addresses: int

    @property
    def kept(self) -> bool:
        """Whether it has a named maintainer and an update cycle."""
        return bool(self.maintainer.strip()) and self.cycle_days > 0


@permits("grid.assign")
def grids_kept(workspace: Workspace) -> Sequence[KeptGrid]:
    """Every governance grid in use, by sub-district, community and code."""
    with workspace.store.read() as connection:
        officers, addresses = _officers(connection), _addresses(connection)
        grids = kept_grids(connection, Filters())
    made = [
        KeptGrid(
            row.grid_code, row.name, f"{row.community_code[:9]}000", row.community_code, who or "",
            int(row.cycle_days or 0), tuple(officers.get(row.grid_code, ())), addresses.get(row.grid_code, 0),
        )
        for row, who in grids
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.community_code, one.grid_code))


def _officers(connection: Connection) -> Mapping[str, list[str]]:
    query = select(assignment.c.grid_code, assignment.c.account).where(assignment.c.ended_in.is_(None))
    found: dict[str, list[str]] = {}
    for code, name in connection.execute(query.order_by(assignment.c.account)):
        found.setdefault(code, []).append(name)
    return found


def _addresses(connection: Connection) -> Mapping[str, int]:
    """Addresses in use by grid: all of them by the index alone, less the retired, which are few."""
    code = _ADDRESS.c.grid_code
    counted = select(code, func.count()).where(code.is_not(None)).group_by(code)
    held = {row[0]: int(row[1]) for row in connection.execute(counted)}
    retired = select(code).where(_ADDRESS.c.retired_in.is_not(None))  # by an index of them alone
    for gone, count in Counter(connection.execute(retired).scalars()).items():
        if gone is not None:
            held[gone] -= count
    return held
