"""Any list that a page shows as a spreadsheet: split over sheets where it is long, with the total and who made it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core.i18n import _
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import write_list


@permits("registry.read")
def export_list(
    workspace: Workspace, out: Path, *, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]],
    about: Sequence[tuple[str, str]] = (),
) -> int:  # fmt: skip
    """Writes ``rows`` below ``columns`` and returns how many; whole numbers stay numbers. Audited."""
    held = [tuple(row) for row in rows]
    named = _named_apart(columns)
    kinds = [
        pl.Int64 if held and all(_whole(row[n]) for row in held) else pl.String for n in range(len(named))
    ]
    made = [
        tuple(value if kind == pl.Int64 else _text(value) for value, kind in zip(row, kinds, strict=True))
        for row in held
    ]
    frame = pl.DataFrame(made, schema=dict(zip(named, kinds, strict=True)), orient="row")
    told = [*about, (_("user"), workspace.actor.name), (_("at"), workspace.now())]
    write_list(out, frame, title=title, about=told)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="list.export", subject=out.name,
            details={"list": title, "rows": frame.height},
        )  # fmt: skip
    return frame.height


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _named_apart(columns: Sequence[str]) -> list[str]:
    """A sheet's headings with those that occur twice numbered."""
    seen: dict[str, int] = {}
    made = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return made
