"""The operator's error codes in our words: what each means, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.i18n import _
from desktop import theme
from desktop.exchange.draft import Draft
from desktop.widgets.parts import button, label


class CodesView(QWidget):
    """A line a code, written in place; what a rejection says is explained by it from the next look on."""

    def __init__(self, draft: Draft, *, may: bool) -> None:
        super().__init__()
        self.draft = draft
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([_("code"), _("meaning"), _("cure")])
        self.table.verticalHeader().setDefaultSectionSize(theme.ROW)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.setColumnWidth(0, 96)
        self.table.setColumnWidth(1, 260)
        if not may:
            self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.S, 0, 0)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addWidget(label(_("Double-click to write."), "muted"))
        row.addStretch(1)
        row.addWidget(button(_("Remove code"), self.remove, icon="close"))
        row.addWidget(button(_("Add code"), self.add, icon="plus"))
        if may:
            column.addLayout(row)
        self.table.itemChanged.connect(self._written)
        draft.changed.connect(self.look)

    def look(self) -> None:
        """Shows the draft's codes."""
        if self.draft.last is None:
            return
        errors = self.draft.last.errors
        self.table.blockSignals(True)
        self.table.setRowCount(len(errors))
        for at, (code, told) in enumerate(errors.items()):
            for place, text in enumerate((code, _(told.meaning), _(told.cure))):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(at, place, item)
        self.table.blockSignals(False)

    def add(self) -> None:
        """Adds a code that is still to be written."""
        taken = self.draft.last.errors if self.draft.last else {}
        code = next(f"E{n}" for n in range(900, 9999) if f"E{n}" not in taken)
        words = _("to be written")
        self.draft.put({("errors", code, "meaning"): words, ("errors", code, "cure"): words})
        self.table.selectRow(self.table.rowCount() - 1)

    def remove(self) -> None:
        """Removes the chosen code."""
        code = self._code(self.table.currentRow())
        if code:
            self.draft.put({("errors", code): None})

    def _written(self, item: QTableWidgetItem) -> None:
        codes = list(self.draft.last.errors) if self.draft.last else []
        if not 0 <= item.row() < len(codes):
            return
        code, text = codes[item.row()], item.text().strip()
        if item.column() == 0:
            if text and text != code and not self.draft.rename(("errors", code), text):
                item.setText(code)
        else:
            self.draft.put({("errors", code, ("meaning", "cure")[item.column() - 1]): text})

    def _code(self, row: int) -> str:
        item = self.table.item(row, 0) if row >= 0 else None
        return item.text() if item is not None else ""
