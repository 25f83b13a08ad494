"""Long lists as spreadsheets: any number of rows, split over sheets, with the total stated and nothing cut off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
from rustpy_xlsxwriter import write_worksheets

from core.errors import GridLinkError
from core.i18n import _
from core.neutral import PLAIN_NUMBER, RISKY

ROWS_A_SHEET: Final = 1_048_575
"""A sheet has 1,048,576 rows and one of them is the heading."""
_WIDTH = 20


class SheetUnwritable(GridLinkError):
    """The spreadsheet cannot be written where it shall go."""

    code = "sheet_unwritable"


def write_list(
    out: Path, rows: pl.DataFrame, *, title: str, about: Sequence[tuple[str, str]], rows_a_sheet: int = ROWS_A_SHEET,
    beside: Mapping[str, pl.DataFrame] | None = None,
) -> int:  # fmt: skip
    """Writes rows (headed by their column names) and returns how many sheets they took.

    The first sheet says what the list is (``about``), who made it, and the total, so that a list that was split or
    lost a sheet is seen to be; sheets ``beside`` the list come last. Text that a spreadsheet would run as a formula
    only reads. Whole or not there at all.
    """
    parts = [rows.slice(start, rows_a_sheet) for start in range(0, max(rows.height, 1), rows_a_sheet)]
    names = [title[:28]] if len(parts) == 1 else [f"{title[:24]} {n}" for n in range(1, len(parts) + 1)]
    told = [*about, (_("rows in all"), f"{rows.height:,}"), (_("sheets"), ", ".join(names))]
    cover = pl.DataFrame(told, schema={_("about"): pl.String, _("content"): pl.String}, orient="row")
    write_book(out, {_("About")[:28]: cover, **dict(zip(names, parts, strict=True)), **(beside or {})})
    return len(parts)


def write_book(out: Path, sheets: dict[str, pl.DataFrame]) -> None:
    """Writes plain sheets by name, the heading frozen, formulas neutralised; raises ``SheetUnwritable``."""
    part = out.with_name(out.name + ".part")
    records: Any = [(name, neutralised(rows)) for name, rows in sheets.items()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_worksheets(
            records, str(part), bold_headers=True, column_width=dict.fromkeys(sheets, float(_WIDTH)),
            freeze_panes={name: {"row": 1, "col": 0} for name in sheets},
        )  # fmt: skip
        part.replace(out)
    except OSError as trouble:
        part.unlink(missing_ok=True)
        raise SheetUnwritable(
            _("{path} cannot be written: {reason}").format(path=out, reason=trouble.strerror or trouble),
            cure=_("Close the file if it is open, or choose another folder."), path=str(out),
        ) from trouble  # fmt: skip


def concat(frames: Iterable[pl.DataFrame], columns: Sequence[str]) -> pl.DataFrame:
    """Batches as one frame; no batch is a list of nothing, with its headings."""
    parts = list(frames)
    return pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))


def neutralised(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every text that a spreadsheet would run as a formula made to only read."""
    texts = [name for name, kind in rows.schema.items() if kind == pl.String]
    return rows.with_columns(_neutral(pl.col(name)).alias(name) for name in texts)


def _neutral(text: pl.Expr) -> pl.Expr:
    risky = text.str.contains(RISKY) & ~text.str.contains(PLAIN_NUMBER)
    return pl.when(risky).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)
