"""The message log: how long its chain is and where it ends, verified and written out for somebody else to verify."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from core.exchange import log_verify
from core.exchange.log_verify import Verification
from core.exchange.message_log import Head, explain, export_log, log_head, verify_log
from core.i18n import _
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, card, clear, label, status_word


class LogStrip(QWidget):
    """Every message and receipt stands in one chain; nothing crosses that is not in it first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._entries = label("", "muted")
        self._end = label("")
        self._end.setFont(theme.monospace())
        self._end.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._end.setToolTip(
            _("The end of the log: number of entries and last hash. Whoever has it can prove a later change.")
        )
        self._result = QHBoxLayout()
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        words = QVBoxLayout()
        words.setSpacing(2)
        top = QHBoxLayout()
        top.addWidget(label(_("Message log"), "heading"))
        top.addSpacing(theme.S)
        top.addWidget(self._entries)
        top.addStretch(1)
        words.addLayout(top)
        words.addWidget(self._end)
        words.addLayout(self._result)
        row.addLayout(words, 1)
        self.verify_button = button(_("Verify"), self.verify, icon="done", tip=_("Walks the whole chain"))
        row.addWidget(self.verify_button)
        row.addWidget(
            button(_("Export…"), self._ask_export, icon="print", tip=_("For somebody outside to verify"))
        )
        row.addWidget(
            button(_("Verify a file…"), self._ask_file, icon="search", tip=_("A log that was exported"))
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card(row))

    def look(self) -> None:
        """Reads where the chain ends."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: log_head(workspace), self._show)

    def verify(self) -> None:
        """Walks the log with the independent verifier, and every receipt against its digest."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Verifying the message log"), lambda progress: verify_log(workspace, progress), self.show_result
        )

    def export(self, path: Path) -> None:
        """Writes the log for an outsider; that it was written is itself on record."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Exporting the message log"),
            lambda progress: export_log(workspace, path, progress),
            partial(self._exported, path),
        )

    def verify_file(self, path: Path) -> None:
        """Verifies an exported log without the store."""
        self.desk.jobs.run(
            _("Verifying {file}").format(file=path.name),
            lambda _progress: log_verify.verify_file(str(path)),
            partial(self.show_result, name=path.name),
        )

    def show_result(self, result: Verification, name: str = "") -> None:
        """Says whether the chain is whole, or where it is not."""
        clear(self._result)
        words = explain(result)
        self._result.addWidget(
            status_word("done" if result.ok else "error", f"{name}: {words}" if name else words)
        )

    def _show(self, end: Head) -> None:
        self._entries.setText(_("{n} entries").format(n=f"{end.entries:,}"))
        self._end.setText(str(end) if end.entries else _("Nothing has crossed the boundary yet."))
        self.verify_button.setEnabled(bool(end.entries))

    def _exported(self, path: Path, end: Head) -> None:
        text = _("{n} entries written to {file}; they end at {end}.")
        self.desk.messages.done(text.format(n=f"{end.entries:,}", file=path, end=end))

    def _ask_export(self) -> None:
        name, _kind = QFileDialog.getSaveFileName(
            self, _("Export the message log"), "message-log.jsonl", "*.jsonl"
        )
        if name:
            self.export(Path(name))

    def _ask_file(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, _("A message log"), "", "*.jsonl")
        if name:
            self.verify_file(Path(name))
