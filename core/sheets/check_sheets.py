"""Check sheets: pages for a walk from door to door, printed on A4 across, with boxes to tick per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.i18n import _
from core.neutral import STARTS
from core.sheets.lists import SheetUnwritable

_FACE: Final = "Microsoft YaHei"
_HAIR: Final = Side("thin", color="9AA5B4")
_BOX: Final = Border(left=_HAIR, right=_HAIR, top=_HAIR, bottom=_HAIR)
_FIRST: Final = 4
"""The row of the first record; title, what the sheet is, and the headings stand above it."""
_UNSTORABLE: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


@dataclass(frozen=True)
class Line:
    """One record to look at: its number, what it is called, where it is, and what the registry says of it."""

    position: int
    title: str
    place: str
    values: Sequence[str]


def write_check_sheets(
    out: Path, sheets: Mapping[str, Sequence[Line]], *, title: str, about: str, fields: Sequence[str],
    verdicts: Sequence[str], footer: str,
) -> None:  # fmt: skip
    """Writes a sheet for each name with its lines; ``verdicts`` are what may be entered for each of ``fields``.

    Raises ``SheetUnwritable``; whole or not there at all.
    """
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(_name(name))
        _head(sheet, f"{title} · {name}", about, fields)
        for row, line in enumerate(lines, _FIRST):
            _line(sheet, row, line)
        _choices(sheet, len(lines), len(fields), verdicts)
        _page(sheet, footer)
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        book.save(part)
        part.replace(out)
    except OSError as trouble:
        part.unlink(missing_ok=True)
        raise SheetUnwritable(
            _("{path} cannot be written: {reason}").format(path=out, reason=trouble.strerror or trouble),
            cure=_("Close the file if it is open, or choose another folder."), path=str(out),
        ) from trouble  # fmt: skip


def _name(wanted: str) -> str:
    return "".join("_" if c in r"[]:*?/\'" else c for c in wanted)[:31]


def _head(sheet: Worksheet, title: str, about: str, fields: Sequence[str]) -> None:
    sheet.cell(1, 1, title).font = Font(_FACE, 14, bold=True)
    sheet.cell(2, 1, about).font = Font(_FACE, 9, color="5B6675")
    heads = [
        _("no."),
        _("record"),
        _("place"),
        *(n for field in fields for n in (field, "")),
        _("found"),
        _("remark"),
    ]
    for at, text in enumerate(heads, 1):
        cell = sheet.cell(_FIRST - 1, at, text or _("result"))
        cell.font, cell.border = Font(_FACE, 10, bold=True), _BOX
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        width = {1: 6, 2: 26, 3: 30, len(heads): 20}.get(at, 9 if not text or at == len(heads) - 1 else 16)
        sheet.column_dimensions[get_column_letter(at)].width = width


def _line(sheet: Worksheet, row: int, line: Line) -> None:
    told: list[Any] = [
        line.position,
        line.title,
        line.place,
        *(n for value in line.values for n in (value, None)),
    ]
    for at, value in enumerate([*told, None, None], 1):
        cell = sheet.cell(row, at)
        cell.border, cell.font = _BOX, Font(_FACE, 10)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        if isinstance(value, str):
            cell.value, cell.data_type, cell.number_format = value.translate(_UNSTORABLE), "s", "@"
            cell.quotePrefix = value.startswith(STARTS)
        elif value is not None:
            cell.value = value
    sheet.row_dimensions[row].height = 30


def _choices(sheet: Worksheet, lines: int, fields: int, verdicts: Sequence[str]) -> None:
    last = max(_FIRST, _FIRST + lines - 1)
    said = DataValidation(type="list", formula1=f'"{",".join(verdicts)}"', allow_blank=True)
    there = DataValidation(type="list", formula1=f'"{_("yes")},{_("no")}"', allow_blank=True)
    for choice in (said, there):
        sheet.add_data_validation(choice)
    for n in range(fields):
        letter = get_column_letter(5 + 2 * n)
        said.add(f"{letter}{_FIRST}:{letter}{last}")
    letter = get_column_letter(4 + 2 * fields)
    there.add(f"{letter}{_FIRST}:{letter}{last}")


def _page(sheet: Worksheet, footer: str) -> None:
    sheet.freeze_panes = f"A{_FIRST}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    properties: Any = sheet.sheet_properties
    properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"1:{_FIRST - 1}"
    below: Any = sheet.oddFooter
    below.left.text, below.right.text = footer, "&P / &N"
