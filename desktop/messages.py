"""Messages to the user: one bar that names what happened, why, and the cure; nothing pops up."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from core.errors import GridLinkError
from core.i18n import _
from core.settings import bug_report_folder
from desktop import theme

_STAY = 8000
"""Milliseconds that good news stays; trouble stays until it is closed."""


class Messages(QWidget):
    """The stack of messages at the top of the page area; newest first, at most three."""

    shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.XS)
        self.setVisible(False)

    def done(self, text: str, *, undo: Callable[[], object] | None = None) -> None:
        """Good news; goes away by itself. A bulk act offers its ``undo`` right there."""
        card = self._add("done", text, "", undo)
        if undo is not None:
            return  # what can be undone stays until it is read
        QTimer.singleShot(_STAY, card, card.deleteLater)

    def notice(self, text: str) -> None:
        """Something to know."""
        self._add("notice", text, "")

    def trouble(self, error: BaseException) -> None:
        """An error: a user's trouble with its cure, or a bug with its report."""
        if isinstance(error, GridLinkError):
            self._add("error", error.message, error.cure)
            return
        path = bug_report_folder() / f"gridlink-bug-{datetime.now():%Y%m%d-%H%M%S}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        self._add(
            "error", _("GridLink made a mistake ({kind}).").format(kind=type(error).__name__),
            _("Please send the report {path} to the maintainers.").format(path=path),
        )  # fmt: skip

    def undo_last(self) -> None:
        """Takes back the newest bulk act that still offers it, as its button would."""
        for card in self._cards():
            back = card.findChild(QPushButton, "undo")
            if back is not None:
                back.click()
                return

    def texts(self) -> list[str]:
        """What is shown now, newest first."""
        return [str(card.property("text")) for card in self._cards()]

    def clear(self) -> None:
        """Takes every message away."""
        for card in self._cards():
            self._take(card)
        self.setVisible(False)

    def _add(
        self, status: theme.Status, text: str, cure: str, undo: Callable[[], object] | None = None
    ) -> QFrame:
        card = QFrame()
        card.setProperty("kind", "message")
        card.setProperty("text", f"{text} {cure}".strip())
        row = QHBoxLayout(card)
        row.setContentsMargins(theme.M, theme.S, theme.S, theme.S)
        picture = QLabel()
        picture.setPixmap(theme.pixmap(status, theme.tokens().status(status)))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QLabel(f"{text}\n{cure}" if cure else text)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setWordWrap(True)
        row.addWidget(words, 1)
        if undo is not None:
            back = QPushButton(_("Undo"))
            back.setProperty("kind", "link")
            back.setObjectName("undo")
            back.setToolTip("Ctrl+Z")
            back.clicked.connect(lambda _checked=False: undo())
            back.clicked.connect(card.deleteLater)
            row.addWidget(back, 0, Qt.AlignmentFlag.AlignTop)
        close = QToolButton()
        close.setProperty("kind", "plain")
        close.setIcon(theme.icon("close"))
        close.setToolTip(_("Close"))
        close.clicked.connect(card.deleteLater)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        card.destroyed.connect(self._shrink)
        self._rows.insertWidget(0, card)
        for oldest in self._cards()[3:]:
            self._take(oldest)
        self.setVisible(True)
        self.shown.emit(str(card.property("text")))
        return card

    def _cards(self) -> list[QWidget]:
        items = [self._rows.itemAt(place) for place in range(self._rows.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if widget is not None]

    def _take(self, card: QWidget) -> None:
        self._rows.removeWidget(card)
        card.deleteLater()

    def _shrink(self) -> None:
        self.setVisible(self._rows.count() > 0)
