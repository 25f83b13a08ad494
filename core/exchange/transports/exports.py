"""Exported files in a folder: ``SOURCE_*.csv`` or ``.xlsx``, complete when the marker is there and agrees."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from python_calamine import CalamineError, CalamineWorkbook

from core.exchange.declaration import Incoming
from core.exchange.transports import ferry
from core.exchange.transports.drop import MARK
from core.exchange.transports.pace import FREE, Pace
from core.exchange.transports.source import Columns, Page, Source, Total, View, columns_of, garbled, needed
from core.exchange.troubles import Rejected
from core.i18n import _

_ENDINGS: Final = (".csv", ".xlsx")


class Exports(Source):
    """A folder that the source exports to. A view is the newest file that reaches back far enough."""

    kind = "files"

    def __init__(self, folder: Path, pace: Pace = FREE) -> None:
        self._folder, self._pace = folder, pace
        self._read: tuple[str, Columns] | None = None

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
        columns = self._sorted(what, view)
        keys = [str(key) for key in columns[what.order_key]]
        start = next((at for at, key in enumerate(keys) if key > after), len(keys)) if after else 0
        end = min(start + what.page_size, len(keys))
        part = {name: values[start:end] for name, values in columns.items()}
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

    def _sorted(self, what: Incoming, view: View) -> Columns:
        if self._read is None or self._read[0] != view.name:
            self._read = (view.name, self._columns(what, view))
        return self._read[1]

    def _columns(self, what: Incoming, view: View) -> Columns:
        path = self._folder / view.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ferry.trouble_of(error) from error
        told = dict(self._complete(what)).get(view.name, {})
        if hashlib.sha256(content).hexdigest() != told.get("sha256"):
            raise garbled("checksum")
        rows = _csv(content) if path.suffix == ".csv" else _xlsx(content)
        head = [str(cell) for cell in rows[0]] if rows else []
        if what.order_key not in head:
            raise garbled("heading")
        records = [dict(zip(head, (cell or None for cell in row), strict=False)) for row in rows[1:]]
        records.sort(key=lambda record: str(record[what.order_key]))
        return columns_of(needed(what), records)


def _csv(content: bytes) -> list[Sequence[Any]]:
    """Rows of a CSV file in UTF-8, or in GB 18030 as older systems write it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    return list(csv.reader(io.StringIO(text, newline="")))


def _xlsx(content: bytes) -> list[Sequence[Any]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return list(book.get_sheet_by_index(0).to_python())
    except CalamineError as error:
        raise garbled("xlsx") from error


def _marker(content: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
