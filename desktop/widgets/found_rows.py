"""A model over any number of findings: it holds their numbers and the few rows that are in sight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.model.names import label
from core.stewardship.findings import Filters, Listed, by_number, listed, numbers
from core.verification.catalogue import describe
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
        self._desk.jobs.read(lambda: listed(workspace, filters, limit=PAGE), lambda rows: self._first(turn, rows))

    def row(self, place: int) -> Listed | None:
        """The finding at a row, if it has been read."""
        page = self._pages.get(place // PAGE)
        return page[place % PAGE] if page is not None and place % PAGE < len(page) else None

    def _first(self, turn: int, rows: Sequence[Listed]) -> None:
        """The first page is shown before all numbers are known."""
        if turn != self._turn:
            return
        self.beginResetModel()
        self._numbers = [one.number for one in rows]
        self._pages.clear()
        self._asked.clear()
        if rows:
            self._pages[0] = rows
        self.endResetModel()
        if len(rows) < PAGE:
            self.told.emit(len(rows))
            return
        workspace, filters = self._desk.workspace, self.filters
        self._desk.jobs.read(lambda: numbers(workspace, filters), lambda found: self._told(turn, found))

    def _told(self, turn: int, found: Sequence[int]) -> None:
        """The rest of the rows comes below what is shown; where the first have changed meanwhile, all is read anew."""
        if turn != self._turn:
            return
        known = len(self._numbers)
        if list(found[:known]) != list(self._numbers):
            self.open(self.filters)
            return
        if len(found) > known:
            self.beginInsertRows(_NOWHERE, known, len(found) - 1)
            self._numbers = found
            self.endInsertRows()
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


def told_of(one: Listed) -> tuple[str, str]:
    """Message and cure of a finding, its field by its name."""
    return describe(one.rule, field=field_title(one.field), value=one.value)


def _cell(one: Listed, column: int) -> str:
    told = (
        label("state", one.severity), label("resource", one.resource), told_of(one)[0],
        f"{field_title(one.field)}: {shown_value(one.field, one.value)}" if one.value else field_title(one.field),
        one.key,
        label("sender", one.sender), one.grid,
    )  # fmt: skip
    return told[column]
