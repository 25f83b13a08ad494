"""What a steward still has to work off: one figure a list, as the lists themselves count it."""

from __future__ import annotations

from dataclasses import dataclass

from core.registry.ledger import packages
from core.security.workspace import Workspace, permits
from core.stewardship.conflicts import conflicts
from core.stewardship.findings import Filters, counts
from core.stewardship.upkeep import overdue
from core.stewardship.verifying import last_run


@dataclass(frozen=True)
class WorkLeft:
    """Open findings (errors among them), what is ignored, and conflicts.

    ``checked`` is False where nothing was ever verified: its zeros are no good news.
    """

    checked: bool
    findings: int
    errors: int
    ignored: int
    conflicts: int


@dataclass(frozen=True)
class Late:
    """What is overdue, and in how many of the grids; asked for by itself, because the whole registry is looked at."""

    overdue: int
    late_grids: int
    grids: int


@permits("finding.read")
def work_left(workspace: Workspace) -> WorkLeft:
    """The figures now, from the lists."""
    now = counts(workspace)
    return WorkLeft(
        checked=bool(now.all or last_run(workspace).run or packages(workspace)),
        findings=now.open,
        errors=counts(workspace, Filters(severity="error")).open,
        ignored=now.ignored,
        conflicts=conflicts(workspace, limit=0).total,
    )


@permits("finding.read")
def late(workspace: Workspace) -> Late:
    """What is overdue in the grids today."""
    grids = overdue(workspace)
    return Late(sum(one.total for one in grids), sum(1 for one in grids if one.total), len(grids))
