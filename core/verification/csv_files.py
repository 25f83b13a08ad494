"""A CSV file of the user's own: its columns stay, answers about one of them are added at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from core.errors import GridLinkError
from core.i18n import _
from core.jobs import Progress
from core.neutral import PLAIN_NUMBER, RISKY

_PART = 50_000
"""Rows answered between two chances to cancel."""

Answer = Callable[[pl.Series], pl.DataFrame]


class FileUnreadable(GridLinkError):
    """The file is not there, or is not a CSV table."""

    code = "file_unreadable"


class ColumnMissing(GridLinkError):
    """The table has no such column."""

    code = "column_missing"


class FileUnwritable(GridLinkError):
    """The answers cannot be written where they shall go."""

    code = "file_unwritable"


def answer_file(path: Path, *, column: str, out: Path, answer: Answer, progress: Progress) -> pl.DataFrame:
    """Writes ``path`` with the columns that ``answer`` makes of ``column`` added; returns those columns.

    UTF-8 (with or without BOM) and GB18030 are read; text stays text. ``out`` is whole or not there at all.
    """
    rows = read_csv(path)
    if column not in rows.columns:
        raise ColumnMissing(
            _("{path} has no column “{column}”.").format(path=path.name, column=column),
            cure=_("It has: {columns}.").format(columns=", ".join(rows.columns)),
        )
    progress.phase(_("Answering"), rows.height)
    parts = []
    for part in rows[column].to_frame().iter_slices(_PART):
        parts.append(answer(part[column]))
        progress.advance(part.height)
    answers = pl.concat(parts) if parts else answer(rows[column])
    write_csv(rows.drop(c for c in answers.columns if c in rows.columns).hstack(answers), out)
    return answers


def read_csv(path: Path) -> pl.DataFrame:
    """A CSV file as text columns; raises ``FileUnreadable``."""
    try:
        content = path.read_bytes()
    except OSError as trouble:
        raise FileUnreadable(
            _("{path} cannot be read: {reason}").format(path=path, reason=trouble.strerror),
            cure=_("Check the name of the file and whether you may read it."),
        ) from trouble
    try:
        text = _decoded(content)
        return pl.read_csv(text.encode(), infer_schema=False)
    except (UnicodeDecodeError, pl.exceptions.PolarsError) as trouble:
        raise FileUnreadable(
            _("{path} is not a CSV table: {reason}").format(
                path=path.name, reason=str(trouble).splitlines()[0]
            ),
            cure=_("Save it as “CSV UTF-8” with a header row."),
        ) from trouble


def write_csv(rows: pl.DataFrame, out: Path) -> None:
    """Writes UTF-8 with BOM, as spreadsheets expect, formulas neutralised; raises ``FileUnwritable``."""
    texts = [name for name, kind in rows.schema.items() if kind == pl.String]
    safe = rows.with_columns(
        pl.when(pl.col(name).str.contains(RISKY) & ~pl.col(name).str.contains(PLAIN_NUMBER))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )
    half = out.with_name(out.name + ".part")
    try:
        safe.write_csv(half, include_bom=True)
        half.replace(out)
    except OSError as trouble:
        half.unlink(missing_ok=True)
        raise FileUnwritable(
            _("{path} cannot be written: {reason}").format(path=out, reason=trouble.strerror),
            cure=_("Close it in other programs, or choose another folder."),
        ) from trouble


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")
