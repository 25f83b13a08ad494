"""The search field at the top: anything in the registry from two characters on, by keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from core.i18n import _
from core.registry.browse import search
from core.store.search import Hit
from desktop import theme
from desktop.desk import Desk

_WAIT = 120
"""Milliseconds after the last key before the store is asked."""


class SearchField(QLineEdit):
    """Type, choose with the arrows, Enter opens the record in the drawer."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asked = ""
        self.setPlaceholderText(_("Search addresses, houses, organisations, codes  (Ctrl+K)"))
        self.setClearButtonEnabled(True)
        self.addAction(theme.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.setMinimumWidth(320)
        self.hits = QListWidget(self)
        self.hits.setWindowFlags(Qt.WindowType.ToolTip)
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.itemClicked.connect(self._open)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT)
        self._timer.timeout.connect(self._ask)
        self.textEdited.connect(lambda _text: self._timer.start())
        self.installEventFilter(self)

    def start(self) -> None:
        """Puts the cursor into the field."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def _ask(self) -> None:
        wanted = self.text().strip()
        if len(wanted) < 2:
            self.hits.hide()
            return
        self._asked = wanted
        self._desk.jobs.read(
            lambda: search(self._desk.workspace, wanted), lambda hits: self._show(wanted, hits)
        )

    def _show(self, wanted: str, hits: Sequence[Hit]) -> None:
        if wanted != self._asked or not self.hasFocus():
            return
        self.hits.clear()
        for hit in hits:
            item = QListWidgetItem(theme.icon(hit.resource, size=18), f"{hit.title}\n{hit.subtitle}")
            item.setData(Qt.ItemDataRole.UserRole, (hit.resource, hit.id))
            self.hits.addItem(item)
        if not hits:
            item = QListWidgetItem(
                _("Nothing found for “{text}”. Fewer characters find more.").format(text=wanted)
            )
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.hits.addItem(item)
        self.hits.setCurrentRow(0)
        self.hits.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self.hits.resize(self.width(), min(480, 48 * max(1, len(hits)) + 4))
        self.hits.show()

    def _open(self, item: QListWidgetItem | None) -> None:
        chosen = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if chosen:
            self.hits.hide()
            self._desk.open_record(*chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.hits.hide()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self.hits.isVisible():
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self.hits.setCurrentRow((self.hits.currentRow() + step) % max(1, self.hits.count()))
            return True
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.hits.currentItem())
            return True
        if event.key() == Qt.Key.Key_Escape:
            self.hits.hide()
            return True
        return False
