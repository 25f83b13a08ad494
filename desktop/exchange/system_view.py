"""One upstream system: how it stands, and behind segments its queue and its connector."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from core.i18n import _
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.connector_view import ConnectorView
from desktop.exchange.extraction_view import ExtractionView
from desktop.exchange.queue_view import QueueView
from desktop.exchange.standing import Standing, line_of, state_of
from desktop.widgets.parts import button, clear, label, status_word


class SystemView(QWidget):
    """The page of one system; ``left`` asks for the overview."""

    left = Signal()
    asked_to_push = Signal(str)
    opened = Signal(int)

    def __init__(self, desk: Desk, one: Standing) -> None:
        super().__init__()
        self.desk, self.target = desk, one.target
        self.queue: QueueView | None = None
        self._head, self._line = QHBoxLayout(), QVBoxLayout()
        self._segments, self._row = QButtonGroup(self), QHBoxLayout()
        self._row.setSpacing(0)
        self._parts = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addLayout(self._head)
        column.addLayout(self._line)
        column.addLayout(self._row)
        column.addWidget(self._parts, 1)
        if one.outbox is not None:
            self.queue = QueueView(desk, one.target)
            self.queue.opened.connect(self.opened)
            self._add(_("Queue"), self.queue)
        self.extraction: ExtractionView | None = None
        if one.it.extract:
            self.extraction = ExtractionView(desk, one.it)
            self._add(_("Extraction"), self.extraction, self.extraction.look)
            self.extraction.look()
        self.connector = ConnectorView(desk, one.it)
        self._add(_("Connector"), self.connector, self.connector.look)
        self._row.addStretch(1)
        if self.queue is None and self.extraction is None:
            self.connector.look()
        self.show_standing(one)

    def show_connector(self) -> None:
        """Brings the connector to the front."""
        self._segments.button(self._parts.indexOf(self.connector)).click()

    def show_standing(self, one: Standing) -> None:
        """Takes over how the system stands now."""
        clear(self._head)
        clear(self._line)
        back = button(_("All systems"), self.left.emit, icon="back", kind="link", tip="Esc")
        self._head.addWidget(back)
        self._head.addWidget(label(one.title, "title"))
        self._head.addSpacing(theme.M)
        self._head.addWidget(status_word(*state_of(one)))
        self._head.addStretch(1)
        for action in self._actions(one):
            self._head.addWidget(action)
        if line := line_of(one):
            self._line.addWidget(label(line, "muted", wrap=True))
        if self.extraction is not None:
            self.extraction.changes.setEnabled(one.configured)
            self.extraction.everything.setEnabled(one.configured)
        if self.queue is not None and one.outbox is not None:
            self.queue.show_state(one.outbox)

    def _actions(self, one: Standing) -> list[QPushButton]:
        made: list[QPushButton] = []
        if one.outbox is not None and self.desk.workspace.actor.may("exchange.push"):
            go = button(
                _("Push {n}").format(n=f"{one.due:,}"), lambda: self.asked_to_push.emit(one.target), icon="send",
                kind="primary",
            )  # fmt: skip
            go.setEnabled(bool(one.due) and one.configured)
            made.append(go)
        return made

    def _add(self, title: str, part: QWidget, shown: Callable[[], object] | None = None) -> None:
        place = self._parts.addWidget(part)
        made = QPushButton(title)
        made.setProperty("kind", "segment")
        made.setCheckable(True)
        made.setChecked(place == 0)
        made.clicked.connect(lambda _checked=False: self._parts.setCurrentIndex(place))
        if shown is not None:
            made.clicked.connect(lambda _checked=False: shown())
        self._segments.addButton(made, place)
        self._row.addWidget(made)
