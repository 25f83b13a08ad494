"""Exchange: a card for each upstream system with its honest state; behind it its queue and its messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.errors import GridLinkError
from core.exchange.rounds.duties import set_automatic
from core.i18n import N_, _
from desktop import theme
from desktop.desk import Desk
from desktop.exchange import standing
from desktop.exchange.acting import Acting
from desktop.exchange.log_strip import LogStrip
from desktop.exchange.standing import Standing
from desktop.exchange.system_card import CardGrid, SystemCard
from desktop.exchange.system_view import SystemView
from desktop.jobs import Job
from desktop.pages import Page
from desktop.visits import Place
from desktop.widgets.message_view import MessageView
from desktop.widgets.parts import button, clear, empty, head, label


class ExchangePage(Page):
    """What leaves, and what came back."""

    name, title, icon, permission = "exchange", N_("Exchange"), "exchange", "exchange.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.systems: dict[str, Standing] = {}
        self.system: SystemView | None = None
        self._wanted = self._state = ""
        self.acting = Acting(desk)
        self.grid, self.log = CardGrid(), LogStrip(desk)
        self._told, self._trouble = label("", "muted"), QVBoxLayout()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._overview())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.addWidget(self._stack)
        back = QShortcut(QKeySequence("Backspace"), self)
        back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self.show_all)

    def _overview(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.L)
        self.itself = QCheckBox(_("Runs by itself"))
        self.itself.setToolTip(
            _("What is due runs by itself within each operator's hours, while a client is open")
        )
        self.itself.setEnabled(self.desk.workspace.actor.may("exchange.configure"))
        self.itself.clicked.connect(self.switch)
        refresh = button(_("Refresh"), self.refresh, icon="refresh", tip="F5")
        column.addLayout(head(_(self.title), self._told, self.itself, refresh))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self.grid)
        column.addLayout(self._trouble)
        column.addWidget(area, 1)
        column.addWidget(self.log)
        return made

    def refresh(self) -> None:
        """Reads how every system stands, beside the window; nobody is asked over the network."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: standing.read(workspace), self.show_systems).ended.connect(self._read)
        self.log.look()

    def switch(self, on: bool) -> None:
        """Lets what is due run by itself, or not; for every client of the store."""
        workspace = self.desk.workspace
        self.desk.jobs.write(
            lambda: set_automatic(workspace, on=on), lambda _nothing: self.desk.changes.outbox.emit()
        )

    def _read(self, job: Job) -> None:
        """Says so where nothing can be shown: one connector's file is faulty, and its lines are named."""
        if job.state == "failed" and not self.systems and isinstance(job.error, GridLinkError):
            clear(self._trouble)
            self._trouble.addWidget(empty("error", f"{job.error.message} {job.error.cure}"))

    def show_systems(self, systems: Sequence[Standing]) -> None:
        """Shows the cards, and brings the system in front up to date."""
        clear(self._trouble)
        self.systems = {one.target: one for one in systems}
        may_push = self.desk.workspace.actor.may("exchange.push")
        cards = [self._card(one, may_push=may_push and one.configured) for one in systems]
        self.grid.show_cards(cards)
        configured = sum(1 for one in systems if one.configured)
        self._told.setText(
            _("{n} of {total} systems are configured").format(n=configured, total=len(systems))
        )
        self.itself.setChecked(any(one.automatic for one in systems))
        if self.system is not None:
            self.system.show_standing(self.systems[self.system.target])
        if self._wanted:
            self.open_system(self._wanted)

    def open_system(self, target: str, state: str = "") -> None:
        """Brings one system to the front, with its queue in a state."""
        if target not in self.systems:
            self._wanted = target
            self._state = state
            return
        state = state or self._state
        self._wanted = self._state = ""
        self.show_all()
        self.system = SystemView(self.desk, self.systems[target])
        self.system.left.connect(self.show_all)
        self.system.asked_to_push.connect(self.push)
        self.system.opened.connect(self.open_message)
        self.system.outgrown.connect(self._reopen)
        self._stack.addWidget(self.system)
        self._stack.setCurrentWidget(self.system)
        if state:
            self.system.show_part(state)
        self.desk.visits.note(self.place())

    def _reopen(self) -> None:
        """A system that has a queue now is another page."""
        if self.system is not None:
            self._wanted = self.system.target
        self.desk.changes.outbox.emit()

    def configure(self, target: str) -> None:
        """Opens the settings of one system."""
        self.open_system(target)
        if self.system is not None:
            self.system.show_connector()

    def place(self) -> Place:
        return Place(self.name, self.system.target if self.system is not None else "")

    def open_file(self, target: str, _entity: int) -> None:
        """Comes back to a system that was visited before."""
        if self.system is None or self.system.target != target:
            self.open_system(target)

    def show_table(self) -> None:
        """Comes back to the cards."""
        self.show_all()

    def open_message(self, id: int) -> None:
        """Shows one message in the drawer."""
        self.desk.show_drawer(_("Message"), MessageView(self.desk, id))

    def show_all(self) -> None:
        """Brings the cards to the front."""
        if self.system is not None:
            self._stack.removeWidget(self.system)
            self.system.deleteLater()
            self.system = None
        self._stack.setCurrentIndex(0)

    def push(self, target: str) -> None:
        """Sends what is due to one system; an item leaves only on its receipt."""
        self.acting.push(target)

    def _card(self, one: Standing, *, may_push: bool) -> SystemCard:
        may_configure = self.desk.workspace.actor.may("exchange.configure")
        made = SystemCard(
            one,
            push=partial(self.push, one.target) if may_push and not _is_paused(one) else None,
            configure=partial(self.configure, one.target) if may_configure else None,
            cure=self.acting.cure_of(one),
        )
        made.opened.connect(self.open_system)
        return made


def _is_paused(one: Standing) -> bool:
    return bool(one.channel and one.channel.channel.paused_at)
