"""The faint diagonal watermark over what shows personal data: who looked, and when."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop import theme

_SLANT, _ACROSS, _DOWN, _FAINT = -24, 300, 170, 20
"""Degrees, steps in pixels, and how much of 255 the ink covers."""


class Watermark(QWidget):
    """Lies over ``below``, follows its size and lets every click through."""

    def __init__(self, below: QWidget, user: str) -> None:
        super().__init__(below)
        self._user = user
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        below.installEventFilter(self)
        self.resize(below.size())

    def text(self) -> str:
        """What is written: the user and the present minute."""
        return f"{self._user}  {datetime.now().astimezone():%Y-%m-%d %H:%M}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Show} and watched is self.parent():
            self.resize(self.parentWidget().size())
            self.raise_()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        ink = QColor(theme.tokens().text)
        ink.setAlpha(_FAINT)
        painter.setPen(ink)
        for row, y in enumerate(range(_DOWN // 2, self.height() + _DOWN, _DOWN)):
            for x in range(-(row % 2) * _ACROSS // 2, self.width() + _ACROSS, _ACROSS):
                painter.save()
                painter.translate(QPoint(x, y))
                painter.rotate(_SLANT)
                painter.drawText(0, 0, self.text())
                painter.restore()
        painter.end()
