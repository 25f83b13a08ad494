"""The small parts that every page is made of: titles, cards, status words, empty states, buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from core.i18n import N_, _
from desktop import theme

_WORDS = 420
"""How wide the words of an empty state run."""

STATUS_WORDS: dict[theme.Status, str] = {
    "error": N_("Error"), "warning": N_("Warning"), "notice": N_("Notice"), "done": N_("Done"),
    "waiting": N_("Waiting"), "unchecked": N_("Not checked"),
}  # fmt: skip


def label(text: str = "", kind: str = "", *, wrap: bool = False) -> QLabel:
    """A plain-text label of a kind that the style sheet knows (title, heading, muted, figure)."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wrap)
    return made


def button(
    text: str, act: Callable[[], object], *, icon: str = "", kind: str = "", tip: str = ""
) -> QPushButton:
    """A button with a verb on it; ``kind`` is primary, link or nothing."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if icon:
        made.setIcon(_primary_icon(icon) if kind == "primary" else theme.icon(icon))
        made.setIconSize(QSize(16, 16))
    if tip:
        made.setToolTip(tip)
    made.clicked.connect(lambda _checked=False: act())
    return made


def segment(text: str, act: Callable[[], object], *, chosen: bool) -> QPushButton:
    """One of several buttons side by side of which one is down; a ``QButtonGroup`` keeps it so."""
    made = QPushButton(text)
    made.setProperty("kind", "segment")
    made.setCheckable(True)
    made.setChecked(chosen)
    made.clicked.connect(lambda _checked=False: act())
    return made


def _primary_icon(name: str) -> QIcon:
    """White on the accent, muted while the button cannot be pressed."""
    made = QIcon(theme.pixmap(name, theme.tokens().on_accent, 20))
    made.addPixmap(theme.pixmap(name, theme.tokens().muted, 20), QIcon.Mode.Disabled)
    return made


def card(layout: QLayout | None = None) -> QFrame:
    """A surface with a hairline."""
    made = QFrame()
    made.setProperty("kind", "card")
    if layout is not None:
        layout.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        made.setLayout(layout)
    return made


def status_word(status: theme.Status, word: str = "") -> QWidget:
    """A status as icon and word, never as colour alone."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.XS + 2)
    picture = QLabel()
    picture.setPixmap(theme.pixmap(status, theme.tokens().status(status), 16))
    words = label(word or _(STATUS_WORDS[status]))
    words.setStyleSheet(f"color: {theme.tokens().status(status)};")
    row.addWidget(picture)
    row.addWidget(words)
    row.addStretch(1)
    return made


def head(title: str, *actions: QWidget) -> QHBoxLayout:
    """A page's head: its title at the left, its actions at the right."""
    row = QHBoxLayout()
    row.setSpacing(theme.S)
    row.addWidget(label(title, "title"))
    row.addStretch(1)
    for action in actions:
        row.addWidget(action)
    return row


def empty(icon: str, text: str, action: QWidget | None = None) -> QWidget:
    """An empty state: what this is for, and the one thing to do next."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setSpacing(theme.M)
    column.addStretch(2)
    picture = QLabel()
    picture.setPixmap(theme.pixmap(icon, theme.tokens().muted, 48))
    column.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
    words = label(text, "muted", wrap=True)
    words.setAlignment(Qt.AlignmentFlag.AlignCenter)
    words.setFixedWidth(_WORDS)
    words.ensurePolished()
    words.setMinimumHeight(words.heightForWidth(_WORDS))
    column.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
    if action is not None:
        column.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(3)
    return made


def rule() -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setProperty("kind", "rule")
    made.setFixedHeight(1)
    return made


class Tile(QFrame):
    """A figure that is one click away from its list."""

    clicked = Signal()

    def __init__(self, title: str, icon: str) -> None:
        super().__init__()
        self.setProperty("kind", "tile")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        top = QHBoxLayout()
        picture = QLabel()
        picture.setPixmap(theme.pixmap(icon, theme.tokens().accent, 20))
        top.addWidget(picture)
        top.addWidget(label(title, "muted"))
        top.addStretch(1)
        column.addLayout(top)
        self._figure = label("–", "figure")
        self._line = label("", "muted", wrap=True)
        column.addWidget(self._figure)
        column.addWidget(self._line)
        column.addStretch(1)
        self.setAccessibleName(title)

    def show_figure(self, figure: str, line: str, status: theme.Status | None = None) -> None:
        """Sets the figure and the line below it; a status colours the figure, the line names it."""
        self._figure.setText(figure)
        self._figure.setStyleSheet(f"color: {theme.tokens().status(status)};" if status else "")
        self._line.setText(line)

    def wait(self, line: str) -> None:
        """Says what it waits for, as long as it has no figure yet."""
        if not self._line.text():
            self._line.setText(line)

    def text(self) -> str:
        """What the tile says."""
        return f"{self._figure.text()} {self._line.text()}"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.clicked.emit()
            return
        super().keyPressEvent(event)


def clear(layout: QLayout) -> None:
    """Removes everything from a layout."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            return
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def local_time(moment: str) -> str:
    """A moment of the store (RFC 3339) as people here read it: ``2026-11-23 14:05``."""

    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""
