"""The queue of one system: its states with their counts, a search, and what can be done with what is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from core.exchange.connectors import connector
from core.exchange.intervening import hold, let_go
from core.exchange.outbox import STATES, OutboxState, send_again
from core.exchange.queue import Queued, Wanted, by_number, numbers
from core.i18n import N_, _
from desktop.desk import Desk
from desktop.exchange.brief import BRIEF
from desktop.exchange.queue_model import QueueModel, fields
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, clear, empty, label, segment
from desktop.widgets.tables import RowsModel, table
from desktop.widgets.watermark import Watermark

_ALWAYS = ("waiting", "awaited", "accepted", "rejected")
"""States that are offered even where nothing is in them."""
_NOTHING = {
    "waiting": N_("Nothing is waiting: what changes in the registry queues by itself."),
    "rejected": N_("Nothing was rejected."),
    "awaited": N_("Every receipt that was due has come."),
}  # fmt: skip
_WIDTHS, _WIDE = (136, 80, 100, 320, 132, 64, 230), (126, 76, 180, 280, 132, 64, 230)
_PATIENCE = 250
"""Milliseconds after the last key before a search begins."""


class QueueView(QWidget):
    """Deliveries of one system; ``opened`` names the one that somebody wants to see."""

    opened = Signal(int)
    asked = Signal()

    def __init__(self, desk: Desk, target: str, *, by_files: bool = False) -> None:
        super().__init__()
        self._by_files = by_files
        self.desk, self.target, self.state = desk, target, ""
        self.now: OutboxState | None = None
        self.model = QueueModel(desk)
        self.model.setParent(self)
        self.view = table(self.model, stretch=3)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Address, house code, token or receipt number"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(300)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Why these are held"))
        self.reason.setFixedWidth(180)
        self.reason.setVisible(False)
        self._holding: QPushButton | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_PATIENCE)
        self._segments, self._row, self._acts = QButtonGroup(self), QHBoxLayout(), QHBoxLayout()
        self._rows, self._none = QStackedWidget(), QVBoxLayout()
        self._count = label("", "muted")
        self._build()
        self._connect()

    def _build(self) -> None:
        self._row.setSpacing(0)
        self._acts.setSpacing(8)
        top = QHBoxLayout()
        top.addLayout(self._row)
        top.addStretch(1)
        acts = QHBoxLayout()
        acts.addWidget(self.search)
        acts.addWidget(self._count)
        acts.addStretch(1)
        acts.addWidget(self.reason)
        acts.addLayout(self._acts)
        self._rows.addWidget(self.view)
        nothing = QWidget()
        nothing.setLayout(self._none)
        self._rows.addWidget(nothing)
        several = len(connector(self.target).leaving) > 1
        for place, width in enumerate(_WIDE if several else _WIDTHS):
            self.view.setColumnWidth(place, width)
        self.view.setColumnHidden(1, not several)
        Watermark(self.view, self.desk.workspace.actor.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addLayout(acts)
        column.addWidget(self._rows, 1)

    def _connect(self) -> None:
        self._wait.timeout.connect(self.look)
        self.search.textChanged.connect(lambda _text: self._wait.start())
        self.reason.textChanged.connect(self._may_hold)
        self.model.told.connect(self._told)
        self.view.doubleClicked.connect(lambda index: self.open_row(index.row()))
        self.view.selectionModel().selectionChanged.connect(lambda _now, _before: self._offer())
        for keys, act in (
            ("J", partial(self._step, 1)), ("K", partial(self._step, -1)), ("Return", self._open_current),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self.view)
            shortcut.activated.connect(act)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

    # --- what is shown ---

    def show_state(self, now: OutboxState) -> None:
        """Takes over the counts and reads the rows again."""
        first = self.now is None
        self.now = now
        if first and not self.state:
            self.state = "rejected" if now.rejected else ""
        clear(self._row)
        offered = ["", *(s for s in STATES if s in _ALWAYS or getattr(now, s) or s == self.state)]
        for number, state in enumerate(offered):
            self._row.addWidget(self._segment(number, state))
        self.look()

    def choose(self, state: str) -> None:
        """Shows the deliveries of one state (all if empty)."""
        self.state = state
        for made in self._segments.buttons():
            made.setChecked(made.property("state") == state)
        self.look()

    def look(self) -> None:
        """Reads what is shown."""
        self._wait.stop()
        self.model.open(Wanted(self.target, self.state, self.search.text()))

    def open_row(self, row: int) -> None:
        """Asks for the message of a row."""
        if 0 <= row < len(self.model.numbers):
            self.opened.emit(self.model.numbers[row])

    def _segment(self, number: int, state: str) -> QPushButton:
        assert self.now is not None
        count = getattr(self.now, state) if state else sum(getattr(self.now, s) for s in STATES)
        made = segment(f"{_title(state)}  {count:,}", partial(self.choose, state), chosen=state == self.state)
        made.setProperty("state", state)
        self._segments.addButton(made, number)
        return made

    def _told(self, total: int) -> None:
        looked_for = len(self.search.text().strip()) >= 2
        text = _("{n} deliveries found") if looked_for else _("{n} deliveries")
        self._count.setText(text.format(n=f"{total:,}"))
        clear(self._none)
        if not total:
            words = _("Nothing of this system is found by that.") if looked_for else self._nothing()
            self._none.addWidget(empty("search" if looked_for else "exchange", words))
        self._rows.setCurrentIndex(0 if total else 1)
        self._offer()

    def _nothing(self) -> str:
        if not self.state:
            return _("Nothing has been queued for this system yet. Whatever an import or a correction "
                     "changes that is due to it queues by itself.")  # fmt: skip
        return _(_NOTHING[self.state]) if self.state in _NOTHING else _("Nothing is in this state.")

    # --- what can be done ---

    def chosen(self) -> list[int]:
        """The ids of the selected deliveries; none where a single row is merely current."""
        ranges = self.view.selectionModel().selection().toList()
        ids = [id for one in ranges for id in self.model.numbers[one.top() : one.bottom() + 1]]
        return ids if len(ids) > 1 else []

    def again(self) -> None:
        """Queues what was rejected once more, as the records now stand."""
        ids, workspace, target = self._meant(), self.desk.workspace, self.target
        self._run(_("Queuing again"), lambda: send_again(workspace, target, ids), _("{n} queued again."))

    def _meant(self) -> Sequence[int] | None:
        """The selected ones, else what the search found, else all of the state."""
        chosen = self.chosen()
        if chosen:
            return chosen
        return list(self.model.numbers) if self.model.wanted.text.strip() else None

    def _offer(self) -> None:
        clear(self._acts)
        self._holding = None
        may = self.desk.workspace.actor.may("exchange.push")
        self.reason.setVisible(self.state == "waiting" and may and bool(self.model.numbers))
        count = len(self.chosen()) or len(self.model.numbers)
        if count and may:
            for act in self._possible(count):
                self._acts.addWidget(act)
        if count:
            self._acts.addWidget(self._export())

    def hold(self) -> None:
        """Keeps what waits back, for a reason."""
        ids, workspace, target, reason = self._ids(), self.desk.workspace, self.target, self.reason.text()
        self._run(_("Holding"), lambda: hold(workspace, target, ids, reason), _("{n} held."))
        self.reason.clear()

    def let_go(self) -> None:
        """Lets what is held wait again."""
        ids, workspace, target = self._ids(), self.desk.workspace, self.target
        self._run(_("Letting go"), lambda: let_go(workspace, target, ids), _("{n} let go."))

    def _ids(self) -> list[int]:
        return self.chosen() or list(self.model.numbers)

    def _possible(self, count: int) -> list[QPushButton]:
        n = f"{count:,}"
        named = bool(self.chosen()) or bool(self.model.wanted.text.strip())
        if self.state == "rejected" or (self.state == "accepted" and named):
            return [button(_("Send {n} again").format(n=n), self.again, icon="refresh")]
        if self.state == "awaited":
            return self._awaited(count)
        if self.state == "held":
            return [button(_("Let {n} go").format(n=n), self.let_go, icon="forward")]
        if self.state == "waiting":
            act = button(_("Hold {n}").format(n=n), self.hold, icon="waiting", tip=_("Say why first"))
            act.setEnabled(bool(self.reason.text().strip()))
            self._holding = act
            return [act]
        return []

    def _awaited(self, count: int) -> list[QPushButton]:
        """Where receipts are files, what never got one leaves again under its own number; else it is asked about."""
        if not self._by_files:
            tip = _("Asks the system which of them arrived; only what it does not know is sent again.")
            return [
                button(
                    _("Ask for {n} receipts").format(n=f"{count:,}"), self.asked.emit, icon="refresh", tip=tip
                )
            ]
        tip = _("They leave again under the numbers that they have: what did arrive is only receipted again. "
                "What was taken back since stays awaited.")  # fmt: skip
        act = button(_("Send {n} again").format(n=f"{count:,}"), self.again_awaited, icon="refresh", tip=tip)
        return [act]

    def again_awaited(self) -> None:
        """Lets what is awaited leave again under its own number."""
        ids, workspace, target = self._ids(), self.desk.workspace, self.target
        text = _("{n} leave again with the next push, under their own numbers.")
        self._run(_("Queuing again"), lambda: send_again(workspace, target, ids), text)

    def _may_hold(self, text: str) -> None:
        if self._holding is not None and isValid(self._holding):
            self._holding.setEnabled(bool(text.strip()))

    def _export(self) -> ListExport:
        title = f"{_(connector(self.target).title)} {_title(self.state)}"
        workspace, wanted, chosen = self.desk.workspace, self.model.wanted, self.chosen()

        def everything() -> list[Queued]:
            ids = chosen or numbers(workspace, wanted)
            pages = (ids[start : start + 5000] for start in range(0, len(ids), 5000))
            return [row for page in pages for row in by_number(workspace, page)]

        return ListExport(self.desk, RowsModel(fields()), title, everything=everything)

    def _run(self, title: str, work: Callable[[], int], told: str) -> None:
        def done(count: int) -> None:
            self.desk.messages.done(told.format(n=f"{count:,}"))
            self.desk.changes.outbox.emit()

        self.desk.jobs.run(title, lambda _progress: work(), done)

    def _step(self, by: int) -> None:
        row = self.view.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(row, 0))

    def _open_current(self) -> Any:
        self.open_row(self.view.currentIndex().row())


def _title(state: str) -> str:
    return _(BRIEF[state]) if state else _("All")
