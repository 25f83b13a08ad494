"""Plain tables over rows in memory: for lists of hundreds, not for the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop import theme

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Field:
    """One column: its title, how a row's value is shown, and whether it is a number, a code or a status."""

    title: str
    text: Callable[[Any], Any]
    kind: str = "text"
    status: Callable[[Any], theme.Status] | None = None


class RowsModel(QAbstractTableModel):
    """Rows of any kind through a list of fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__()
        self.fields, self.rows = list(fields), list[Any]()

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.fields)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.fields):
            return None
        return heading(self.fields[section], role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        return cell(self.fields[index.column()], self.rows[index.row()], role)


def heading(field: Field, role: int) -> Any:
    """What a column's head answers to a role."""
    if role == Qt.ItemDataRole.DisplayRole:
        return field.title
    return _alignment(field) if role == Qt.ItemDataRole.TextAlignmentRole else None


def cell(field: Field, row: Any, role: int) -> Any:
    """What a row answers to a role in a column."""
    if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
        return _shown(field, row)
    return _look(field, row, role)


def _shown(field: Field, row: Any) -> str:
    value = field.text(row)
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _look(field: Field, row: Any, role: int) -> Any:
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return _alignment(field)
    if role == Qt.ItemDataRole.FontRole and field.kind == "code":
        return theme.monospace()
    if field.status is not None:
        colour = theme.tokens().status(field.status(row))
        if role == Qt.ItemDataRole.ForegroundRole:
            return QColor(colour)
        if role == Qt.ItemDataRole.DecorationRole:
            return theme.icon(field.status(row), colour, 16)
    return None


def _alignment(field: Field) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if field.kind == "number" else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def table(model: QAbstractTableModel, *, stretch: int = -1) -> QTableView:
    """A table in the house's manner: 28 px rows, hairlines, whole rows selected, ``stretch`` takes what is left."""
    view = QTableView()
    view.setModel(model)
    view.verticalHeader().setDefaultSectionSize(theme.ROW)
    view.verticalHeader().hide()
    view.setShowGrid(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    if stretch >= 0:
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    return view
