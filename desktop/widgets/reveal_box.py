"""Showing one person's identity: asked for in place with a reason, shown with a countdown, closed by itself."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry.record import Record
from core.security.reasons import says_something
from core.security.reveal import Identity, reveal_identity
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.parts import button, card, clear, label, status_word

MINUTES = 3
"""How long an identity stays open."""
_FIELDS = ("name", "id_type", "id_number", "phone")


def secret_of(one: Record) -> str:
    """The token of the person whose identity the record masks: its own, or a house's landlord; else empty."""
    wanted = {"person": "person_token", "house": "landlord_token"}.get(one.resource, "")
    return next((str(value.value) for value in one.values if value.name == wanted), "")


class RevealBox(QWidget):
    """First a reason is asked for, then the identity is shown until the time is up or the view is left."""

    closed = Signal()

    def __init__(self, desk: Desk, token: str) -> None:
        super().__init__()
        self._desk, self._token, self._left = desk, token, 0
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason, e.g. verifying a residence permit on the spot"))
        self.reason.setMaxLength(200)
        self.act = button(
            _("Show for {n} minutes").format(n=MINUTES), self.ask, icon="eye", kind="primary",
            tip=_("Your name, the time and the reason are recorded; the auditor reads them."),
        )  # fmt: skip
        self.act.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.act.setEnabled(says_something(text)))
        self.reason.returnPressed.connect(self.ask)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._asking())
        self._stack.addWidget(self._open())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self.setVisible(False)

    def start(self) -> None:
        """Asks for the reason."""
        self._stack.setCurrentIndex(0)
        self.setVisible(True)
        self.reason.setFocus()

    def ask(self) -> None:
        """Reads the identity; who asked and why is recorded before it comes."""
        if not says_something(self.reason.text()):
            return
        workspace, token, reason = self._desk.workspace, self._token, self.reason.text()
        self.act.setEnabled(False)
        job = self._desk.jobs.read(partial(reveal_identity, workspace, token, reason), self._show)
        job.ended.connect(self._ended)

    @property
    def is_open(self) -> bool:
        """Whether an identity is shown now."""
        return self._left > 0

    def close_now(self) -> None:
        """Covers what was shown; nothing of it stays in the window."""
        self._clock.stop()
        was_open, self._left = self.is_open, 0
        clear(self._grid)
        self.reason.clear()
        self.setVisible(False)
        if was_open:
            self.closed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        if self.is_open and not event.spontaneous():
            self.close_now()
        super().hideEvent(event)

    def _asking(self) -> QWidget:
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        note = _("One record is shown, for {n} minutes. Your name, the time and the reason are recorded.")
        column.addWidget(label(note.format(n=MINUTES), "muted", wrap=True))
        row = QHBoxLayout()
        row.addWidget(self.reason, 1)
        row.addWidget(self.act)
        row.addWidget(button(_("Leave it masked"), self.close_now))
        column.addLayout(row)
        return card(column)

    def _open(self) -> QWidget:
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        row = QHBoxLayout()
        row.addWidget(status_word("warning", _("Shown unmasked")))
        self.countdown = label("", "muted")
        self.countdown.setFont(theme.monospace())
        row.addWidget(self.countdown)
        row.addWidget(button(_("Mask again"), self.close_now))
        column.addLayout(row)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.M)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        return card(column)

    def _show(self, identity: Identity) -> None:
        clear(self._grid)
        for row, name in enumerate(_FIELDS):
            value = getattr(identity, name)
            self._grid.addWidget(label(field_title(name), "muted"), row, 0)
            self._grid.addWidget(
                label(shown_value(name, value) if value else _("unknown"), "heading"), row, 1
            )
        self._left = MINUTES * 60
        self._stack.setCurrentIndex(1)
        self._tell()
        self._clock.start()

    def _ended(self, job: Job) -> None:
        if job.state != "done":
            self.act.setEnabled(True)

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._left = 1  # it was open until now
            self.close_now()
            return
        self._tell()

    def _tell(self) -> None:
        text = _("masked again in {time}").format(time=f"{self._left // 60}:{self._left % 60:02d}")
        self.countdown.setText(text)
