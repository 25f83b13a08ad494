"""The job panel: what runs, how far, how fast, how long still; cancel; stays until it was read."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.i18n import _
from core.jobs import Snapshot
from desktop import theme
from desktop.jobs import Job
from desktop.widgets.parts import button, clear, label, status_word

_LONG = 3000
"""Milliseconds after which work that nobody asked for is shown."""


class JobsPanel(QFrame):
    """One row a job; rows of finished jobs stay until closed."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(theme.L, theme.S, theme.L, theme.S)
        self.setVisible(False)

    def watch(self, job: Job) -> None:
        """Shows a job that people should see."""
        if job.shown and job.quiet:
            QTimer.singleShot(_LONG, self, lambda: self._show_if_running(job))
        elif job.shown:
            self._add(job)

    def _show_if_running(self, job: Job) -> None:
        if isValid(job) and job.state == "running":
            self._add(job)

    def _add(self, job: Job) -> None:
        self._rows.addWidget(_JobRow(job, self))
        self.setVisible(True)
        self.changed.emit()

    def drop(self, row: QWidget) -> None:
        """Takes a row away that was read."""
        self._rows.removeWidget(row)
        row.deleteLater()
        self.setVisible(self._rows.count() > 0)
        self.changed.emit()


class _JobRow(QWidget):
    def __init__(self, job: Job, panel: JobsPanel) -> None:
        super().__init__()
        self._job, self._panel = job, panel
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.M)
        self._state = QVBoxLayout()
        grid.addWidget(label(job.title), 0, 0)
        grid.addLayout(self._state, 0, 3)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._line = label("", "muted")
        grid.addWidget(self._bar, 0, 1)
        grid.addWidget(self._line, 0, 2)
        grid.setColumnStretch(1, 1)
        self._cancel = button(_("Cancel"), self._on_cancel)
        grid.addWidget(self._cancel, 0, 4)
        job.progressed.connect(self._show)
        job.ended.connect(self._end)

    def _show(self, now: Snapshot) -> None:
        if now.total:
            self._bar.setRange(0, 1000)
            self._bar.setValue(min(1000, int(1000 * now.done / now.total)))
        else:
            self._bar.setRange(0, 0)
        self._line.setText(_pace(now))

    def _on_cancel(self) -> None:
        self._job.cancel()
        self._cancel.setEnabled(False)
        self._line.setText(_("Stopping at the next safe point"))

    def _end(self, job: Job) -> None:
        if job.quiet and job.state == "done":
            self._panel.drop(self)
            return
        self._bar.setVisible(False)
        self._line.setText(_("{seconds} s").format(seconds=f"{job.seconds:.1f}"))
        clear(self._state)
        words = {
            "done": status_word("done"), "failed": status_word("error", _("Failed")),
            "cancelled": status_word("notice", _("Cancelled; nothing was changed")),
        }  # fmt: skip
        self._state.addWidget(words[job.state])
        self._cancel.setVisible(False)
        close = QToolButton()
        close.setProperty("kind", "plain")
        close.setIcon(theme.icon("close"))
        close.setToolTip(_("Close"))
        close.clicked.connect(lambda: self._panel.drop(self))
        grid = self.layout()
        assert isinstance(grid, QGridLayout)
        grid.addWidget(close, 0, 5, Qt.AlignmentFlag.AlignRight)
        self._panel.changed.emit()


def _pace(now: Snapshot) -> str:
    """Phase, share, speed and time left, as far as they are known."""
    seconds = time.monotonic() - now.phase_started
    if not now.total or not now.done or seconds < 0.5:
        return now.phase
    speed = now.done / seconds
    left = max(0, (now.total - now.done) / speed)
    return _("{phase} · {share} % · {speed}/s · {left} s left").format(
        phase=now.phase, share=100 * now.done // now.total, speed=f"{speed:,.0f}", left=f"{left:.0f}"
    )
