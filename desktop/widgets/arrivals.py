"""Packages as a time line: one lane a sender, one box a sequence number, gaps drawn where a number never came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from core.i18n import _
from core.model.names import SENDERS, label as name_of
from desktop import theme
from desktop.widgets.parts import local_time

_LANE, _NAME, _STEP, _BOX, _ASIDE = 24, 84, 34, QSize(28, 18), 440
_MOST: Final = 10
"""Boxes a lane, two lanes side by side; older packages are in the list below."""


@dataclass(frozen=True)
class Box:
    """One sequence number of a sender: a package (``row``), or a gap where there is none."""

    sender: str
    sequence: int
    row: Any
    place: QRectF


class Arrivals(QWidget):
    """A picture that can be clicked; the list beside it does the same by keyboard."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[Box] = []
        self.senders: list[str] = []
        self._current = 0
        self.setMinimumHeight(_LANE)
        self.setAccessibleName(_("Packages by sender, with gaps"))

    def show_packages(self, rows: Sequence[Any]) -> None:
        """Shows packages (newest first, undone ones too); a later import of a number stands for an undone one."""
        held: dict[str, dict[int, Any]] = {}
        for row in reversed(rows):
            held.setdefault(row.sender, {})[row.sequence] = row
        self.senders = [sender for sender in SENDERS if sender in held]
        self.boxes = []
        for lane, sender in enumerate(self.senders):
            newest, corner = max(held[sender]), _corner(lane)
            first = max(1, min(held[sender]), newest - _MOST + 1)
            for place, number in enumerate(range(first, newest + 1)):
                left = corner.x() + _NAME + place * _STEP
                box = QRectF(left, corner.y() + (_LANE - _BOX.height()) / 2, _BOX.width(), _BOX.height())
                self.boxes.append(Box(sender, number, held[sender].get(number), box))
        self.setFixedHeight(max(1, (len(self.senders) + 1) // 2) * _LANE)
        self.setVisible(bool(self.boxes))
        self.update()

    def mark(self, change_set: int) -> None:
        """Marks the package that is shown."""
        self._current = change_set
        self.update()

    def gaps(self) -> list[tuple[str, int]]:
        """The sequence numbers that never came."""
        return [(box.sender, box.sequence) for box in self.boxes if box.row is None]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lane, sender in enumerate(self.senders):
            corner = _corner(lane)
            painter.setPen(QColor(tokens.muted))
            there = QRectF(corner.x(), corner.y(), _NAME - theme.S, _LANE)
            painter.drawText(there, Qt.AlignmentFlag.AlignVCenter, name_of("sender", sender))
            ours, middle = [box.place for box in self.boxes if box.sender == sender], corner.y() + _LANE / 2
            painter.setPen(QPen(QColor(tokens.line), 2))
            painter.drawLine(QPointF(ours[0].left(), middle), QPointF(ours[-1].right(), middle))
        for box in self.boxes:
            self._draw(painter, box)

    def _draw(self, painter: QPainter, box: Box) -> None:
        tokens = theme.tokens()
        gap, undone = box.row is None, box.row is not None and box.row.state == "undone"
        colour = QColor(tokens.status("error" if gap else "unchecked" if undone else "done"))
        current = box.row is not None and box.row.change_set == self._current
        painter.setBrush(QColor(tokens.accent_soft if current else tokens.surface))
        dashed = Qt.PenStyle.DashLine if gap else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(tokens.accent) if current else colour, 2 if current else 1, dashed))
        painter.drawRoundedRect(box.place, 4, 4)
        painter.setPen(colour)
        text = _("gap") if gap else str(box.sequence)
        painter.drawText(box.place, Qt.AlignmentFlag.AlignCenter, text)
        if undone:
            painter.drawLine(box.place.topLeft(), box.place.bottomRight())

    def _at(self, place: QPointF) -> Box | None:
        return next((box for box in self.boxes if box.place.contains(place)), None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        box = self._at(event.position())
        if box is not None and box.row is not None:
            self.chosen.emit(int(box.row.change_set))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            box = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.words(box) if box is not None else "", self)
            return True
        return super().event(event)

    def words(self, box: Box) -> str:
        """What a box says when the mouse rests on it."""
        who = name_of("sender", box.sender)
        if box.row is None:
            return _("{sender}: number {n} never came.").format(sender=who, n=box.sequence)
        state = name_of("state", box.row.state)
        return f"{box.row.name} · {who} · {state} · {local_time(box.row.imported_at)}"


def _corner(lane: int) -> QPointF:
    """The upper left of a lane: two lanes a line."""
    return QPointF(lane % 2 * _ASIDE, lane // 2 * _LANE)
