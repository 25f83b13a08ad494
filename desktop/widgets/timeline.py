"""A record's history as a line of time: what came when from whom, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry.record import Origin, Record
from desktop import theme
from desktop.widgets.field_list import why_text
from desktop.widgets.parts import label, local_time

_MARGIN = 20


@dataclass(frozen=True)
class Moment:
    """One change set of a record; ``was`` holds the fields that it replaced, as they were."""

    at: str
    origin: Origin
    was: Mapping[str, Any]


def moments(one: Record) -> Sequence[Moment]:
    """Every change set that a record's present and former values know, the latest first."""
    was = {origin.change_set: before for origin, before in one.history if origin is not None}
    known = {value.origin.change_set: value.origin for value in one.values if value.origin is not None}
    known |= {origin.change_set: origin for origin, _before in one.history if origin is not None}
    made = [Moment(origin.at, origin, was.get(number, {})) for number, origin in known.items()]
    return sorted(made, key=lambda moment: -moment.origin.change_set)


class Timeline(QWidget):
    """Moments below one another along a line."""

    def __init__(self, shown: Sequence[Moment]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 0, 0, 0)
        column.setSpacing(theme.M)
        self._heads: list[QWidget] = []
        for moment in shown:
            box = QVBoxLayout()
            box.setSpacing(2)
            head = label(local_time(moment.at))
            self._heads.append(head)
            box.addWidget(head)
            box.addWidget(label(why_text(moment.origin), "muted", wrap=True))
            for name, value in moment.was.items():
                was = shown_value(name, value) or _("empty")
                text = _("{field} was {value}").format(field=field_title(name), value=was)
                box.addWidget(label(text, wrap=True))
            column.addLayout(box)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), theme.tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = [head.geometry().center().y() for head in self._heads]
        if places:
            painter.setPen(QPen(QColor(t.line), 2))
            painter.drawLine(QPointF(6, places[0]), QPointF(6, self.height()))
        painter.setPen(QPen(QColor(t.accent), 2))
        painter.setBrush(QColor(t.surface))
        for place in places:
            painter.drawEllipse(QPointF(6, place), 4, 4)
        painter.end()
