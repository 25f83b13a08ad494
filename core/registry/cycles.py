"""Until when something collected counts as verified: the update cycle of the grid it lies in.

Collected at T in a grid with a cycle of n days, it is due again at T + n days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from core.model.registry import TABLES
from core.security.own_grids import grid_of


def due(collected_at: str, days: int) -> str:
    """The calendar day (ISO) from which something collected at that moment is overdue again."""
    return (datetime.fromisoformat(collected_at) + timedelta(days=days)).date().isoformat()


def cycle_days(connection: Connection, held: Mapping[str, Any]) -> int | None:
    """The cycle of the grid that a registry row lies in, itself or through its house or address."""
    code = grid_of(connection, held)
    if not code:
        return None
    grid = TABLES["grid"]
    query = select(grid.c.cycle_days).where(grid.c.grid_code == code, grid.c.retired_in.is_(None))
    found = connection.execute(query).scalar()
    return None if found is None else int(found)
