"""Exported files in a folder: ``SOURCE_*.csv`` or ``.xlsx``, complete when the marker is there and agrees."""

from __future__ import annotations

import bisect
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from core.exchange.declaration import Incoming
from core.exchange.transports import ferry
from core.exchange.transports.drop import MARK
from core.exchange.transports.pace import FREE, Pace
from core.exchange.transports.source import Columns, Page, Source, Total, View, garbled, needed
from core.exchange.troubles import Rejected
from core.i18n import _

_ENDINGS: Final = (".csv", ".xlsx")


class Exports(Source):
    """A folder that the source exports to. A view is the newest file that reaches back far enough."""

    kind = "files"

    def __init__(self, folder: Path, pace: Pace = FREE) -> None:
        self._folder, self._pace = folder, pace
        self._read: tuple[str, pl.DataFrame, list[str]] | None = None

    def view(self, resource: str, what: Incoming, *, since: str, until: str = "") -> View:
        """The newest complete file that holds everything after ``since``."""
        for name, told in self._complete(what):
            began = str(told.get("since", ""))
            if not began or (since and began <= since):
                return View(name, began, str(told.get("until", "")))
        raise Rejected(
            _("The folder holds no complete file “{pattern}” that reaches back far enough.").format(
                pattern=f"{what.source}_*.csv"
            ),
            cure=_("Have the operator export it, with its marker, and extract again."),
            cause="no_file",
        )

    def page(self, resource: str, what: Incoming, view: View, *, after: str) -> Page:
        """Rows of the file by the order key, whatever their order in it."""
        rows, keys = self._sorted(what, view)
        start = bisect.bisect_right(keys, after) if after else 0
        end = min(start + what.page_size, len(keys))
        part: Columns = {column.name: column.to_list() for column in rows[start:end]}
        return Page(part, end - start, keys[end - 1] if end > start else after, end < len(keys))

    def totals(self, resource: str, what: Incoming, view: View) -> tuple[Total, ...]:
        """What the marker says about the file."""
        told = dict(self._complete(what)).get(view.name, {})
        try:
            return tuple(
                Total(str(t["community"]), int(t["count"]), str(t.get("digest") or ""))
                for t in told["totals"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise garbled("marker") from error

    def check(self, resource: str, what: Incoming) -> None:
        """Reads the newest file's heading and marker."""
        self._sorted(what, self.view(resource, what, since=""))

    def close(self) -> None:
        """Lets go of what was read."""
        self._read = None

    def _complete(self, what: Incoming) -> list[tuple[str, Mapping[str, Any]]]:
        """Files with a marker, newest name first."""
        self._pace.wait()
        try:
            names = sorted(
                (p.name for p in self._folder.iterdir() if p.name.startswith(f"{what.source}_")), reverse=True
            )
            marked = [n for n in names if n.endswith(_ENDINGS) and n + MARK in names]
            return [(n, _marker((self._folder / (n + MARK)).read_bytes())) for n in marked]
        except OSError as error:
            raise ferry.trouble_of(error) from error

    def _sorted(self, what: Incoming, view: View) -> tuple[pl.DataFrame, list[str]]:
        """The file's rows by the order key, and the keys; read once a view."""
        if self._read is None or self._read[0] != view.name:
            rows = self._rows(what, view)
            self._read = (view.name, rows, rows[what.order_key].to_list())
        return self._read[1:]

    def _rows(self, what: Incoming, view: View) -> pl.DataFrame:
        path = self._folder / view.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ferry.trouble_of(error) from error
        told = dict(self._complete(what)).get(view.name, {})
        if hashlib.sha256(content).hexdigest() != told.get("sha256"):
            raise garbled("checksum")
        rows = _csv(content) if path.suffix == ".csv" else _xlsx(content)
        if what.order_key not in rows.columns:
            raise garbled("heading")
        absent = [pl.lit(None, pl.String).alias(name) for name in needed(what) if name not in rows.columns]
        wanted = rows.with_columns(absent).select(pl.col(needed(what)).replace("", None))
        if wanted[what.order_key].null_count():
            raise garbled("key")
        return wanted.sort(what.order_key, maintain_order=True)


def _csv(content: bytes) -> pl.DataFrame:
    """Columns of a CSV file in UTF-8, or in GB 18030 as older systems write it; a row of another length is refused."""
    try:
        return pl.read_csv(io.BytesIO(_utf8(content)), infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise garbled("heading") from error
    except pl.exceptions.PolarsError as error:
        raise garbled("rows") from error


def _utf8(content: bytes) -> bytes:
    """The text in UTF-8; one that is neither must not come in with its characters replaced."""
    try:
        content.decode()
    except UnicodeDecodeError:
        try:
            return content.decode("gb18030").encode()
        except UnicodeDecodeError as error:
            raise garbled("encoding") from error
    return content


def _xlsx(content: bytes) -> pl.DataFrame:
    """Columns of a workbook's first sheet, every cell as text."""
    try:
        head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except ValueError as error:
        raise garbled("heading") from error
    except CalamineError as error:
        raise garbled("xlsx") from error
    columns = zip(*rows, strict=True) if rows else ([] for _cell in head)
    cells = {str(name): [_text(cell) for cell in column] for name, column in zip(head, columns, strict=True)}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def _text(cell: Any) -> str | None:
    """A cell as the source means it: a whole number has no decimals, whatever the spreadsheet keeps."""
    if cell is None or cell == "":
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _marker(content: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
