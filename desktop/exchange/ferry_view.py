"""The ferry folders of the grid platform: what waits there, what went over, which receipts are missing since when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from core.exchange.ferry_state import Folders, folders
from core.exchange.ferrying import Handed, send
from core.i18n import N_, _
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.acting import Acting
from desktop.widgets.parts import button, clear, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table

_STATES: Final[dict[str, tuple[theme.Status, str]]] = {
    "complete": ("waiting", N_("arrived, to be fetched")), "arriving": ("unchecked", N_("still arriving")),
    "damaged": ("error", N_("damaged: the operator sends it again")), "answered": ("done", N_("taken in and answered")),
    "unanswered": ("warning", N_("taken in, not answered yet")), "lying": ("waiting", N_("lies there to be fetched")),
    "fetched": ("warning", N_("fetched, no receipt yet")), "receipted": ("done", N_("receipted by the platform")),
}  # fmt: skip


class FerryView(QWidget):
    """One table of files, the newest first; above it what somebody should do."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.acting = desk, Acting(desk)
        self.now: Folders | None = None
        self.model = RowsModel([
            Field(_("way"), lambda one: _("to us") if one.way == "in" else _("from us")),
            Field(_("file"), lambda one: one.name, "code"),
            Field(_("state"), lambda one: _(_STATES[one.state][1]), status=lambda one: _STATES[one.state][0]),
            Field(_("at"), lambda one: local_time(one.since), "code"),
            Field(_("receipt"), lambda one: local_time(one.answered_at), "code"),
            Field(_("size"), lambda one: one.bytes, "number"),
        ])  # fmt: skip
        self.model.setParent(self)
        self.view = table(self.model, stretch=1)
        for place, width in enumerate((72, 300, 190, 132, 132, 96)):
            self.view.setColumnWidth(place, width)
        self._told = QVBoxLayout()
        actor = desk.workspace.actor
        self.fetch = button(_("Fetch packages"), self.acting.pull, icon="import", kind="primary")
        self.hand = button(_("Hand files over…"), self._ask, icon="send", tip=_("Return packages and lists"))
        top = QHBoxLayout()
        top.addLayout(self._told, 1)
        top.addWidget(self.hand)
        top.addWidget(self.fetch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        self.fetch.setVisible(actor.may("package.import"))
        self.hand.setVisible(actor.may("exchange.push"))

    def look(self) -> None:
        """Looks into the folders again, beside the window."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: folders(workspace), self.show_folders)

    def show_folders(self, now: Folders) -> None:
        """Shows what lies there and what went over."""
        self.now = now
        self.model.show_rows(now.files)
        clear(self._told)
        self._told.addWidget(label(now.base, "muted"))
        self.fetch.setText(
            _("Fetch {n} packages").format(n=now.waiting) if now.waiting else _("Look for packages")
        )
        if now.missing:
            oldest = local_time(now.missing[0].since)
            text = _("{n} files of ours without a receipt, the oldest since {at}").format(
                n=len(now.missing), at=oldest
            )
            self._told.addWidget(status_word("warning", text))
        elif now.files:
            self._told.addWidget(status_word("done", _("every file of ours has its receipt")))

    def hand_over(self, paths: Sequence[Path]) -> None:
        """Hands files to the crossing, each with its marker and its entry in the message log."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Handing files over"), lambda _progress: [send(workspace, path) for path in paths], self._handed
        )

    def _handed(self, made: Sequence[Handed]) -> None:
        for one in made:
            text = _("{name} lies there already.") if one.waiting else _("{name} was handed to the crossing.")
            self.desk.messages.done(text.format(name=one.file))
        self.look()
        self.desk.changes.outbox.emit()

    def _ask(self) -> None:
        names, _kind = QFileDialog.getOpenFileNames(self, _("Return packages and lists"), "", "*")
        if names:
            self.hand_over([Path(name) for name in names])
