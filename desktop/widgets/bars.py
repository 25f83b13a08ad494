"""What a package changes, resource by resource: new, changed, same, missing, rejected as figures over bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model import names as labels
from desktop import theme
from desktop.widgets.parts import label

_PARTS: tuple[tuple[str, str, theme.Status], ...] = (
    ("new", N_("new"), "done"),
    ("changed", N_("changed"), "notice"),
    ("unchanged", N_("same"), "unchecked"),
    ("retired", N_("retired"), "waiting"),
    ("missing", N_("missing"), "warning"),
    ("quarantined", N_("quarantined"), "error"),
)


class ChangeBars(QWidget):
    """One line a resource, one bar a kind of change; the longest bar is the line's largest figure."""

    def __init__(self, counts: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.S)
        grid.addWidget(label(_("resource"), "muted"), 0, 0)
        read = label(_("read"), "muted")
        read.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(read, 0, 1)
        for column, (_key, title, _status) in enumerate(_PARTS, 2):
            grid.addWidget(label(_(title), "muted"), 0, column)
            grid.setColumnStretch(column, 1)
        for row, (name, figures) in enumerate(counts.items(), 1):
            grid.addWidget(label(labels.label("resource", name)), row, 0)
            total = label(f"{figures['read']:,}")
            total.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(total, row, 1)
            largest = max(1, *(int(figures[key]) for key, _title, _status in _PARTS))
            for column, (key, title, status) in enumerate(_PARTS, 2):
                grid.addWidget(_Bar(int(figures[key]), largest, status, _(title)), row, column)


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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        line = QRectF(0, self.height() - 5, self.width(), 4)
        painter.setBrush(QColor(theme.tokens().line))
        painter.drawRoundedRect(line, 2, 2)
        if self._share:
            line.setWidth(max(4.0, line.width() * self._share))
            painter.setBrush(QColor(theme.tokens().status(self._status)))
            painter.drawRoundedRect(line, 2, 2)
