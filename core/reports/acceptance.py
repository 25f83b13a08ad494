"""The acceptance report: first a frozen value from one moment of the store, then spreadsheet and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.i18n import N_, _, language
from core.jobs import Progress
from core.reports import document, files, spreadsheet
from core.reports.indicators import ROWS_SHOWN, indicators
from core.reports.rendering import day
from core.reports.value import AcceptanceReport, Milestone, indicator_data
from core.security import audit
from core.security.workspace import Workspace, permits
from core.statistics.figures import computed
from core.store.lifecycle import read_setting

MILESTONES = (
    (N_("Feasibility study and tender documents"), N_("May")),
    (N_("Procurement"), N_("July")),
    (N_("Construction and acceptance"), N_("August to November")),
)
APPENDIX = (
    "registry.entities", "map.placed", "registry.grids", "import.senders", "import.reconciliation",
    "verification.findings", "import.refusals",
    "exchange.extractions", "exchange.gone", "exchange.deliveries", "exchange.receipts", "exchange.log", "audit.chain",
)  # fmt: skip
"""Figures that the report shows for themselves, beside those that are evidence of an indicator."""


@dataclass(frozen=True)
class Written:
    """The report and the files that were made of it."""

    report: AcceptanceReport
    files: tuple[Path, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as the headless contract prints it."""
        return {
            "files": [str(path) for path in self.files],
            "digest": self.report.digest,
            "as_of": self.report.as_of,
            "indicators": [indicator_data(each) for each in self.report.indicators],
        }


@permits("report.read")
def acceptance(workspace: Workspace, *, progress: Progress | None = None) -> AcceptanceReport:
    """The report's value as of now, in the language in force; nothing is written."""
    as_of = workspace.now()
    with workspace.store.read() as connection:
        found = computed(connection, as_of, progress=progress)
        held = {name: read_setting(connection, name) for name in ("station", "store_id")}
    return AcceptanceReport(
        title=_("Acceptance report"), language=language(), as_of=as_of, generated_by=workspace.actor.name,
        version=version("gridlink"), indicators=indicators(found),
        milestones=tuple(Milestone(_(title), _(period)) for title, period in MILESTONES),
        figures=tuple(found[name].first(ROWS_SHOWN) for name in APPENDIX), **held,
    )  # fmt: skip


@permits("report.acceptance")
def write_acceptance(workspace: Workspace, out: Path, *, progress: Progress | None = None) -> Written:
    """Writes spreadsheet, PDF and the snapshot that the digest recomputes from into the folder ``out``.

    No file is ever half written; the report is audited, with its digest, before its files get their names.
    Raises ``ReportNotWritten``.
    """
    progress = progress or Progress()
    report = acceptance(workspace, progress=progress)
    contents = _contents(report, progress)
    with files.prepared(out, contents) as ready, workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="report.acceptance",
            subject=report.station, details={"digest": report.digest, "files": list(contents)},
        )  # fmt: skip
        made = ready()
    return Written(report, made)


def _contents(report: AcceptanceReport, progress: Progress) -> Mapping[str, bytes]:
    stem = f"{report.title}-{report.station}-{day(report.as_of)}".replace(" ", "-")
    progress.phase(_("Writing the report"), 3)
    contents = {}
    for suffix, write in (
        ("xlsx", spreadsheet.write),
        ("pdf", document.write),
        ("json", files.snapshot_file),
    ):
        contents[f"{stem}.{suffix}"] = write(report)
        progress.advance()
    return contents
