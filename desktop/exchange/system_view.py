"""One upstream system: how it stands, and behind segments its queue and its connector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.exchange import channels
from core.i18n import _
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.connector_view import ConnectorView
from desktop.exchange.corrections_view import CorrectionsView
from desktop.exchange.extraction_view import ExtractionView
from desktop.exchange.ferry_view import FerryView
from desktop.exchange.proposals_view import ProposalsView
from desktop.exchange.queue_view import QueueView
from desktop.exchange.reconciliation_view import ReconciliationView
from desktop.exchange.standing import Standing, duties_of, itself_of, line_of, state_of
from desktop.widgets.parts import button, clear, label, segment, status_word


class SystemView(QWidget):
    """The page of one system; ``left`` asks for the overview."""

    left = Signal()
    asked_to_push = Signal(str)
    opened = Signal(int)
    outgrown = Signal()

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
            self.queue = QueueView(desk, one.target, by_files=one.by_files)
            self.queue.opened.connect(self.opened)
            self.queue.asked.connect(partial(self.asked_to_push.emit, one.target))
            self._add(_("Queue"), self.queue)
        self.reconciliation: ReconciliationView | None = None
        if one.outbox is not None:
            self.reconciliation = ReconciliationView(desk, one.it)
            self._add(_("Reconciliation"), self.reconciliation, self.reconciliation.look)
        self.ferry: FerryView | None = None
        if "packages" in one.it.direction and one.configured:
            self.ferry = FerryView(desk)
            self._add(_("Folders"), self.ferry, self.ferry.look)
        self.extraction: ExtractionView | None = None
        if one.it.extract:
            self.extraction = ExtractionView(desk, one.it)
            self._add(_("Extraction"), self.extraction, self.extraction.look)
            self.extraction.look()
        self._add_what_goes_back(one)
        self.connector = ConnectorView(desk, one.it)
        self._add(_("Connector"), self.connector, self.connector.look)
        self._row.addStretch(1)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason of the pause"))
        self.reason.setFixedWidth(220)
        self.reason.setVisible(False)
        self.reason.returnPressed.connect(self.pause)
        self._row.addWidget(self.reason)
        if self.queue is None and self.extraction is None and self.ferry is None:
            self.connector.look()
        self.show_standing(one)

    def _add_what_goes_back(self, one: Standing) -> None:
        """Corrections and proposals, where the system is a source that takes them."""
        self.corrections: CorrectionsView | None = None
        if one.it.proposes("corrections") and one.outbox is not None:
            self.corrections = CorrectionsView(self.desk, one.it)
            self.corrections.opened.connect(self.opened)
            self._add(_("Corrections"), self.corrections, self.corrections.look)
        self.proposals: ProposalsView | None = None
        if one.it.proposes("missing") and self.desk.workspace.actor.may("address.propose"):
            self.proposals = ProposalsView(self.desk)
            self._add(_("Proposed addresses"), self.proposals, self.proposals.look)

    def show_part(self, state: str) -> None:
        """Brings to the front what a state is about: the queue in that state, what differs, what is gone."""
        part = {"differ": self.reconciliation, "gone": self.extraction}.get(state, self.queue)
        if part is None:
            return
        self._segments.button(self._parts.indexOf(part)).click()
        if self.queue is not None and part is self.queue:
            self.queue.choose(state)

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
        if words := "  ·  ".join(filter(None, (line_of(one), itself_of(one)))):
            told = label(words, "muted", wrap=True)
            told.setToolTip(duties_of(one) if one.duties else "")
            self._line.addWidget(told)
        if self.extraction is not None:
            self.extraction.changes.setEnabled(one.configured)
            self.extraction.everything.setEnabled(one.configured)
        if self.ferry is not None:
            self.ferry.look()
        if self.queue is not None and one.outbox is not None:
            self.queue.show_state(one.outbox)

    def _actions(self, one: Standing) -> list[QWidget]:
        made: list[QWidget] = []
        actor = self.desk.workspace.actor
        begins = one.it.push or one.it.proposes("corrections")
        if one.outbox is None and begins and one.configured and actor.may("exchange.configure"):
            tip = _("What it should hold already is queued at once; from then on every change")
            made.append(button(_("Begin queuing"), self.begin, icon="send", kind="primary", tip=tip))
        if not actor.may("exchange.push"):
            return made
        paused = bool(one.channel and one.channel.channel.paused_at)
        if paused:
            words = _("Resume sending") if one.outbox is not None else _("Let it run by itself")
            made.append(button(words, self.resume, icon="forward"))
        elif one.configured and (one.outbox is not None or one.duties):
            words = _("Pause sending") if one.outbox is not None else _("Pause what runs by itself")
            made.append(button(words, self.pause, icon="waiting", tip=_("Say why, then pause")))
        if one.outbox is None:
            return made
        go = button(
            _("Push {n}").format(n=f"{one.due:,}"), lambda: self.asked_to_push.emit(one.target), icon="send",
            kind="primary",
        )  # fmt: skip
        go.setEnabled(bool(one.due) and one.configured and not paused)
        made.append(go)
        return made

    def pause(self) -> None:
        """Stops sending to this system; without a reason the field for it is offered first."""
        reason, workspace, target = self.reason.text().strip(), self.desk.workspace, self.target
        if not reason:
            self.reason.setVisible(True)
            self.reason.setFocus()
            return
        self.reason.clear()
        self.reason.setVisible(False)
        self.desk.jobs.write(lambda: channels.pause(workspace, target, reason), self._changed)

    def resume(self) -> None:
        """Lets sending go on."""
        workspace, target = self.desk.workspace, self.target
        self.desk.jobs.write(lambda: channels.resume(workspace, target), self._changed)

    def begin(self) -> None:
        """Queues what this system should hold already, and from now on every change."""
        workspace, target = self.desk.workspace, self.target
        self.desk.jobs.run(
            _("Queuing what is due"),
            lambda _progress: channels.begin_queueing(workspace, target),
            self._begun,
        )

    def _begun(self, count: int) -> None:
        self.desk.messages.done(_("{n} queued.").format(n=f"{count:,}"))
        self.outgrown.emit()

    def _changed(self, _nothing: None) -> None:
        self.desk.changes.outbox.emit()

    def _add(self, title: str, part: QWidget, shown: Callable[[], object] | None = None) -> None:
        place = self._parts.addWidget(part)
        made = segment(title, partial(self._parts.setCurrentIndex, place), chosen=place == 0)
        if shown is not None:
            made.clicked.connect(lambda _checked=False: shown())
        self._segments.addButton(made, place)
        self._row.addWidget(made)
