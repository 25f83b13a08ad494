"""Figures with definitions, computed side by side from one consistent view of the store."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from core.i18n import _
from core.jobs import Progress
from core.security.workspace import Workspace, permits
from core.statistics import extraction_figures, ledger_figures, registry_figures, trail_figures
from core.statistics.definition import COMPUTED, Definition, Figure

DECLARING = (registry_figures, ledger_figures, extraction_figures, trail_figures)
"""The modules whose figures exist; importing them is what declares them."""


def definitions() -> list[Definition]:
    """Every figure that can be computed."""
    return [definition for definition, _compute in COMPUTED.values()]


@permits("report.read")
def compute(
    workspace: Workspace, ids: Iterable[str] | None = None, *, progress: Progress | None = None
) -> dict[str, Figure]:
    """The figures named (all unless named), by id, all from one moment of the store."""
    with workspace.store.read() as connection:
        return computed(connection, workspace.now(), ids, progress=progress)


def computed(
    connection: Connection, as_of: str, ids: Iterable[str] | None = None, *, progress: Progress | None = None
) -> dict[str, Figure]:
    """As ``compute``, inside the caller's view of the store and under the caller's permission."""
    progress = progress or Progress()
    wanted = list(COMPUTED if ids is None else ids)
    progress.phase(_("Computing figures"), len(wanted))
    figures = {}
    for each in wanted:
        definition, function = COMPUTED[each]
        rows = tuple(tuple(row) for row in function(connection, progress))
        figures[each] = Figure(definition, as_of, rows, len(rows))
        progress.advance()
    return figures
