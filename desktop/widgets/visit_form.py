"""Handing picked records to an officer as a visit: who, until when, why; and handing a visit over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.jobs import Progress
from core.model.names import label as name_of
from core.registry.fields import way_to_address
from core.registry.filters import Selection
from core.registry.tables import addresses_of
from core.security.reasons import says_something
from core.stewardship.field_audit import Round
from core.stewardship.visits import VISITED, hand_out, hand_over, takers, withdraw
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, label

_DAYS = 7
"""Days that are proposed."""


class VisitForm(QWidget):
    """Officer, day and reason; ``said`` carries them once the reason says something."""

    said = Signal(str, str, str)

    def __init__(self, desk: Desk, note: str, verb: str, *, due: str = "") -> None:
        super().__init__()
        self.officer, self.due, self.reason = QComboBox(), QDateEdit(), QLineEdit()
        self.due.setCalendarPopup(True)
        self.due.setDisplayFormat("yyyy-MM-dd")
        today = QDate.currentDate()
        self.due.setMinimumDate(today)
        self.due.setDate(max(QDate.fromString(due, "yyyy-MM-dd"), today) if due else today.addDays(_DAYS))
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText(_("e.g. rented houses before the fire inspection"))
        self.act = button(verb, self.ask, icon="user", kind="primary")
        column = QVBoxLayout(self)
        column.setSpacing(theme.S)
        column.addWidget(label(note, "muted", wrap=True))
        for title, widget in ((_("Officer"), self.officer), (_("Until"), self.due), (_("Reason"), self.reason)):
            column.addWidget(label(title, "muted"))
            column.addWidget(widget)
            widget.setAccessibleName(title)
        column.addSpacing(theme.S)
        column.addWidget(self.act)
        column.addStretch(1)
        self.officer.currentIndexChanged.connect(lambda _place: self.ready())
        self.reason.textChanged.connect(lambda _text: self.ready())
        self.reason.returnPressed.connect(self.ask)
        workspace = desk.workspace
        desk.jobs.read(lambda: takers(workspace), self._offer)
        self.ready()

    def ask(self) -> None:
        """Hands on what was chosen."""
        if self.act.isEnabled():
            self.act.setEnabled(False)
            self.said.emit(self.officer.currentText(), self.due.date().toString("yyyy-MM-dd"), self.reason.text())

    def _offer(self, names: Sequence[str]) -> None:
        self.officer.addItems(list(names))
        self.officer.setCurrentIndex(-1)
        self.officer.setPlaceholderText(_("choose"))

    def ready(self) -> None:
        """Whether it can be handed on."""
        self.act.setEnabled(bool(self.officer.currentText()) and says_something(self.reason.text()))


def ask_visit(desk: Desk, selection: Selection, count: int) -> VisitForm:
    """Opens the form for a selection in the drawer; of people and others their addresses are handed out."""
    own = selection.resource in VISITED
    note = _("{n} records of {kind} become a list for one officer: he finds it on his workbench, enters what he found "
             "or fills in the check sheet.") if own else _(
        "Of {n} records of {kind} the addresses are handed out, not a list of the records. The officer finds them on "
        "his workbench.")  # fmt: skip
    kind = name_of("resource", selection.resource)
    form = VisitForm(desk, note.format(n=f"{count:,}", kind=kind), _("Hand out"))
    form.said.connect(lambda to, due, reason: _hand_out(desk, selection, form, said=(to, due, reason)))
    desk.show_drawer(_("Hand out a visit"), form)
    form.reason.setFocus()
    return form


def may_visit(desk: Desk, resource: str) -> bool:
    """Whether the user may hand out records of a kind, or their addresses."""
    return desk.workspace.actor.may("field_audit.run") and (resource in VISITED or bool(way_to_address(resource)))


def ask_hand_over(desk: Desk, one: Round, done: Callable[[], object]) -> VisitForm:
    """Opens the form that gives a visit to another officer."""
    note = _("{who} has this visit until {day}; {checked} of {items} records were looked at and stay entered.")
    form = VisitForm(desk, note.format(
        who=one.assignee, day=one.due_on, checked=f"{one.checked:,}", items=f"{one.items:,}"
    ), _("Hand over"), due=one.due_on)  # fmt: skip
    workspace = desk.workspace

    def go(to: str, due: str, reason: str) -> None:
        told = _("{who} has the visit now, until {day}.").format(who=to, day=due)
        act = partial(hand_over, workspace, one.id, to, due=due, reason=reason)
        desk.jobs.write(act, partial(_told, desk, told, done))

    form.said.connect(go)
    desk.show_drawer(_("Hand over a visit"), form)
    return form


def take_back(desk: Desk, number: int, done: Callable[[], object]) -> None:
    """Withdraws a visit of which nothing was entered yet."""
    told = _("Visit {number} withdrawn.").format(number=number)
    desk.jobs.write(partial(withdraw, desk.workspace, number), partial(_told, desk, told, done))


def _told(desk: Desk, text: str, done: Callable[[], object], _result: object) -> None:
    desk.messages.done(text)
    done()


def _hand_out(desk: Desk, selection: Selection, form: VisitForm, *, said: tuple[str, str, str]) -> None:
    workspace, (to, due, reason) = desk.workspace, said

    def work(progress: Progress) -> Round:
        rows = selection
        if selection.resource not in VISITED:
            rows = Selection("address", ids=tuple(addresses_of(workspace, selection, progress=progress)),
                             grids=selection.grids)  # fmt: skip
        return hand_out(workspace, rows, to, due=due, reason=reason, progress=progress)

    def done(one: Round) -> None:
        told = _("{n} records handed to {who} until {day}.").format(n=f"{one.items:,}", who=to, day=due)
        desk.messages.done(told, undo=partial(take_back, desk, one.id, lambda: None))

    job = desk.jobs.run(_("Handing out a visit"), work, done)
    job.ended.connect(lambda _job: form.ready())
