"""The acceptance report as PDF, set by Typst from ``resources/reports/acceptance.typ``; all in memory.

The template holds no text of its own: it gets words and figures as one JSON object.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import groupby
from typing import Any

from core.i18n import _
from core.reports import rendering
from core.reports.files import snapshot_file
from core.reports.value import AcceptanceReport, Indicator
from core.settings import RESOURCES
from core.statistics.definition import Figure

_TEMPLATE = RESOURCES / "reports" / "acceptance.typ"


def write(report: AcceptanceReport) -> bytes:
    """The PDF (PDF/A-3, for archives), with the snapshot attached that its digest recomputes from."""
    import typst  # noqa: PLC0415 - large, and the window starts without making a document

    made = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={
            "report": json.dumps(_view(report), ensure_ascii=False),
            "snapshot": snapshot_file(report).decode(),
        },
        pdf_standards="a-3b",
        timestamp=datetime.fromisoformat(report.as_of).replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def _view(report: AcceptanceReport) -> dict[str, Any]:
    met, unmet, unsupported = report.tally()
    return {
        "lang": report.language,
        "system": _("GridLink, the linked public-security grid system of Gusu District"),
        "title": report.title,
        "station": report.station,
        "watermark": rendering.watermark(report),
        "about": rendering.about(report),
        "tally": [
            {"state": "met", "word": rendering.word(True), "count": met},
            {"state": "unmet", "word": rendering.word(False), "count": unmet},
            {"state": "unsupported", "word": rendering.word(None), "count": unsupported},
        ],
        "groups": [
            {"title": title, "indicators": [_indicator(each) for each in some]}
            for title, some in groupby(report.indicators, key=lambda each: each.group)
        ],
        "milestones": [{"title": each.title, "period": each.period} for each in report.milestones],
        "evidence": [_indicator(each) for each in report.indicators if each.evidence],
        "figures": [_figure(each) for each in report.figures],
        "methods": rendering.methods(report),
        "words": _words(),
    }


def _indicator(indicator: Indicator) -> dict[str, Any]:
    return {
        "number": indicator.number, "title": indicator.title, "value": rendering.amount(indicator),
        "target": indicator.target, "state": rendering.state(indicator.met),
        "word": rendering.word(indicator.met), "note": indicator.note, "needs": indicator.needs,
        "population": indicator.population, "unit": indicator.unit or "–",
        "figures": [_figure(each) for each in indicator.evidence],
    }  # fmt: skip


def _figure(figure: Figure) -> dict[str, Any]:
    columns = figure.definition.columns
    return {
        "title": _(figure.definition.title),
        "columns": [
            {"title": _(c.title), "kind": c.kind, "numeric": c.kind in rendering.NUMERIC} for c in columns
        ],
        "rows": [
            [rendering.shown(cell, column) for cell, column in zip(row, columns, strict=True)]
            for row in figure.rows
        ],
        "cut": rendering.cut_short(figure),
        "stated": rendering.stated(figure),
    }


def _words() -> dict[str, str]:
    return {
        "summary": _("Indicators"), "number": _("No."), "indicator": _("Indicator"), "value": _("Value"),
        "target": _("Target value"), "state": _("State"), "note": _("Judgement"), "evidence": _("Evidence"),
        "needs": _("Evidence declared"), "population": _("Counted over"), "unit": _("Unit"),
        "milestones": _("Milestones"), "figures": _("Figures of the registry"), "empty": _("No rows."),
        "of": _("{n} indicators"), "page": _("Page {page} of {pages}"),
        "methods": _("Definitions of the figures"), "method": _("Method"), "figure": _("Figure"),
        "title": _("Title"), "signatures": _("Signatures"), "prepared": _("Prepared by"), "checked": _("Checked by"),
        "approved": _("Approved by"), "date": _("Date"),
        "recompute": _(
            "The snapshot attached to this file recomputes to the digest above; whoever changes a figure changes it."
        ),
        "honest": _("An indicator without evidence in the store is shown as not yet supported, never as met."),
    }  # fmt: skip
