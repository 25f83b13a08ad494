"""The acceptance report as a spreadsheet that people edit on: cover, indicators, evidence, figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from core.i18n import _
from core.reports import rendering
from core.reports.value import AcceptanceReport, Indicator
from core.statistics.definition import Cell, Column, Figure

_FACE = "Microsoft YaHei"
_ACCENT, _INK, _SOFT, _HAIR, _TINT = "1F4E8C", "1B2430", "5B6675", "D5DBE4", "F3F6FA"
_STATES = {
    "met": ("✓", "1B7A43", "E6F4EC"),
    "unmet": ("✗", "B3261E", "FBE9E7"),
    "unsupported": ("–", "5B6675", "F0F2F5"),
}
_FORMATS = {"integer": "#,##0", "percent": '0.00" %"', "time": "yyyy-mm-dd hh:mm"}
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_LINE = Border(bottom=Side("hair", color=_HAIR))
_TOP = Border(top=Side("medium", color=_ACCENT), bottom=Side("thin", color=_HAIR))


def write(report: AcceptanceReport) -> bytes:
    """The workbook's bytes."""
    book = Workbook()
    book.properties.title, book.properties.creator = report.title, "GridLink"
    cover: Any = book.active
    _cover(cover, report)
    _indicators(book.create_sheet(_("Indicators")), report)
    _evidence(book.create_sheet(_("Evidence")), report)
    _figures(book.create_sheet(_("Figures")), report)
    for sheet in book.worksheets:
        _paper(sheet, report)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cover(sheet: Worksheet, report: AcceptanceReport) -> None:
    sheet.title = _("Cover")
    _widths(sheet, (3, 22, 26, 26, 26, 20))
    sheet.row_dimensions[2].height, sheet.row_dimensions[3].height = 22, 44
    for row in (2, 3):
        for column in range(2, 7):
            sheet.cell(row, column).fill = PatternFill("solid", _ACCENT)
    system = _("GridLink, the linked public-security grid system of Gusu District")
    _put(sheet, 2, 2, system, size=11, colour="FFFFFF", indent=1)
    _put(sheet, 3, 2, report.title, size=22, bold=True, colour="FFFFFF", indent=1)
    row = 5
    for name, value in rendering.about(report):
        _put(sheet, row, 2, name, colour=_SOFT)
        _put(sheet, row, 3, value)
        for column in range(2, 7):
            sheet.cell(row, column).border = _LINE
        row += 1
    row = _tally(sheet, row + 1, report)
    _put(sheet, row + 1, 2, _("Milestones"), size=12, bold=True, colour=_ACCENT)
    for at, milestone in enumerate(report.milestones, row + 2):
        _put(sheet, at, 2, milestone.period, bold=True)
        _put(sheet, at, 3, milestone.title)
    sheet.sheet_view.showGridLines = False


def _tally(sheet: Worksheet, row: int, report: AcceptanceReport) -> int:
    for column, (met, count) in enumerate(zip((True, False, None), report.tally(), strict=True), 2):
        icon, colour, ground = _STATES[rendering.state(met)]
        number = _put(sheet, row, column, count, size=20, bold=True, colour=colour, indent=1)
        text = _put(sheet, row + 1, column, f"{icon} {rendering.word(met)}", colour=colour, indent=1)
        number.fill = text.fill = PatternFill("solid", ground)
    sheet.row_dimensions[row].height = 34
    honest = _("An indicator without evidence in the store is shown as not yet supported, never as met.")
    _put(sheet, row + 2, 2, honest, size=9, colour=_SOFT)
    return row + 2


def _indicators(sheet: Worksheet, report: AcceptanceReport) -> None:
    titles = (_("No."), _("Class"), _("Indicator"), _("Value"), _("Unit"), _("Target value"), _("State"),
              _("Judgement"), _("Counted over"), _("Evidence declared"), _("As of"))  # fmt: skip
    _widths(sheet, (7, 9, 34, 14, 10, 22, 18, 46, 26, 26, 17))
    _header(sheet, 1, titles)
    for row, each in enumerate(report.indicators, 2):
        _indicator(sheet, row, each, report.as_of)
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{len(report.indicators) + 1}"
    sheet.print_title_rows = "1:1"


def _indicator(sheet: Worksheet, row: int, each: Indicator, as_of: str) -> None:
    icon, colour, ground = _STATES[rendering.state(each.met)]
    values: Sequence[Any] = (
        each.number, each.group, each.title, each.value, each.unit or "–", each.target,
        f"{icon} {rendering.word(each.met)}", each.note, each.population, each.needs, rendering.moment(as_of),
    )  # fmt: skip
    for column, value in enumerate(values, 1):
        cell = _put(sheet, row, column, value, wrap=True)
        cell.border = _LINE
    amount = sheet.cell(row, 4)
    if each.value is None:
        _put(sheet, row, 4, "–")
    amount.number_format = "#,##0" if isinstance(each.value, int) else "#,##0.00"
    amount.font, amount.alignment = _font(bold=True), Alignment("right", "top")
    state = sheet.cell(row, 7)
    state.fill, state.font = PatternFill("solid", ground), _font(colour=colour)
    sheet.cell(row, 11).number_format = _FORMATS["time"]


def _evidence(sheet: Worksheet, report: AcceptanceReport) -> None:
    row = 1
    for each in report.indicators:
        if each.evidence:
            icon, colour, _ground = _STATES[rendering.state(each.met)]
            _put(sheet, row, 1, f"{each.number}  {each.title}", size=13, bold=True, colour=_ACCENT)
            _put(
                sheet,
                row + 1,
                1,
                f"{icon} {rendering.word(each.met)}  {rendering.amount(each)}",
                colour=colour,
            )
            _put(sheet, row + 2, 1, each.note, colour=_SOFT)
            row = _tables(sheet, row + 4, each.evidence)
    _table_widths(sheet, [figure for each in report.indicators for figure in each.evidence])


def _figures(sheet: Worksheet, report: AcceptanceReport) -> None:
    row = _tables(sheet, 1, report.figures)
    _put(sheet, row, 1, _("Definitions of the figures"), size=13, bold=True, colour=_ACCENT)
    _header(sheet, row + 1, (_("Figure"), _("Title"), _("Method")))
    for at, texts in enumerate(rendering.methods(report), row + 2):
        for column, text in enumerate(texts, 1):
            _put(sheet, at, column, text)
    _table_widths(sheet, report.figures)


def _tables(sheet: Worksheet, row: int, figures: Iterable[Figure]) -> int:
    """Sets tables one below the other; returns the first free row."""
    for figure in figures:
        _put(sheet, row, 1, _(figure.definition.title), size=11, bold=True)
        stated = "   ".join(f"{name}: {value}" for name, value in rendering.stated(figure))
        _put(sheet, row + 1, 1, stated, size=9, colour=_SOFT)
        _header(sheet, row + 2, [_(column.title) for column in figure.definition.columns])
        row += 3
        for values in figure.rows or ():
            for at, (value, column) in enumerate(zip(values, figure.definition.columns, strict=True), 1):
                _cell(sheet, row, at, value, column)
            row += 1
        rest = rendering.cut_short(figure) if figure.rows else _("No rows.")
        _put(sheet, row, 1, rest, size=9, colour=_SOFT)
        row += 2
    return row + 1


def _cell(sheet: Worksheet, row: int, at: int, value: Cell, column: Column) -> None:
    kept: Any = (
        value if column.kind in rendering.NUMERIC and value is not None else rendering.shown(value, column)
    )
    if column.kind == "time" and value:
        kept = rendering.moment(str(value))
    cell = _put(sheet, row, at, kept)
    cell.border = _LINE
    cell.number_format = _FORMATS.get(column.kind, "General")
    if column.kind in rendering.NUMERIC:
        cell.alignment = Alignment("right", "center")


def _table_widths(sheet: Worksheet, figures: Sequence[Figure]) -> None:
    """Widths that every table on the sheet fits into; a code may be long but not wider than a screen."""
    widest = [10] * max((len(figure.definition.columns) for figure in figures), default=0)
    for figure in figures:
        for at, column in enumerate(figure.definition.columns):
            texts = [_(column.title), *(rendering.shown(row[at], column) for row in figure.rows)]
            widest[at] = max(widest[at], *(_breadth(text) + 2 for text in texts))
    _widths(sheet, [min(width, 40) for width in widest])


def _breadth(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _header(sheet: Worksheet, row: int, titles: Sequence[str]) -> None:
    for column, title in enumerate(titles, 1):
        cell = _put(sheet, row, column, title, bold=True, colour=_ACCENT, wrap=True)
        cell.fill, cell.border = PatternFill("solid", _TINT), _TOP
    sheet.row_dimensions[row].height = 22


def _put(
    sheet: Worksheet, row: int, column: int, value: Any, *, size: float = 10, bold: bool = False,
    colour: str = _INK, wrap: bool = False, indent: int = 0,
) -> Any:  # fmt: skip
    cell: Any = sheet.cell(row, column)
    cell.value = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"  # text stays text, whatever it begins with
        cell.quotePrefix = value.startswith(_RISKY)
    cell.font = _font(size=size, bold=bold, colour=colour)
    cell.alignment = Alignment("left", "top" if wrap else "center", wrap_text=wrap, indent=indent)
    return cell


def _font(*, size: float = 10, bold: bool = False, colour: str = _INK) -> Font:
    return Font(_FACE, sz=size, b=bold, color=colour)


def _widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _paper(sheet: Worksheet, report: AcceptanceReport) -> None:
    """A4 landscape, one page wide; user and time on every page that is printed."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    header: Any = sheet.oddHeader
    footer: Any = sheet.oddFooter
    header.left.text, header.right.text = report.title, report.station
    header.center.text, header.center.color = rendering.watermark(report), "B8C0CC"
    footer.left.text, footer.right.text = rendering.watermark(report), "&P / &N"
