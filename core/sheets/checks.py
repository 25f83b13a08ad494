"""Check sheets: records to be compared with what is really there, a choice beside each value, and reading them back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, load_workbook

from core.i18n import N_, _, in_chinese
from core.model.labels import field_title, shown_value
from core.sheets.forms import META, explain, put_text, save
from core.sheets.reading import SheetUnreadable

VERDICT_WORDS: Final = {
    "right": N_("agrees with what is there"), "wrong": N_("differs from what is there"), "missing": N_("not recorded"),
}  # fmt: skip
FOUND_WORDS: Final = {"found": N_("seen on site"), "not_found": N_("not there")}
_FIRST_ROW: Final = 3
_FACE, _ACCENT, _SOFT = "Microsoft YaHei", "1F4E8C", "5B6675"
_FILLED: Final = PatternFill("solid", "E8EEF7")
_HAIR: Final = Border(bottom=Side("hair", color="D5DBE4"))
_ITEM, _FOUND, _REMARK = "_item", "_found", "_remark"


@dataclass(frozen=True)
class CheckRow:
    """One record to look at: where it is, and what the registry says of each field."""

    item: int
    community: str
    position: int
    title: str
    place: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a sheet says of one record; empty words where nothing was chosen."""

    item: int
    found: str
    results: Mapping[str, str]
    remark: str


def write_checks(
    out: Path, rows: Sequence[CheckRow], *, fields: Sequence[str], number: int, explanation: Sequence[str]
) -> None:
    """Writes the check sheet of round ``number``; raises ``SheetUnwritable``."""
    book = Workbook()
    cover: Any = book.active
    explain(cover, explanation)
    sheet = book.create_sheet(_("Check sheet"))
    head = _heads(fields)
    for at, (name, title, width) in enumerate(head, 1):
        _heading(sheet, at, name=name, title=title, width=width)
    for n, row in enumerate(rows, _FIRST_ROW):
        _row(sheet, n, row, fields)
    last = _FIRST_ROW + max(len(rows), 1) - 1
    for at, (name, _title, _width) in enumerate(head, 1):
        words = FOUND_WORDS if name == _FOUND else VERDICT_WORDS if name.startswith("=") else None
        if words:
            _choice(sheet, get_column_letter(at), last, words)
    _paper(sheet, len(head), last)
    hidden = book.create_sheet(META)
    hidden.sheet_state = "hidden"
    hidden["A1"] = json.dumps({"version": 1, "form": "check", "round": number}, ensure_ascii=False)
    book.active = 1
    save(book, out)


def read_checks(path: Path) -> tuple[int, Sequence[Answer]]:
    """The round and what was filled in, record by record; raises ``SheetUnreadable``."""
    book = _opened(path)
    try:
        meta = json.loads(str(book.get_sheet_by_name(META).to_python()[0][0]))
        number = int(meta["round"]) if meta["form"] == "check" else 0
        cells = book.get_sheet_by_name(next(n for n in book.sheet_names[1:] if n != META)).to_python()
        names = [str(cell) for cell in cells[1]]
        item = names.index(_ITEM)
    except (CalamineError, ValueError, KeyError, IndexError, TypeError, StopIteration) as trouble:
        raise _unreadable(path) from trouble
    if not number:
        raise _unreadable(path)
    filled = [line for line in cells[_FIRST_ROW - 1 :] if _digits(line[item])]
    return number, [_answer(dict(zip(names, line, strict=False))) for line in filled]


def _unreadable(path: Path) -> SheetUnreadable:
    return SheetUnreadable(
        _("{path} is no check sheet of a field audit.").format(path=path.name),
        cure=_("Fill in the sheet that GridLink wrote for the round and leave its hidden columns as they are."),
    )


def _opened(path: Path) -> CalamineWorkbook:
    try:
        return load_workbook(str(path))
    except (CalamineError, PasswordError, OSError) as trouble:
        raise _unreadable(path) from trouble


def _answer(cells: Mapping[str, Any]) -> Answer:
    told = {name[1:]: cell for name, cell in cells.items() if name.startswith("=") and str(cell).strip()}
    results = {name: _code(cell, VERDICT_WORDS) for name, cell in told.items()}
    remark = str(cells.get(_REMARK) or "").strip().removeprefix("'")
    return Answer(int(_digits(cells[_ITEM])), _code(cells.get(_FOUND, ""), FOUND_WORDS), results, remark)


def _digits(cell: Any) -> str:
    text = str(int(cell)) if isinstance(cell, float) else str(cell).strip()
    return text if text.isdecimal() else ""


def _code(cell: Any, words: Mapping[str, str]) -> str:
    """The code whose word, in either language, stands in the cell; what is no such word as it is."""
    text = str(cell).strip()
    return next((code for code, word in words.items() if text in {code, word, _(word), in_chinese(word)}), text)


def _heads(fields: Sequence[str]) -> list[tuple[str, str, float]]:
    asked = _("{field}: is it so?")
    shown = [
        one for name in fields
        for one in ((name, field_title(name), 18.0), (f"={name}", asked.format(field=field_title(name)), 16.0))
    ]  # fmt: skip
    return [
        ("_community", _("community"), 15.0), ("_position", _("no."), 6.0), ("_title", _("record"), 26.0),
        ("_place", _("standard address"), 34.0), (_FOUND, _("seen on site?"), 14.0), *shown,
        (_REMARK, _("remark"), 24.0), (_ITEM, "", 4.0),
    ]  # fmt: skip


def _heading(sheet: Worksheet, at: int, *, name: str, title: str, width: float) -> None:
    head, technical = sheet.cell(1, at), sheet.cell(2, at)
    put_text(head, title)
    put_text(technical, name)
    head.font, head.alignment = Font(_FACE, 10, bold=True, color=_ACCENT), Alignment(wrap_text=True, vertical="top")
    technical.font = Font(_FACE, 8, color=_SOFT)
    letter = get_column_letter(at)
    sheet.column_dimensions[letter].width = width
    sheet.column_dimensions[letter].hidden = name == _ITEM


def _row(sheet: Worksheet, n: int, row: CheckRow, fields: Sequence[str]) -> None:
    said = [text for name in fields for text in (shown_value(name, row.values.get(name)) or "–", "")]
    cells = [row.community, str(row.position), row.title, row.place, "", *said, "", str(row.item)]
    for at, text in enumerate(cells, 1):
        cell = sheet.cell(n, at)
        cell.number_format, cell.border = "@", _HAIR
        cell.font, cell.alignment = Font(_FACE, 10), Alignment(wrap_text=True, vertical="top")
        if text:
            put_text(cell, text)
        elif at < len(cells):
            cell.fill = _FILLED


def _choice(sheet: Worksheet, letter: str, last: int, words: Mapping[str, str]) -> None:
    listed = ",".join(_(word) for word in words.values())
    choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, errorStyle="stop")
    choice.error = _("Choose one of the list.")
    sheet.add_data_validation(choice)
    choice.add(f"{letter}{_FIRST_ROW}:{letter}{last}")


def _paper(sheet: Worksheet, columns: int, last: int) -> None:
    """Printed in landscape, as wide as the page, the headings on each."""
    sheet.freeze_panes = f"E{_FIRST_ROW}"
    sheet.row_dimensions[2].hidden = True
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.print_area = f"A1:{get_column_letter(columns - 1)}{last}"
