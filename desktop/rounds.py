"""The exchange by itself: while the client is open, what is due is looked for each minute and done as a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer

from core.exchange.rounds.duties import PERMISSIONS, Duty
from core.exchange.rounds.going import Round, due, go_round
from core.i18n import _
from desktop.desk import Desk

_EVERY: Final = 60_000
"""Milliseconds between two looks; the first comes a minute after the window, whose user has first say."""


class Rounds(QObject):
    """One window's share in the rounds of its store; core lets one client at a time go them."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self.desk = desk
        self._at_it = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self.look)
        actor = desk.workspace.actor
        if actor.may("exchange.read") and any(actor.may(one) for one in PERMISSIONS.values()):
            self._timer.start()

    def look(self) -> None:
        """Asks what is due, and has it done; not while something else changes the store."""
        if self._at_it or any(job.shown for job in self.desk.jobs.running):
            return
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: due(workspace), self._go)

    def stop(self) -> None:
        """Nothing is begun any more."""
        self._timer.stop()

    def _go(self, found: Sequence[Duty]) -> None:
        if not found or self._at_it:
            return
        self._at_it = True
        workspace = self.desk.workspace
        job = self.desk.jobs.run_quietly(
            _("Exchange by itself"), lambda progress: go_round(workspace, progress=progress), self._gone
        )
        job.ended.connect(self._ended)

    def _ended(self, _job: object) -> None:
        self._at_it = False

    def _gone(self, made: Round) -> None:
        """Pages look again only where something is otherwise: nobody's selection goes for nothing."""
        if any(one.registry for one in made.done):
            self.desk.changes.registry.emit()
        elif any(one.moved for one in made.done):
            self.desk.changes.outbox.emit()
