"""The faint diagonal watermark over what shows personal data: who looked, and when."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from desktop import theme

_SLANT, _ACROSS, _DOWN, _FAINT = -22, 360, 150, 18
"""Degrees, steps in pixels, and how much of 255 the ink covers."""


class Watermark(QWidget):
    """Lies over ``below``, follows its size and lets every click through.

    Not over a viewport: scrolling would carry it away.
    """

    def __init__(self, below: QWidget, user: str) -> None:
        super().__init__(below)
        self._below, self._user = below, user
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._tile, self._drawn = QPixmap(), ("", "", 0.0)
        below.installEventFilter(self)
        self.resize(below.size())

    def text(self) -> str:
        """What is written: the user and the present minute."""
        return f"{self._user}  {datetime.now().astimezone():%Y-%m-%d %H:%M}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Show} and watched is self._below:
            self.resize(self._below.size())
            self.raise_()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        wanted = (self.text(), theme.tokens().text, self.devicePixelRatioF())
        if wanted != self._drawn:  # the tile is drawn once a minute, so that scrolling below costs one copy
            self._tile, self._drawn = self._draw(), wanted
        painter = QPainter(self)
        painter.drawTiledPixmap(self.rect(), self._tile)
        painter.end()

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        tile = QPixmap(int(_ACROSS * ratio), int(2 * _DOWN * ratio))
        tile.setDevicePixelRatio(ratio)
        tile.fill(Qt.GlobalColor.transparent)
        ink = QColor(theme.tokens().text)
        ink.setAlpha(_FAINT)
        painter = QPainter(tile)
        painter.setPen(ink)
        for x, y in (
            (10, _DOWN - 20),
            (10 - _ACROSS // 2, 2 * _DOWN - 20),
            (10 + _ACROSS // 2, 2 * _DOWN - 20),
        ):
            painter.save()
            painter.translate(x, y)
            painter.rotate(_SLANT)
            painter.drawText(0, 0, self.text())
            painter.restore()
        painter.end()
        return tile
