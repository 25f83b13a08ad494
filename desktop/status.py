"""The status bar: it tells the truth about the store, the outbox and the last package, or that it does not know."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from core.exchange.attention import Attention
from core.i18n import _
from core.registry.ledger import Overview
from core.security.workspace import Workspace
from desktop import theme
from desktop.widgets.parts import button, label, local_time


class StatusBar(QFrame):
    """Store and protection at the left; what needs somebody, waiting, last package and jobs at the right.

    ``asked`` says that somebody wants to see what the exchange needs.
    """

    asked = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.XS, theme.M, theme.XS)
        row.setSpacing(theme.S)
        store = workspace.store
        lock = QLabel()
        lock.setPixmap(theme.pixmap("lock" if store.encrypted else "store", theme.tokens().done, 14))
        row.addWidget(lock)
        where = store.location.rsplit("@", 1)[-1]
        self._store = label("", "muted")
        self._store.setToolTip(where)
        kind = _("encrypted") if store.encrypted else _("shared server")
        self._name = f"{where.rsplit('/', 1)[-1]} · {kind}"
        self._store.setText(self._name)
        self._last, self._waiting, self.jobs = label("", "muted"), label("", "muted"), label("", "muted")
        row.addWidget(self._store)
        row.addStretch(1)
        self.alarm = button("", self.asked.emit, kind="link")
        self.alarm.setVisible(False)
        row.addWidget(self.alarm)
        row.addSpacing(theme.M)
        for part in (self._last, self._waiting, self.jobs):
            row.addWidget(part)
            row.addSpacing(theme.M)
        self.jobs.setText(_("no job running"))
        self._last.setText(_("last package: looking"))

    def show_overview(self, overview: Overview) -> None:
        """The figures of the store as just read."""
        total = sum(overview.entities.values())
        self._store.setText(_("{store} · {n} records").format(store=self._name, n=f"{total:,}"))
        self._waiting.setText(_("waiting to be pushed: {n}").format(n=f"{overview.waiting:,}"))
        last = (
            f"{overview.last_package} ({local_time(overview.last_import_at)})"
            if overview.last_package
            else _("none yet")
        )
        self._last.setText(_("last package: {name}").format(name=last))

    def show_attention(self, found: Attention) -> None:
        """How much the exchange needs somebody; nothing where it does not."""
        worst: theme.Status = "error" if any(one.stops for one in found.alarms) else "warning"
        self.alarm.setVisible(bool(found.alarms))
        self.alarm.setIcon(theme.icon(worst, theme.tokens().status(worst)))
        self.alarm.setText(_("Exchange needs you: {n}").format(n=len(found.alarms)))
        self.alarm.setToolTip("\n".join(one.text for one in found.alarms))

    def show_jobs(self, running: int) -> None:
        """How many jobs people could watch are running."""
        self.jobs.setText(_("jobs running: {n}").format(n=running) if running else _("no job running"))

    def texts(self) -> list[str]:
        """What the bar says, from left to right."""
        return [part.text() for part in (self._store, self._last, self._waiting, self.jobs)]
