"""How values read on paper: the same words and forms in the spreadsheet and in the PDF."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from core.i18n import _
from core.model.names import label
from core.reports.value import AcceptanceReport, Indicator
from core.statistics.definition import Cell, Column, Figure, Kind

_BEIJING = timezone(timedelta(hours=8))
"""All of China keeps one time; the store keeps UTC."""

NUMERIC: frozenset[Kind] = frozenset({"integer", "percent"})


def moment(text: str) -> datetime:
    """A stored time as Beijing time, without zone (spreadsheets know none)."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(_BEIJING).replace(tzinfo=None)


def clock(text: str) -> str:
    """A stored time as ``2026-11-23 14:05`` in Beijing."""
    return moment(text).strftime("%Y-%m-%d %H:%M")


def day(text: str) -> str:
    """The Beijing day of a stored time."""
    return moment(text).strftime("%Y-%m-%d")


def shown(cell: Cell, column: Column) -> str:
    """A cell as text; a dash where there is nothing."""
    if column.kind == "flag":
        return _("not checked") if cell is None else (_("yes") if cell else _("no"))
    if cell is None or cell == "":
        return "–"
    if column.kind == "integer":
        return f"{cell:,}"
    if column.kind == "percent":
        return f"{cell:,.2f} %"
    return clock(str(cell)) if column.kind == "time" else label(column.kind, str(cell))


def amount(indicator: Indicator) -> str:
    """An indicator's value with its unit."""
    if indicator.value is None:
        return "–"
    if isinstance(indicator.value, int):
        return f"{indicator.value:,} {indicator.unit}".strip()
    if isinstance(indicator.value, float):
        return f"{indicator.value:,.2f} {indicator.unit}".strip()
    return str(indicator.value)


def state(met: bool | None) -> str:
    """The state's stable name, which picks its icon and colour."""
    return {True: "met", False: "unmet", None: "unsupported"}[met]


def word(met: bool | None) -> str:
    """The state in words; colour never says it alone."""
    return {True: _("Met"), False: _("Not met"), None: _("Not yet supported by data")}[met]


def stated(figure: Figure) -> list[tuple[str, str]]:
    """What every figure states about itself where it stands: unit, population, moment, definition."""
    definition = figure.definition
    return [
        (_("Unit"), _(definition.unit)),
        (_("Counted over"), _(definition.population)),
        (_("As of"), clock(figure.as_of)),
        (_("Figure"), definition.id),
    ]


def methods(report: AcceptanceReport) -> list[tuple[str, str, str]]:
    """The definitions behind all figures of the report: number, title, how it is computed."""
    used = {f.definition.id: f.definition for i in report.indicators for f in i.evidence}
    used |= {figure.definition.id: figure.definition for figure in report.figures}
    return [(each.id, _(each.title), _(each.method)) for _id, each in sorted(used.items())]


def cut_short(figure: Figure) -> str:
    """A sentence where not all rows are shown, else nothing."""
    if figure.total <= len(figure.rows):
        return ""
    return _("The first {shown} of {total} rows.").format(
        shown=f"{len(figure.rows):,}", total=f"{figure.total:,}"
    )


def about(report: AcceptanceReport) -> list[tuple[str, str]]:
    """The facts on the cover."""
    return [
        (_("Station"), report.station),
        (_("Data as of"), _("{time} Beijing time").format(time=clock(report.as_of))),
        (_("Made by"), report.generated_by),
        (_("Store"), report.store_id),
        (_("Program"), f"GridLink {report.version}"),
        (_("Digest"), report.digest),
    ]


def watermark(report: AcceptanceReport) -> str:
    """Who made it and when, on everything that leaves the screen."""
    return f"{report.generated_by}  {clock(report.as_of)}"
