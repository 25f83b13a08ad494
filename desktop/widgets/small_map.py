"""A small map without a web page: the grid's border, the addresses around, the record in the middle."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from core.i18n import _
from core.spatial.vicinity import Vicinity
from desktop import theme

_METRES = 111_320.0
_NARROW, _WIDE = 240.0, 1200.0
"""Metres from left to right, at least and at most; between them the grid fits."""
_BARS = (20, 50, 100, 200)
"""Metres that the scale bar may be long."""


class SmallMap(QWidget):
    """Wide enough for the record's grid; a click or Enter opens the big map."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._around: Vicinity | None = None
        self._text, self._across = _("Looking for its place"), _NARROW
        self.setFixedHeight(168)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(320, 168)

    def show_vicinity(self, around: Vicinity | None) -> None:
        """Shows a place, or says that there is none."""
        self._around = around
        self._across = _across(around) if around else _NARROW
        self._text = "" if around else _("Not on the map yet")
        self.setCursor(Qt.CursorShape.PointingHandCursor if around else Qt.CursorShape.ArrowCursor)
        self.setToolTip(_("Show on the map") if around else "")
        lon, lat = around.place if around else (0.0, 0.0)
        self.setAccessibleName(f"{around.grid} {lon:.6f}, {lat:.6f}" if around else self._text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(t.accent if self.hasFocus() else t.line), 1))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(frame, theme.RADIUS, theme.RADIUS)
        if self._around is None:
            painter.setPen(QColor(t.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        else:
            painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
            self._draw(painter, self._around)
        painter.end()

    def _draw(self, painter: QPainter, around: Vicinity) -> None:
        t = theme.tokens()
        painter.setPen(QPen(QColor(t.accent), 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(t.accent_soft))
        for ring in around.rings:
            painter.drawPolygon(QPolygonF([self._at(around, *point) for point in ring]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.muted))
        for point in around.neighbours:
            painter.drawEllipse(self._at(around, *point), 1.6, 1.6)
        middle = self._at(around, *around.place)
        painter.setBrush(QColor(t.surface))
        painter.drawEllipse(middle, 8, 8)
        painter.setBrush(QColor(t.accent))
        painter.drawEllipse(middle, 5.5, 5.5)
        self._scale(painter, around)

    def _scale(self, painter: QPainter, around: Vicinity) -> None:
        """A bar at the lower left, the grid's name at the upper left."""
        t, bottom = theme.tokens(), self.height() - theme.M
        metres = max(bar for bar in _BARS if bar <= max(self._across / 4, _BARS[0]))
        length = metres * self.width() / self._across
        painter.setPen(QPen(QColor(t.text), 1.5))
        painter.drawLine(QPointF(theme.M, bottom), QPointF(theme.M + length, bottom))
        painter.drawText(QPointF(theme.M + length + theme.S, bottom + 4), _("{n} m").format(n=metres))
        painter.drawText(QPointF(theme.M, theme.M + 9), around.grid)

    def _at(self, around: Vicinity, lon: float, lat: float) -> QPointF:
        pixels = self.width() / self._across
        east = (lon - around.place[0]) * _METRES * math.cos(math.radians(around.place[1]))
        north = (lat - around.place[1]) * _METRES
        return QPointF(self.width() / 2 + east * pixels, self.height() / 2 - north * pixels)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._open()
            return
        super().keyPressEvent(event)

    def _open(self) -> None:
        if self._around is not None:
            self.opened.emit()


def _across(around: Vicinity) -> float:
    """Metres from left to right so that the whole grid is seen around the record, within limits."""
    lon, lat = around.place
    narrow = math.cos(math.radians(lat))
    reach = [max(abs(x - lon) * narrow, 2 * abs(y - lat)) * _METRES for ring in around.rings for x, y in ring]
    return min(_WIDE, max(_NARROW, 2.1 * max(reach, default=0.0)))
