"""What a package changes, resource by resource: new, changed, same, missing, rejected as figures over bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model import names as labels
from desktop import theme
from desktop.widgets.parts import label

Open = Callable[[str, str], object]
_PARTS: tuple[tuple[str, str, theme.Status], ...] = (
    ("new", N_("new"), "done"),
    ("changed", N_("changed"), "notice"),
    ("unchanged", N_("same"), "unchecked"),
    ("retired", N_("retired"), "waiting"),
    ("missing", N_("missing"), "warning"),
    ("quarantined", N_("quarantined"), "error"),
)


class ChangeBars(QWidget):
    """One line a resource, five bars; the longest bar is the line's largest figure, and each opens its rows.

    Only a snapshot misses, only a delta retires: whichever there is has its bar.
    """

    def __init__(self, counts: Mapping[str, Mapping[str, Any]], opened: Open | None = None) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.S)
        grid.addWidget(label(_("resource"), "muted"), 0, 0)
        read = label(_("read"), "muted")
        read.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(read, 0, 1)
        retires = any(figures["retired"] for figures in counts.values())
        parts = [part for part in _PARTS if part[0] != ("missing" if retires else "retired")]
        if any(figures["missing"] for figures in counts.values()) and retires:
            parts = list(_PARTS)
        self.bars: dict[tuple[str, str], _Bar] = {}
        for column, (_key, title, _status) in enumerate(parts, 2):
            grid.addWidget(label(_(title), "muted"), 0, column)
            grid.setColumnStretch(column, 1)
        for row, (name, figures) in enumerate(counts.items(), 1):
            grid.addWidget(label(labels.label("resource", name)), row, 0)
            total = label(f"{figures['read']:,}")
            total.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(total, row, 1)
            largest = max(1, *(int(figures[key]) for key, _title, _status in parts))
            for column, (key, title, status) in enumerate(parts, 2):
                bar = _Bar(int(figures[key]), largest, status, _(title))
                if opened is not None and figures[key]:
                    bar.leads(partial(opened, name, key))
                self.bars[name, key] = bar
                grid.addWidget(bar, row, column)


def part_title(key: str) -> str:
    """What a kind of change is called."""
    return next(_(title) for name, title, _status in _PARTS if name == key)


class _Bar(QWidget):
    def __init__(self, count: int, largest: int, status: theme.Status, title: str) -> None:
        super().__init__()
        self._share, self._status = count / largest, status
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 7)
        words = label(f"{count:,}", "" if count else "muted")
        column.addWidget(words)
        self.setMinimumWidth(64)
        self.setAccessibleName(f"{title}: {count}")
        self._act: Callable[[], object] | None = None

    def leads(self, act: Callable[[], object]) -> None:
        """Makes the bar a way to its rows, by click or Enter."""
        self._act = act
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(_("Show these rows"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._act is not None:
            self._act()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._act is not None and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._act()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QColor(theme.tokens().accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        line = QRectF(0, self.height() - 5, self.width(), 4)
        painter.setBrush(QColor(theme.tokens().line))
        painter.drawRoundedRect(line, 2, 2)
        if self._share:
            line.setWidth(max(4.0, line.width() * self._share))
            painter.setBrush(QColor(theme.tokens().status(self._status)))
            painter.drawRoundedRect(line, 2, 2)
