"""A model over a listing of any length: it holds a few pages around what is visible and fetches the rest when seen."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry import browse
from core.registry.browse import Slice
from core.registry.divisions import division_name
from desktop import theme
from desktop.desk import Desk

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_DIVISIONS = ("community_code", "subdistrict_code")
_NUMBERS = ("area_m2", "rooms", "cycle_days")
PAGE, KEPT = 200, 24
"""Rows a page, and pages kept."""


class ListingModel(QAbstractTableModel):
    """Rows of one kind in the order of an indexed column; never more than a few thousand in memory."""

    told = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.resource, self.columns = "address", browse.SHOWN["address"]
        self.order_by, self.descending = "full_text", False
        self._total, self._turn, self._counted = 0, 0, False
        self._pages: OrderedDict[int, Sequence[tuple[Any, ...]]] = OrderedDict()
        self._asked: set[int] = set()
        self._found: Sequence[tuple[Any, ...]] | None = None
        self.sortable: Sequence[str] = ()

    def open(self, resource: str, *, order_by: str = "", descending: bool = False) -> None:
        """Shows another kind or another order; the first page arrives at once, the rest when seen."""
        self.resource, self.columns = resource, browse.SHOWN[resource]
        self.sortable = browse.sortable(self._desk.workspace, resource)
        self.order_by, self.descending = order_by or self.sortable[0], descending
        self._again(None)
        turn = self._turn
        self._read(0, of=sys.maxsize)  # the first page does not wait for the count
        self._desk.jobs.read(
            lambda: browse.total(self._desk.workspace, resource), lambda n: self._count(turn, n)
        )

    def filter(self, wanted: str) -> None:
        """Shows only what a search finds among this kind; an empty text shows all again."""
        if len(wanted.strip()) < 2:
            self.open(self.resource, order_by=self.order_by, descending=self.descending)
            return
        resource, turn = self.resource, self._turn
        self._desk.jobs.read(
            lambda: browse.filtered(self._desk.workspace, resource, wanted.strip()),
            lambda part: self._matches(turn, part),
        )

    @property
    def filtered(self) -> bool:
        """Whether the rows are those of a search."""
        return self._found is not None

    def entity(self, row: int) -> int | None:
        """The id of the record in a row, None while it is still on its way."""
        held = self._row(row)
        return None if held is None else int(held[0])

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else (self._total if self._found is None else len(self._found))

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if (
            orientation == Qt.Orientation.Horizontal
            and role == Qt.ItemDataRole.DisplayRole
            and section < len(self.columns)
        ):
            return field_title(self.columns[section])
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(self.columns[section]) if section < len(self.columns) else None
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name = self.columns[index.column()]
        if (
            role == Qt.ItemDataRole.FontRole
            and name.endswith(("_code", "_no", "_token", "uscc", "id_masked"))
            and name not in _DIVISIONS
        ):
            return theme.monospace()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(name)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._text(index.row(), index.column(), whole=role == Qt.ItemDataRole.ToolTipRole)
        return None

    def _text(self, row: int, column: int, *, whole: bool) -> str | None:
        """A cell's text; ``whole`` asks for the code of what is shown by its name."""
        held, name = self._row(row), self.columns[column]
        if held is None:
            return "…" if column == 0 and not whole else None
        mark = _(" (retired)") if held[1] and column == 0 else ""
        value = held[column + 2]
        if name in _DIVISIONS and not whole:
            return division_name(str(value)) + mark
        return f"{shown_value(name, value)}{mark}"

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        name = self.columns[column]
        if name in self.sortable and self._found is None:
            self.open(self.resource, order_by=name, descending=order == Qt.SortOrder.DescendingOrder)

    def _row(self, row: int) -> tuple[Any, ...] | None:
        if self._found is not None:
            return self._found[row]
        page, place = divmod(row, PAGE)
        rows = self._pages.get(page)
        if rows is None:
            self._ask(page)
            return None
        self._pages.move_to_end(page)
        return rows[place] if place < len(rows) else None

    def _ask(self, page: int) -> None:
        if page not in self._asked and self._counted:
            self._read(page, of=self._total)

    def _read(self, page: int, *, of: int) -> None:
        self._asked.add(page)
        turn, resource, order, down = self._turn, self.resource, self.order_by, self.descending
        self._desk.jobs.read(
            lambda: browse.listing(
                self._desk.workspace, resource, order_by=order, descending=down, start=page * PAGE, count=PAGE, of=of
            ),
            lambda part: self._arrived(turn, page, part),
        )  # fmt: skip

    def _arrived(self, turn: int, page: int, part: Slice) -> None:
        if turn != self._turn:
            return
        self._asked.discard(page)
        self._pages[page] = part.rows
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        if not self._counted and part.rows:
            self._grow(len(part.rows))
        last = min(self._total, part.start + PAGE) - 1
        if last >= part.start:
            self.dataChanged.emit(self.index(part.start, 0), self.index(last, len(self.columns) - 1))

    def _count(self, turn: int, total: int) -> None:
        if turn != self._turn:
            return
        self._counted = True
        self._grow(total)
        self.told.emit(total)

    def _grow(self, total: int) -> None:
        if total > self._total:
            self.beginInsertRows(_NOWHERE, self._total, total - 1)
            self._total = total
            self.endInsertRows()

    def _matches(self, turn: int, part: Slice) -> None:
        if turn == self._turn:
            self._again(part.rows)
            self.told.emit(len(part.rows))

    def _again(self, found: Sequence[tuple[Any, ...]] | None) -> None:
        self.beginResetModel()
        self._turn += 1
        self._total, self._found, self._counted = 0, found, False
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()


def _side(name: str) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if name in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
