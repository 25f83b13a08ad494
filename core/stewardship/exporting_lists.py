"""Lists as spreadsheets: any that a page shows, and whole conflicts, overdue, duplicates and hazard proposals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypedDict

import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.model.labels import field_title, shown_value
from core.model.names import label
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import write_list
from core.stewardship import conflicts as adjudicating, duplicates, proposals, upkeep
from core.stewardship.upkeep import KEPT_UP

_STEP: Final = 10_000


@permits("registry.read")
def export_list(
    workspace: Workspace, out: Path, *, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]],
    about: Sequence[tuple[str, str]] = (),
) -> int:  # fmt: skip
    """Writes ``rows`` below ``columns`` and returns how many; whole numbers stay numbers. Audited."""
    return _written(workspace, out, columns, rows, title=title, about=about)


@permits("finding.read")
def export_conflicts(
    workspace: Workspace, filters: adjudicating.Filters, out: Path, *, state: str = "conflict",
    progress: Progress | None = None,
) -> int:  # fmt: skip
    """Writes every conflict of a filter and returns how many."""
    progress, rows = progress or Progress(), list[tuple[str, ...]]()
    progress.phase(_("Writing {file}").format(file=out.name))
    while some := adjudicating.conflicts(workspace, filters, state=state, offset=len(rows), limit=_STEP).rows:
        rows += [
            (label("resource", c.resource), c.title, c.group, ", ".join(label("sender", s) for s in c.sources), c.at)
            for c in some
        ]
        progress.advance(len(some))
        progress.checkpoint()
    head = (_("resource"), _("record"), _("field group"), _("departments"), _("since"))
    return _written(workspace, out, head, rows, title=_("Conflicts"), **_chosen({**asdict(filters), "state": state}))


@permits("finding.read")
def export_overdue(
    workspace: Workspace, filters: upkeep.Filters, out: Path, *, progress: Progress | None = None
) -> int:
    """Writes every overdue record in the grids of a filter, with who keeps the grid; returns how many records."""
    progress, rows = progress or Progress(), list[tuple[str, ...]]()
    grids = [one for one in upkeep.overdue(workspace, filters) if one.total]
    progress.phase(_("Writing {file}").format(file=out.name), len(grids))
    for grid in grids:
        for resource in KEPT_UP:
            if not grid.overdue.get(resource):
                continue
            _total, late = upkeep.items(workspace, grid.grid_code, resource, limit=grid.overdue[resource])
            rows += [
                (grid.grid_code, grid.name, grid.maintainer, label("resource", resource), i.title,
                 i.collected_at[:10], i.collector, i.due, str(i.days)) for i in late
            ]  # fmt: skip
        progress.advance()
        progress.checkpoint()
    head = (
        _("grid"), _("name of the grid"), _("maintainer"), _("resource"), _("record"), _("collected at"),
        _("collector"), _("due on"), _("days overdue"),
    )  # fmt: skip
    return _written(workspace, out, head, rows, title=_("Overdue"), **_chosen(asdict(filters)))


@permits("finding.read")
def export_duplicates(workspace: Workspace, resource: str, out: Path, *, progress: Progress | None = None) -> int:
    """Writes every open candidate pair of a resource with what agrees and differs; returns how many."""
    progress, rows = progress or Progress(), list[tuple[str, ...]]()
    progress.phase(_("Writing {file}").format(file=out.name))
    while some := duplicates.candidates(workspace, resource, offset=len(rows), limit=_STEP)[1]:
        rows += [
            (*pair.titles, _fields(pair, "agrees"), _fields(pair, "differs"), pair.found_at[:10]) for pair in some
        ]
        progress.advance(len(some))
        progress.checkpoint()
    head = (_("record"), _("other record"), _("agree"), _("differ"), _("found"))
    return _written(workspace, out, head, rows, title=_("Duplicates"), **_chosen({"resource": resource}))


@permits("finding.read")
def export_proposals(workspace: Workspace, out: Path, *, state: str = "open") -> int:
    """Writes the hazard proposals in one state; returns how many."""
    total, _none = proposals.proposals(workspace, state=state, limit=0)
    found = proposals.proposals(workspace, state=state, limit=total)[1]
    rows = [
        (r.house_code, shown_value("kind", r.kind), r.rule, r.at[:10], r.decided_by or "", r.decided_reason or "")
        for r in found
    ]
    head = (_("house"), _("kind"), _("rule"), _("since"), _("decided by"), _("reason"))
    return _written(workspace, out, head, rows, title=_("Hazard proposals"), **_chosen({"state": state}))


def _fields(pair: duplicates.Pair, said: str) -> str:
    return ", ".join(
        f"{field_title(name)}: {left}" if left == right else f"{field_title(name)}: {left} ≠ {right}"
        for name, (left, right) in pair.values.items() if pair.reasons[name] == said
    )  # fmt: skip


class _Said(TypedDict):
    about: Sequence[tuple[str, str]]
    filters: str


def _chosen(filters: Mapping[str, str]) -> _Said:
    said = ", ".join(f"{name}: {value}" for name, value in filters.items() if value)
    return {"about": [(_("filter"), said)], "filters": said}


def _written(
    workspace: Workspace, out: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str,
    about: Sequence[tuple[str, str]], filters: str | None = None,
) -> int:  # fmt: skip
    """The one way out: total, user and time on the first sheet, long lists over several; what leaves is audited."""
    frame = _frame(columns, rows)
    told = [*about, (_("user"), workspace.actor.name), (_("at"), workspace.now_at_desk())]
    write_list(out, frame, title=title, about=told)
    details = {"list": title, "rows": frame.height} | ({} if filters is None else {"filter": filters})
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="list.export", subject=out.name,
            details=details,
        )  # fmt: skip
    return frame.height


def _frame(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    """The rows in columns, each of whole numbers or of text; headings that occur twice are numbered."""
    held, named = [tuple(row) for row in rows], _named_apart(columns)
    kinds = [
        pl.Int64 if held and all(_whole(row[n]) for row in held) else pl.String for n in range(len(named))
    ]
    made = [
        tuple(value if kind == pl.Int64 else _text(value) for value, kind in zip(row, kinds, strict=True))
        for row in held
    ]
    return pl.DataFrame(made, schema=dict(zip(named, kinds, strict=True)), orient="row")


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
