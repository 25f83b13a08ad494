"""One's grids on a small map without a web page: the more is to do in one, the darker it is."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from core.atlas.grid_work import GridWork, Ring
from core.i18n import _
from desktop import theme
from desktop.map.colours import ramp

STEPS = (1, 5, 20, 100)
"""From how much to do a grid is drawn in the next colour."""
_LEGEND = 80
_SWATCH, _LINE = 14, 22


class GridMap(QWidget):
    """Draws grids by what is to do in them; a click opens one on the big map."""

    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._grids: Sequence[GridWork] = ()
        self._around: Sequence[Ring] = ()
        self._paths: list[QPainterPath] = []
        self._beyond = QPainterPath()
        self._drawn: QPixmap | None = None
        self.setMinimumSize(320, 220)
        self.setMouseTracking(True)

    def show_grids(self, grids: Sequence[GridWork], around: Sequence[Ring] = ()) -> None:
        """Shows other grids, or the same with other figures; what lies around them is drawn faintly."""
        self._grids, self._around = grids, around
        self._lay_out()

    def grid_at(self, point: QPointF) -> GridWork | None:
        """The grid under a point of the widget."""
        for grid, path in zip(self._grids, self._paths, strict=True):
            if path.contains(point):
                return grid
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._drawn = None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn is None:
            self._drawn = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = self.grid_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if here else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        here = self.grid_at(event.position())
        if here is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(here)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            here = self.grid_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), said_of(here) if here else "", self)
            return True
        return super().event(event)

    def _lay_out(self) -> None:
        """Fits all outlines into the widget, north up, a degree of longitude as long as it is here."""
        points = [point for grid in self._grids for ring in grid.rings for point in ring]
        self._paths = [QPainterPath() for _grid in self._grids]
        if points:
            west, east = min(x for x, _y in points), max(x for x, _y in points)
            south, north = min(y for _x, y in points), max(y for _x, y in points)
            narrow = math.cos(math.radians((south + north) / 2))
            room = QRectF(self.rect()).adjusted(theme.S + _LEGEND, theme.S, -theme.S, -theme.S)
            scale = min(
                room.width() / max((east - west) * narrow, 1e-6), room.height() / max(north - south, 1e-6)
            )
            left = room.center().x() - (east - west) * narrow * scale / 2
            top = room.center().y() - (north - south) * scale / 2
            fit = _Fit(west, north, narrow * scale, scale, left, top)
            self._paths = [_path(grid.rings, fit) for grid in self._grids]
            self._beyond = _path(self._around, fit)
        self._drawn = None
        self.update()

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap((self.size().toSizeF() * ratio).toSize())
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter, t, colours = QPainter(made), theme.tokens(), (theme.tokens().raised, *ramp()[1:])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line), 0.6))
        painter.drawPath(self._beyond)
        painter.setPen(QPen(QColor(t.muted), 0.6))
        for grid, path in zip(self._grids, self._paths, strict=True):
            painter.setBrush(QColor(colours[step_of(grid.total)]))
            painter.drawPath(path)
        if self._paths:
            self._legend(painter, colours)
        painter.end()
        return made

    def _legend(self, painter: QPainter, colours: Sequence[str]) -> None:
        t, words = theme.tokens(), steps_in_words()
        top = self.height() - theme.S - _LINE * len(words)
        for place, (colour, said) in enumerate(zip(colours, words, strict=True)):
            y = float(top + place * _LINE)
            painter.setPen(QPen(QColor(t.muted), 0.6))
            painter.setBrush(QColor(colour))
            painter.drawRect(QRectF(0.5, y, _SWATCH, _SWATCH))
            painter.setPen(QColor(t.muted))
            painter.drawText(QPointF(_SWATCH + theme.S, y + _SWATCH - 2), said)


def step_of(total: int) -> int:
    """Which colour a grid has by what is to do in it: 0 for nothing."""
    return bisect.bisect_right(STEPS, total)


def steps_in_words() -> Sequence[str]:
    """What each colour stands for."""
    between = [
        f"{low:,}" if high - low == 1 else f"{low:,}–{high - 1:,}" for low, high in itertools.pairwise(STEPS)
    ]
    return (_("nothing to do"), *between, f"≥ {STEPS[-1]:,}")


def said_of(grid: GridWork) -> str:
    """A grid in words."""
    kept = _("kept by {maintainer}").format(maintainer=grid.maintainer or _("nobody"))
    overdue = _("{n} overdue").format(n=f"{grid.overdue:,}")
    findings = [] if grid.findings is None else [_("{n} findings").format(n=f"{grid.findings:,}")]
    return f"{grid.name} {grid.grid_code}\n" + " · ".join([overdue, *findings, kept])


def _path(rings: Sequence[Ring], fit: _Fit) -> QPainterPath:
    made = QPainterPath()
    for ring in rings:
        made.addPolygon(QPolygonF([fit.at(x, y) for x, y in ring]))
    return made


@dataclass(frozen=True)
class _Fit:
    """How degrees become points of the widget."""

    west: float
    north: float
    across: float
    down: float
    left: float
    top: float

    def at(self, lon: float, lat: float) -> QPointF:
        return QPointF(self.left + (lon - self.west) * self.across, self.top + (self.north - lat) * self.down)
