"""A resource's bytes as columns: encoding, header and lines checked; every value a string, "" missing."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl

from core.model.resources import Resource
from core.packages import refusals

BOM = codecs.BOM_UTF8


class Utf8Check:
    """Takes a file's chunks and raises ``NotUtf8`` with line and byte of the first wrong one."""

    def __init__(self, path: str) -> None:
        self._path, self._line, self._offset = path, 1, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Checks the next bytes; ``final`` with the last (possibly empty) ones."""
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            at = max(0, error.start - pending)
            raise refusals.NotUtf8(
                path=self._path, line=self._line + chunk[:at].count(b"\n"), byte=self._offset + at + 1,
                hint=_hint(error.object),
            ) from error  # fmt: skip
        self._line += chunk.count(b"\n")
        self._offset += len(chunk)


def _hint(content: bytes) -> str:
    """Names the usual other encoding where the bytes read well in it."""
    for cut in range(4):  # a chunk may end inside a character
        try:
            content[: len(content) - cut].decode("gb18030")
        except UnicodeDecodeError:
            continue
        return " (GBK/GB18030)"
    return ""


def header(content: bytes, path: str) -> tuple[str, ...]:
    """The header row of a CSV file's first bytes."""
    first = content.removeprefix(BOM).decode("utf-8", errors="ignore")
    try:
        row = next(csv.reader(io.StringIO(first)))
    except (StopIteration, csv.Error) as error:
        raise refusals.CsvMalformed(path=path, reason="no header row") from error
    return tuple(row)


def csv_frame(content: bytes, resource: Resource, mode: str) -> pl.DataFrame:
    """The rows of a CSV file with every column of version 1 as strings and ``line`` (the header is line 1).

    A record that spans lines is numbered by its place among the records.
    """
    content = content.removeprefix(BOM)
    wanted = resource.header(mode)
    present = header(content[: 1 << 20], resource.path)
    if content.count(b"\x00"):
        raise refusals.CsvMalformed(path=resource.path, reason="NUL byte")
    try:
        rows = pl.read_csv(
            content, infer_schema=False, null_values=[""], columns=[c for c in present if c in wanted],
            truncate_ragged_lines=False, raise_if_empty=False,
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise refusals.CsvMalformed(
            path=resource.path, reason=_ragged(content, len(present)) or str(error)
        ) from error
    return _complete(rows, wanted)


def _ragged(content: bytes, width: int) -> str:
    """Where the first record has another number of fields than the header."""
    try:
        for number, row in enumerate(csv.reader(io.StringIO(content.decode("utf-8"))), 1):
            if row and len(row) != width:
                return f"line {number}: {len(row)} fields instead of {width}"
    except csv.Error as error:
        return str(error)
    return ""


def geojson_frame(content: bytes, resource: Resource, mode: str) -> pl.DataFrame:
    """The features of a grid file: properties as columns, the geometry as compact GeoJSON text."""
    try:
        top = orjson.loads(content.removeprefix(BOM))
        features = [(f["properties"], f["geometry"]) for f in top["features"]]
        rows = [{k: _as_text(v) for k, v in p.items()} | {"geometry": _as_text(g)} for p, g in features]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refusals.CsvMalformed(
            path=resource.path, reason=f"not a FeatureCollection: {error!r}"
        ) from error
    wanted = resource.header(mode)
    schema = dict.fromkeys(wanted, pl.String)
    return _complete(pl.DataFrame([{n: r.get(n) for n in wanted} for r in rows], schema=schema), wanted)


def geojson_columns(content: bytes, path: str) -> tuple[str, ...]:
    """Every property that any feature of a grid file carries, and ``geometry``."""
    try:
        features = orjson.loads(content.removeprefix(BOM))["features"]
        names = dict.fromkeys(name for feature in features for name in feature["properties"])
    except (ValueError, KeyError, TypeError) as error:
        raise refusals.CsvMalformed(path=path, reason=f"not a FeatureCollection: {error!r}") from error
    return (*names, "geometry")


def _complete(rows: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in wanted if name not in rows.columns]
    numbered = rows.with_columns(*absent).select(wanted).with_row_index("line", offset=2)
    return numbered.with_columns(pl.col("line").cast(pl.UInt32))


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()
