"""Forms: sheets that people fill or correct, with drop-downs for codes and notes on what is wrong.

Every sheet has the people's headings in its first row and the package format's column names in the second; a
hidden sheet says what kind of form it is, so that it is known again when it comes back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.i18n import _
from core.model.labels import field_title
from core.model.resources import Column, Resource
from core.neutral import STARTS
from core.sheets.lists import SheetUnwritable
from core.sheets.words import word_of

META: Final = "_gridlink"
FIRST_ROW: Final = 3
"""The row of the first record; the headings stand above it."""
REFERENCE: Final = "_row"
"""The hidden column that says which row of a return file this is."""
PROBLEMS: Final = "_problems"
_FILLED_BY_HAND: Final = 5_000
_FACE, _ACCENT, _SOFT = "Microsoft YaHei", "1F4E8C", "5B6675"
_BAD: Final = PatternFill("solid", "FBE3E0")
_SIDE: Final = Side("medium", color="B3261E")
_EDGE: Final = Border(left=_SIDE, right=_SIDE, top=_SIDE, bottom=_SIDE)
_UNSTORABLE: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])
_REQUIRED: Final = PatternFill("solid", "E8EEF7")


@dataclass(frozen=True)
class Record:
    """One row of a form: values as text by column, what is wrong by column, and what it is known by."""

    values: Mapping[str, str | None]
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reference: str = ""


@dataclass(frozen=True)
class Part:
    """One resource of a form: its columns in order and its records (none in a template)."""

    resource: Resource
    columns: Sequence[str]
    records: Sequence[Record] = ()


def write_form(out: Path, parts: Sequence[Part], *, meta: Mapping[str, Any], explanation: Sequence[str]) -> None:
    """Writes a form; raises ``SheetUnwritable``. ``meta`` comes back with ``reading.read_book``."""
    book = Workbook()
    cover: Any = book.active
    explain(cover, explanation)
    for part in parts:
        _sheet(book.create_sheet(part.resource.name), part)
    hidden = book.create_sheet(META)
    hidden.sheet_state = "hidden"
    hidden["A1"] = json.dumps({"version": 1, **meta}, ensure_ascii=False)
    book.active = 1 if parts else 0
    save(book, out)


def save(book: Workbook, out: Path) -> None:
    """Saves a workbook whole or not at all; raises ``SheetUnwritable``."""
    partial = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        book.save(partial)
        partial.replace(out)
    except OSError as trouble:
        partial.unlink(missing_ok=True)
        raise SheetUnwritable(
            _("{path} cannot be written: {reason}").format(path=out, reason=trouble.strerror or trouble),
            cure=_("Close the file if it is open, or choose another folder."), path=str(out),
        ) from trouble  # fmt: skip


def explain(sheet: Worksheet, lines: Sequence[str]) -> None:
    """Makes a sheet the explanation of the others: its title first, then a line each."""
    sheet.title = _("How to fill")
    sheet.column_dimensions["A"].width = 100
    for row, line in enumerate(lines, 1):
        cell = sheet.cell(row, 1, line)
        cell.font = Font(_FACE, 14 if row == 1 else 11, bold=row == 1)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.sheet_view.showGridLines = False


def _sheet(sheet: Worksheet, part: Part) -> None:
    returned = any(record.reference for record in part.records)
    columns = [*part.columns, *((PROBLEMS, REFERENCE) if returned else ())]
    last = max(FIRST_ROW + len(part.records), _FILLED_BY_HAND)
    for at, name in enumerate(columns, 1):
        _heading(sheet, at, name, part.resource.by_name.get(name))
        if name in part.resource.by_name:
            _drop_down(sheet, at, part.resource.by_name[name], last)
    for row, record in enumerate(part.records, FIRST_ROW):
        _record(sheet, row, columns, record, part.resource)
    sheet.freeze_panes = f"A{FIRST_ROW}"
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(columns))}{max(FIRST_ROW, FIRST_ROW + len(part.records) - 1)}"


def _heading(sheet: Worksheet, at: int, name: str, column: Column | None) -> None:
    required = column is not None and column.required
    title = _("what is wrong, and what to do") if name == PROBLEMS else field_title(name)
    head = sheet.cell(1, at, f"{title} *" if required else title)
    head.font, head.alignment = Font(_FACE, 11, bold=True, color=_ACCENT), Alignment(wrap_text=True, vertical="top")
    technical = sheet.cell(2, at, name)
    technical.font = Font(_FACE, 8, color=_SOFT)
    if required:
        head.fill = technical.fill = _REQUIRED
    letter = get_column_letter(at)
    sheet.column_dimensions[letter].width = 60 if name == PROBLEMS else 28 if name.endswith("_code") else 16
    sheet.column_dimensions[letter].hidden = name == REFERENCE
    if column is None or column.kind not in {"integer", "number", "year"}:
        sheet.column_dimensions[letter].number_format = "@"  # long codes stay text when somebody types them


def _drop_down(sheet: Worksheet, at: int, column: Column, last: int) -> None:
    if not column.codes:
        return
    words = ",".join(word_of(column, code) for code in column.codes)
    if len(words) > 250:  # a list in the cell may have 255 characters
        words = ",".join(column.codes)
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=not column.required, errorStyle="warning")
    choice.error, choice.errorTitle = _("Choose one of the list."), field_title(column.name)
    sheet.add_data_validation(choice)
    letter = get_column_letter(at)
    choice.add(f"{letter}{FIRST_ROW}:{letter}{last}")


def _record(sheet: Worksheet, row: int, columns: Sequence[str], record: Record, resource: Resource) -> None:
    for at, name in enumerate(columns, 1):
        problems = record.problems.get(name, ())
        value = record.values.get(name)
        if name == PROBLEMS:
            value = "\n".join(f"{field_title(n)}: {text}" for n, told in record.problems.items() for text in told)
        elif name == REFERENCE:
            value = record.reference
        elif value is not None and name in resource.by_name:
            value = word_of(resource.by_name[name], value)
        cell = sheet.cell(row, at)
        cell.number_format = "@"
        if value is not None:
            put_text(cell, str(value))
        if problems:
            cell.fill, cell.border = _BAD, _EDGE
            note = Comment("\n".join(problems), "GridLink")
            note.width, note.height = 360, 40 + 40 * len(problems)
            cell.comment = note


def put_text(cell: Any, value: str) -> None:
    """Puts text into a cell that only reads it, whatever it begins with."""
    cell.value, cell.data_type = value.translate(_UNSTORABLE), "s"
    cell.quotePrefix = value.startswith(STARTS)
