"""Beyond one's own grids: the reason is asked for in the place of what it opens: a file, a list, an export."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.model.names import label as name_of
from core.security.own_grids import MINUTES, Entry, OutsideGrids, enter, enter_list
from core.security.reasons import says_something
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.parts import button, card, label

T = TypeVar("T")
_WIDE = 720


def or_refusal(read: Callable[[], T]) -> Callable[[], T | OutsideGrids]:
    """What is read, or that it lies outside the grids of who asks."""

    def asked() -> T | OutsideGrids:
        try:
            return read()
        except OutsideGrids as refusal:
            return refusal

    return asked


class ReasonBox(QWidget):
    """Says what is closed and why, takes a reason that says something; ``said`` carries it, ``left`` gives up."""

    said = Signal(str)
    left = Signal()

    def __init__(self, title: str, note: str, *, verb: str, icon: str, example: str) -> None:
        super().__init__()
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(example)
        self.reason.setAccessibleName(_("Reason"))
        self.reason.setMaxLength(200)
        self.act = button(verb, self.ask, icon=icon, kind="primary")
        self.act.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.act.setEnabled(says_something(text)))
        self.reason.returnPressed.connect(self.ask)
        self.setFocusProxy(self.reason)
        inside = QVBoxLayout()
        inside.setSpacing(theme.M)
        inside.addLayout(_headline(title))
        inside.addWidget(label(note, "muted", wrap=True))
        inside.addWidget(self.reason)
        self.acts = QHBoxLayout()
        self.acts.setSpacing(theme.S)
        self.acts.addWidget(self.act)
        self.acts.addStretch(1)
        inside.addLayout(self.acts)
        made = card(inside)
        made.setMaximumWidth(_WIDE)
        self.outer = QHBoxLayout(self)
        self.outer.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
        self.outer.addWidget(made, 1, Qt.AlignmentFlag.AlignTop)
        self.outer.addStretch(0)

    def may_leave(self, words: str) -> None:
        """Offers to give up, by a button and by Escape."""
        self.acts.insertWidget(1, button(words, self.left.emit, tip="Esc"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.acts.count() > 2:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def ask(self) -> None:
        """Hands the reason on, if it says something."""
        if says_something(self.reason.text()):
            self.act.setEnabled(False)
            self.said.emit(self.reason.text())


class EntryBox(ReasonBox):
    """Says where the record lies and takes the reason; ``entered`` tells that it may be read now."""

    entered = Signal()

    def __init__(self, desk: Desk, resource: str, entity: int, refusal: OutsideGrids) -> None:
        note = _("This one record is opened for {n} minutes. Your name, the time and the reason are recorded; "
                 "the auditor reads them.")  # fmt: skip
        super().__init__(
            refusal.message, note.format(n=MINUTES), verb=_("Open for {n} minutes").format(n=MINUTES), icon="eye",
            example=_("Reason, e.g. visiting somebody who moved here from my grid"),
        )  # fmt: skip
        self.said.connect(
            lambda reason: opened(self, desk, partial(enter, desk.workspace, resource, entity, reason))
        )


class ListEntryBox(ReasonBox):
    """A masked list beyond the own grids; ``entered`` tells that it may be shown now."""

    entered = Signal()

    def __init__(self, desk: Desk, resource: str) -> None:
        kind = name_of("resource", resource)
        note = _("The masked list of the whole district is opened for {n} minutes; each record still asks for a reason "
                 "of its own. Your name, the time and the reason are recorded; the auditor reads them.")  # fmt: skip
        super().__init__(
            _("{kind} beyond your own grids").format(kind=kind), note.format(n=MINUTES),
            verb=_("Open for {n} minutes").format(n=MINUTES), icon="eye",
            example=_("Reason, e.g. looking for relatives of a lost person"),
        )  # fmt: skip
        self.may_leave(_("Back to my grids"))
        self.outer.setContentsMargins(0, 0, 0, 0)
        self.said.connect(
            lambda reason: opened(self, desk, partial(enter_list, desk.workspace, resource, reason))
        )


class ExportReason(ReasonBox):
    """An export beyond the own grids; ``said`` carries the reason under which it is made."""

    def __init__(self, resource: str) -> None:
        note = _("The rows lie beyond your own grids. Your name, the time, the reason and the filter are recorded; the "
                 "auditor reads them.")  # fmt: skip
        super().__init__(
            _("Export of {kind} beyond your own grids").format(kind=name_of("resource", resource)), note,
            verb=_("Export"), icon="export", example=_("Reason, e.g. joint inspection with the fire brigade"),
        )  # fmt: skip
        self.outer.setContentsMargins(0, 0, 0, 0)


def opened(box: EntryBox | ListEntryBox, desk: Desk, enter_now: Callable[[], Entry]) -> None:
    """Opens what was asked for; who asked and why is recorded before anything is shown."""
    job = desk.jobs.write(enter_now, lambda _entry: box.entered.emit())

    def ended(job: Job) -> None:
        if job.state != "done":
            box.act.setEnabled(True)

    job.ended.connect(ended)


def _headline(title: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.S)
    picture = QLabel()
    picture.setPixmap(theme.pixmap("lock", theme.tokens().status("warning"), 20))
    row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label(title, "heading", wrap=True), 1)
    return row
