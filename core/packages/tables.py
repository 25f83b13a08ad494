"""A CSV resource's bytes as columns: every value a string, "" missing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

import polars as pl

from core.i18n import _
from core.model.resources import Resource
from core.packages import refusals
from core.packages.encoding import BOM

HEAD: Final = 1 << 20
"""Bytes in which a header row must end."""


def header(content: bytes, path: str) -> tuple[str, ...]:
    """The header row of a CSV file's first bytes; raises ``CsvMalformed`` where there is none."""
    first = content[:HEAD].removeprefix(BOM).decode("utf-8", errors="replace")
    try:
        row = next(csv.reader(io.StringIO(first, newline="")))
    except (StopIteration, csv.Error):
        row = []
    if not row:
        raise refusals.CsvMalformed(path=path, line=1, reason=_("it has no header row"))
    return tuple(row)


def frame(content: bytes, resource: Resource, mode: str) -> pl.DataFrame:
    """The rows of a table that ``TableCheck`` let pass, with every column of version 1 and ``line``.

    The header is line 1; a record that spans several lines of text counts as one, as in a spreadsheet.
    """
    content = _without_blank_tail(content.removeprefix(BOM))
    wanted = resource.header(mode)
    present = [name for name in header(content, resource.path) if name in wanted]
    try:
        rows = pl.read_csv(
            content, infer_schema=False, null_values=[""], columns=present, raise_if_empty=False
        )
    except pl.exceptions.PolarsError as error:
        raise refusals.CsvUnreadable(path=resource.path) from error
    return complete(rows, wanted)


def complete(rows: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    """The wanted columns in order, absent ones empty, after ``line`` (UInt32, from 2)."""
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in wanted if name not in rows.columns]
    return (
        rows.with_columns(*absent).select(wanted).with_row_index("line", offset=2).cast({"line": pl.UInt32})
    )


def _without_blank_tail(content: bytes) -> bytes:
    """Without blank lines at the end, which polars would take for rows."""
    if content.endswith((b"\n\n", b"\n\r\n")):  # else 300 MB would be copied for nothing
        return content.rstrip(b"\r\n")
    return content
