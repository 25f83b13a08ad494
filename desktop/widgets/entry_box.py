"""A file outside one's own grids: the reason is asked for in its place, and once stated the file is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.security.own_grids import MINUTES, Entry, OutsideGrids, enter
from core.security.reasons import says_something
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.parts import button, card, label

T = TypeVar("T")


def or_refusal(read: Callable[[], T]) -> Callable[[], T | OutsideGrids]:
    """What is read, or that it lies outside the grids of who asks."""

    def asked() -> T | OutsideGrids:
        try:
            return read()
        except OutsideGrids as refusal:
            return refusal

    return asked


class EntryBox(QWidget):
    """Says where the record lies and takes the reason; ``entered`` tells that it may be read now."""

    entered = Signal()

    def __init__(self, desk: Desk, resource: str, entity: int, refusal: OutsideGrids) -> None:
        super().__init__()
        self._desk, self._resource, self._entity = desk, resource, entity
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason, e.g. visiting somebody who moved here from my grid"))
        self.reason.setMaxLength(200)
        self.act = button(_("Open for {n} minutes").format(n=MINUTES), self.ask, icon="eye", kind="primary")
        self.act.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.act.setEnabled(says_something(text)))
        self.reason.returnPressed.connect(self.ask)
        self.setFocusProxy(self.reason)
        row = QHBoxLayout()
        row.addWidget(self.reason, 1)
        row.addWidget(self.act)
        inside = QVBoxLayout()
        inside.setSpacing(theme.M)
        inside.addWidget(label(refusal.message, "heading", wrap=True))
        note = _("This one record is opened for {n} minutes. Your name, the time and the reason are recorded; "
                 "the auditor reads them.")  # fmt: skip
        inside.addWidget(label(note.format(n=MINUTES), "muted", wrap=True))
        inside.addLayout(row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.XL)
        outer.addWidget(card(inside), 0, Qt.AlignmentFlag.AlignTop)

    def ask(self) -> None:
        """Opens the record; who asked and why is recorded before anything is shown."""
        if not says_something(self.reason.text()):
            return
        self.act.setEnabled(False)
        work = partial(enter, self._desk.workspace, self._resource, self._entity, self.reason.text())
        job = self._desk.jobs.write(work, self._opened)
        job.ended.connect(self._ended)

    def _opened(self, _entry: Entry) -> None:
        self.entered.emit()

    def _ended(self, job: Job) -> None:
        if job.state != "done":
            self.act.setEnabled(True)
