"""A model over any number of findings: it holds their numbers and the few rows that are in sight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from core.i18n import _
from core.model.labels import field_title
from core.model.names import label
from core.stewardship.findings import Filters, Listed, by_number, numbers
from desktop import theme
from desktop.desk import Desk

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
PAGE, KEPT = 200, 24


class FindingsModel(QAbstractTableModel):
    """Findings of a filter, in the order in which they were made."""

    told = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self.filters = desk, Filters()
        self._numbers: Sequence[int] = []
        self._pages: OrderedDict[int, Sequence[Listed]] = OrderedDict()
        self._asked: set[int] = set()
        self._turn = 0

    def open(self, filters: Filters) -> None:
        """Shows another filter's findings once their numbers are read."""
        self.filters = filters
        self._turn += 1
        turn = self._turn
        workspace = self._desk.workspace
        self._desk.jobs.read(lambda: numbers(workspace, filters), lambda found: self._told(turn, found))

    def row(self, place: int) -> Listed | None:
        """The finding at a row, if it has been read."""
        page = self._pages.get(place // PAGE)
        return page[place % PAGE] if page is not None and place % PAGE < len(page) else None

    def _told(self, turn: int, found: Sequence[int]) -> None:
        if turn != self._turn:
            return
        self.beginResetModel()
        self._numbers = found
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()
        self.told.emit(len(found))

    def _read(self, page: int) -> None:
        if page in self._asked:
            return
        self._asked.add(page)
        wanted, turn, workspace = self._numbers[page * PAGE : (page + 1) * PAGE], self._turn, self._desk.workspace
        self._desk.jobs.read(lambda: by_number(workspace, wanted), lambda rows: self._arrived(turn, page, rows))

    def _arrived(self, turn: int, page: int, rows: Sequence[Listed]) -> None:
        if turn != self._turn:
            return
        self._asked.discard(page)
        self._pages[page] = rows
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        last = self.columnCount() - 1
        self.dataChanged.emit(self.index(page * PAGE, 0), self.index(page * PAGE + len(rows) - 1, last))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._numbers)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 7

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        heads = (_("severity"), _("kind"), _("what is wrong"), _("value"), _("key"), _("department"), _("grid"))
        return heads[section] if 0 <= section < len(heads) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        one = self.row(index.row())
        if one is None:
            self._read(index.row() // PAGE)
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 2 else None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return _cell(one, index.column())
        if index.column() == 0 and role in {Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.DecorationRole}:
            status = status_of(one.severity)
            colour = theme.tokens().status(status)
            return QColor(colour) if role == Qt.ItemDataRole.ForegroundRole else theme.icon(status, colour, 16)
        if role == Qt.ItemDataRole.FontRole and index.column() in {4, 6}:
            return theme.monospace()
        return None


def status_of(severity: str) -> theme.Status:
    """The look of a severity."""
    looks: dict[str, theme.Status] = {"error": "error", "warning": "warning"}
    return looks.get(severity, "notice")


def _cell(one: Listed, column: int) -> str:
    told = (
        label("state", one.severity), label("resource", one.resource), one.message,
        f"{field_title(one.field)}: {one.value}" if one.value else field_title(one.field), one.key,
        label("sender", one.sender), one.grid,
    )  # fmt: skip
    return told[column]
