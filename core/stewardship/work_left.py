"""What a steward still has to work off: one figure a list, as the lists themselves count it."""

from __future__ import annotations

from dataclasses import dataclass

from core.registry.ledger import packages
from core.security.workspace import Workspace, permits
from core.stewardship.conflicts import conflicts
from core.stewardship.findings import Filters, counts
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


@permits("finding.read")
def work_left(workspace: Workspace) -> WorkLeft:
    """The figures now."""
    now = counts(workspace)
    return WorkLeft(
        checked=bool(now.all or last_run(workspace).run or packages(workspace)),
        findings=now.open,
        errors=counts(workspace, Filters(severity="error")).open,
        ignored=now.ignored,
        conflicts=conflicts(workspace, limit=0).total,
    )
