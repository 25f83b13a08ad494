"""Lists of findings as spreadsheets: complete, with what the list is and who made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.model.labels import field_title
from core.model.names import label
from core.registry.rule_settings import settings
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.lists import concat, write_book, write_list
from core.stewardship.findings import Filters, Listed, counts, fired, listed
from core.verification.catalogue import catalogue

_STEP = 20_000


@permits("finding.read")
def export_findings(
    workspace: Workspace, filters: Filters, out: Path, *, progress: Progress | None = None
) -> int:
    """Writes every finding of a filter and returns how many; audited, since keys of persons leave the store."""
    progress = progress or Progress()
    progress.phase(_("Writing {file}").format(file=out.name), getattr(counts(workspace, filters), filters.state))
    parts, last = [], 0
    while some := listed(workspace, filters, after=last, limit=_STEP):
        parts.append(_frame(some))
        last = some[-1].number
        progress.advance(len(some))
        progress.checkpoint()
    rows = concat(parts, list(_columns()))
    chosen = ", ".join(f"{name}: {value}" for name, value in asdict(filters).items() if value)
    about = [(_("filter"), chosen), (_("user"), workspace.actor.name), (_("at"), workspace.now_at_desk())]
    write_list(out, rows, title=_("Findings"), about=about, beside={_("Rules"): _rules(workspace)})
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="finding.export", subject=out.name,
            details={"rows": rows.height, "filter": chosen},
        )  # fmt: skip
    return rows.height


@permits("finding.read")
def export_rules(workspace: Workspace, out: Path) -> int:
    """Writes the catalogue of rules with how often each fired; returns how many rules."""
    rows = _rules(workspace)
    write_book(out, {_("Rules"): rows})
    return rows.height


def _rules(workspace: Workspace) -> pl.DataFrame:
    """The catalogue: id, severity, meaning, source, examples, and how often each fired."""
    often = fired(workspace)
    switched = {row.rule: row.severity for row in settings(workspace)}
    rows = [
        (d["id"], label("state", switched.get(d["id"], d["severity"])), label("dimension", d["dimension"]),
         d["resource"], d["message"], d["cure"], d["source"], str(d["passes"]), str(d["fails"]), often.get(d["id"], 0))
        for d in (one.as_dict() for one in catalogue())
    ]  # fmt: skip
    head = (
        _("rule"), _("severity"), _("dimension"), _("resource"), _("meaning"), _("cure"), _("source"), _("passes"),
        _("fails"), _("fired"),
    )  # fmt: skip
    return pl.DataFrame(rows, schema=list(head), orient="row")


def _columns() -> dict[str, str]:
    return {
        "severity": _("severity"), "resource": _("resource"), "key": _("key"), "field": _("field"), "value": _("value"),
        "message": _("what is wrong"), "cure": _("cure"), "rule": _("rule"), "sender": _("department"),
        "collector": _("collector"), "grid": _("grid"), "package": _("package"), "line": _("line"), "day": _("found"),
    }  # fmt: skip


def _frame(rows: Sequence[Listed]) -> pl.DataFrame:
    titles = _columns()
    made = [
        tuple(str(value or "") for value in (
            label("state", r.severity), label("resource", r.resource), r.key, field_title(r.field), r.value, r.message,
            r.cure, r.rule, label("sender", r.sender), r.collector, r.grid, r.package, r.line or "", r.day,
        )) for r in rows
    ]  # fmt: skip
    return pl.DataFrame(made, schema=dict.fromkeys(titles.values(), pl.String), orient="row")
