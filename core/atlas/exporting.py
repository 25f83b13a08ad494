"""What was chosen on the map as a spreadsheet: masked, complete, with who took it and when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from sqlalchemy import select

from core.i18n import _
from core.jobs import Progress
from core.model.labels import field_title
from core.model.names import label
from core.model.registry import TABLES
from core.registry.browse import SHOWN
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import write_list
from core.store import bulk


@permits("registry.read")
def export_chosen(
    workspace: Workspace,
    resource: str,
    ids: Sequence[int],
    out: Path,
    *,
    area: str,
    progress: Progress | None = None,
) -> int:
    """Writes the records ``ids`` of a kind and returns how many there are; ``area`` says how they were chosen."""
    progress = progress or Progress()
    progress.phase(_("Writing {file}").format(file=out.name), len(ids))
    table, names = TABLES[resource], SHOWN[resource]
    rows: list[tuple[str, ...]] = []
    with workspace.store.read() as connection:
        for some in bulk.chunks(ids):
            query = select(*(table.c[name] for name in names)).where(table.c.id.in_(some))
            rows += [tuple("" if v is None else str(v) for v in row) for row in connection.execute(query)]
            progress.advance(len(some))
    frame = pl.DataFrame(sorted(rows), schema={field_title(name): pl.String for name in names}, orient="row")
    about = [(_("chosen on the map"), area), (_("user"), workspace.actor.name), (_("at"), workspace.now())]
    write_list(out, frame, title=label("resource", resource), about=about)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="map.export", subject=out.name,
            details={"resource": resource, "rows": frame.height, "area": area},
        )  # fmt: skip
    return frame.height
