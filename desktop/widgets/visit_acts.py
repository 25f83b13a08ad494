"""A visit on the page of rounds: how it stands, and what who hands visits out can do with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.i18n import _
from core.stewardship.field_audit import VISIT, Round
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button
from desktop.widgets.visit_form import ask_hand_over, take_back


class VisitActs(QWidget):
    """Hand over and withdraw; shown for an open visit to who may."""

    def __init__(self, desk: Desk, changed: Callable[[], object]) -> None:
        super().__init__()
        self._desk, self._changed, self._round = desk, changed, None
        self.over = button(_("Hand over…"), self.hand_over, icon="user")
        self.back = button(_("Withdraw"), self.withdraw, icon="undo")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.S)
        row.addWidget(self.over)
        row.addWidget(self.back)
        self.setVisible(False)

    _round: Round | None

    def is_mine(self, one: Round) -> bool:
        """Whether it is an open visit of the user himself."""
        mine = one.purpose == VISIT and one.assignee == self._desk.workspace.actor.name
        return mine and not one.closed_at and one.checked < one.items

    def show_round(self, one: Round) -> None:
        """Offers what can be done with a round now."""
        self._round = one
        may = self._desk.workspace.actor.may("field_audit.run")
        self.setVisible(may and one.purpose == VISIT and not one.closed_at)
        self.back.setVisible(not one.checked)

    def hand_over(self) -> None:
        """Opens the form that gives the visit to somebody else."""
        if self._round is not None:
            ask_hand_over(self._desk, self._round, self._changed)

    def withdraw(self) -> None:
        """Takes the visit back."""
        if self._round is not None:
            take_back(self._desk, self._round.id, self._changed)


def visit_line(one: Round) -> str:
    """Whose visit it is, until when, why, and who handed it out."""
    text = _("visit of {who} until {day} · handed out {at} by {by} · {reason}")
    told = text.format(who=one.assignee, day=one.due_on, at=one.at[:10], by=one.actor, reason=one.reason)
    return f"{told} · {_('overdue')}" if _late(one) else told


def round_state(one: Round) -> theme.Status:
    """Done, overdue or under way."""
    if one.closed_at or one.checked >= one.items:
        return "done"
    return "warning" if _late(one) else "waiting" if one.purpose == VISIT else "unchecked"


def _late(one: Round) -> bool:
    today = QDate.currentDate().toString("yyyy-MM-dd")
    return one.purpose == VISIT and not one.closed_at and one.checked < one.items and one.due_on < today
