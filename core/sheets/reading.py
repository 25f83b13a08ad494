"""Reading spreadsheets that people filled: sheets and columns found by their headings, every value as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, load_workbook

from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import RESOURCES, Resource
from core.sheets.forms import META, PROBLEMS, REFERENCE
from core.sheets.words import codes_of, names_of

SUFFIXES: Final = (".xlsx", ".xlsm", ".xls", ".ods")
_HEADING_ROWS: Final = 6
_WHOLE: Final = 1e15
"""Beyond this a spreadsheet's number has lost digits; it is shown as it is, so that no code is made up."""


class SheetUnreadable(GridLinkError):
    """The file is no spreadsheet, is locked, or has no sheet that can be recognised."""

    code = "sheet_unreadable"


@dataclass(frozen=True)
class Table:
    """One recognised sheet: its rows as text columns of the resource, with ``line`` (the row in the sheet).

    ``unknown`` are headings that are no column of the resource, ``above`` every text that stands above the rows.
    """

    sheet: str
    resource: Resource
    rows: pl.DataFrame
    unknown: Sequence[str] = ()
    above: Sequence[str] = ()


@dataclass(frozen=True)
class Book:
    """The recognised sheets, those that were not, and what a form of ours says about itself."""

    tables: Sequence[Table]
    skipped: Sequence[str]
    meta: Mapping[str, Any] = field(default_factory=dict)


def read_book(path: Path) -> Book:
    """Reads a workbook; raises ``SheetUnreadable`` where nothing in it can be recognised."""
    book = _opened(path)
    meta, tables, skipped = _meta(book), [], []
    for name in book.sheet_names:
        if name == META:
            continue
        table = _table(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False), meta)
        if table is not None:
            tables.append(table)
        else:
            skipped.append(name)
    if not tables:
        raise SheetUnreadable(
            _("{path}: no sheet could be recognised.").format(path=path.name),
            cure=_("Use a template (gridlink template), or head the columns as the template does."), path=path.name,
        )  # fmt: skip
    order = list(RESOURCES)
    return Book(sorted(tables, key=lambda one: order.index(one.resource.name)), skipped, meta)


def _opened(path: Path) -> CalamineWorkbook:
    try:
        return load_workbook(str(path))
    except PasswordError as trouble:
        raise SheetUnreadable(
            _("{path} is protected by a password.").format(path=path.name), cure=_("Save it without the password.")
        ) from trouble
    except (CalamineError, OSError) as trouble:
        raise SheetUnreadable(
            _("{path} cannot be read as a spreadsheet.").format(path=path.name),
            cure=_("Open it in the spreadsheet program and save it as .xlsx."), reason=str(trouble),
        ) from trouble  # fmt: skip


def _meta(book: CalamineWorkbook) -> Mapping[str, Any]:
    if META not in book.sheet_names:
        return {}
    try:
        read = json.loads(str(book.get_sheet_by_name(META).to_python()[0][0]))
    except (ValueError, IndexError):
        return {}
    return read if isinstance(read, dict) else {}


def _table(name: str, cells: list[list[Any]], meta: Mapping[str, Any]) -> Table | None:
    found = _recognised(name, cells)
    if found is None:
        return None
    resource, row, columns = found
    body = cells[row + 1 :]
    if row + 1 < len(cells) and _matches(resource, cells[row + 1]) > len(columns) / 2:  # the technical names below
        row, body = row + 1, cells[row + 2 :]
    kept = [(row + 2 + n, line) for n, line in enumerate(body) if any(_text(cell) is not None for cell in line)]
    data = {
        column: [_text(line[at]) if at < len(line) else None for _n, line in kept] for column, at in columns.items()
    }
    frame = pl.DataFrame(data, schema=dict.fromkeys(data, pl.String)).with_columns(
        pl.Series("line", [n for n, _line in kept], dtype=pl.UInt32)
    )
    heads = [str(cell).strip(" *") for cell in cells[row] if _text(cell) is not None]
    unknown = [head for head in heads if head not in names_of(resource) and head not in {PROBLEMS, REFERENCE}]
    above = [text for line in cells[: len(cells) - len(body)] for cell in line if (text := _text(cell))]
    return Table(name, resource, _coded(frame, resource), unknown, above)


def _recognised(name: str, cells: list[list[Any]]) -> tuple[Resource, int, dict[str, int]] | None:
    """The resource, the row of its headings (from 0) and where its columns stand: the best match, if it is one."""
    best: tuple[int, Resource, int] | None = None
    for row, line in enumerate(cells[:_HEADING_ROWS]):
        for resource in RESOURCES.values():
            if resource.sealed:
                continue
            score = 2 * _matches(resource, line) + (resource.name in name)
            if best is None or score > best[0]:
                best = (score, resource, row)
    if best is None:
        return None
    _score, resource, row = best
    columns = _columns(resource, cells[row]) | _columns(resource, cells[row + 1] if row + 1 < len(cells) else [])
    enough = (len(columns) >= 2 and resource.key[0] in columns) or len(columns) >= 4
    return (resource, row, columns) if enough else None


def _columns(resource: Resource, line: list[Any]) -> dict[str, int]:
    """Where each column stands by its heading; of two with one heading the first."""
    names, columns = names_of(resource) | {REFERENCE: REFERENCE}, dict[str, int]()
    for at, cell in enumerate(line):
        heading = str(cell).strip(" *\n")
        if heading in names:
            columns.setdefault(names[heading], at)
    return columns


def _matches(resource: Resource, line: list[Any]) -> int:
    names = names_of(resource)
    return len({names[heading] for cell in line if (heading := str(cell).strip(" *\n")) in names})


def _coded(rows: pl.DataFrame, resource: Resource) -> pl.DataFrame:
    """Words of drop-downs as their codes; what is no word of the list stays for verification to say so."""
    return rows.with_columns(
        pl.col(name).replace(codes_of(resource.by_name[name]))
        for name in rows.columns
        if name in resource.by_name and resource.by_name[name].codes
    )


def _text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE else repr(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return str(cell.date()) if midnight else f"{cell.isoformat(timespec='seconds')}+08:00"
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    text = str(cell).removeprefix("'").strip()
    return text or None
