"""One field of all picked records changed at once: previewed with counts, then done as one act that can be undone."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.registry import bulk_editing
from core.registry.bulk_editing import BulkChange, BulkPreview, BulkResult
from core.registry.fields import fields
from core.registry.filters import Selection
from core.registry.undo import undo_edit
from core.verification.catalogue import describe
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.edit_form import editable_fields
from desktop.widgets.parts import button, clear, label, rule, status_word
from desktop.widgets.tables import Field, RowsModel, table

_WAYS = {"set": N_("set to"), "replace": N_("replace a text"), "empty": N_("empty it")}


class BulkEdit(QWidget):
    """Field, what to do, value; then the preview; then the reason and the button with the count."""

    def __init__(self, desk: Desk, selection: Selection, count: int) -> None:
        super().__init__()
        self._desk, self._selection = desk, selection
        self._model: RowsModel | None = None
        self.field, self.way, self.codes = QComboBox(), QComboBox(), QComboBox()
        self.old_text, self.value, self.reason = QLineEdit(), QLineEdit(), QLineEdit()
        for one in editable_fields(selection.resource):
            self.field.addItem(field_title(one.name), one.name)
        for way, title in _WAYS.items():
            self.way.addItem(_(title), way)
        self.old_text.setPlaceholderText(_("text to be replaced"))
        self.value.setPlaceholderText(_("new text"))
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        column.addWidget(label(_("{n} records are picked.").format(n=f"{count:,}"), wrap=True))
        grid = QGridLayout()
        grid.addWidget(label(_("field"), "muted"), 0, 0)
        grid.addWidget(label(_("change"), "muted"), 1, 0)
        rows: tuple[QWidget, ...] = (self.field, self.way, self.old_text, self.codes, self.value)
        for row, widget in enumerate(rows):
            grid.addWidget(widget, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        self.look = button(_("Preview"), self.preview, icon="eye")
        column.addWidget(self.look)
        self._found = QVBoxLayout()
        column.addLayout(self._found)
        column.addStretch(1)
        self.field.currentIndexChanged.connect(self._offer)
        self.way.currentIndexChanged.connect(self._offer)
        for text in (self.old_text, self.value):
            text.textChanged.connect(self._changed)
        self.codes.currentIndexChanged.connect(self._changed)
        self._offer()

    def wanted(self) -> BulkChange:
        """What is to be done."""
        name, way = str(self.field.currentData()), self.way.currentData()
        if way == "empty":
            return BulkChange(name)
        value = str(self.codes.currentData()) if self.codes.isVisibleTo(self) else self.value.text().strip()
        return BulkChange(name, value, self.old_text.text() if way == "replace" else "")

    def preview(self) -> None:
        """Counts what would change and which rules refuse; nothing is written."""
        workspace, selection, change = self._desk.workspace, self._selection, self.wanted()
        self.look.setEnabled(False)
        job = self._desk.jobs.run(
            _("Previewing the change"),
            lambda progress: bulk_editing.preview(workspace, selection, change, progress=progress),
            partial(self._show, change),
        )
        job.ended.connect(self._ended)

    def apply(self) -> None:
        """Does it, as one change set."""
        workspace, selection, change, reason = (
            self._desk.workspace,
            self._selection,
            self.wanted(),
            self.reason.text(),
        )
        self.act.setEnabled(False)
        self._desk.jobs.run(
            _("Changing the records"),
            lambda progress: bulk_editing.apply(
                workspace, selection, change, reason=reason, progress=progress
            ),
            self._done,
        )

    def _offer(self) -> None:
        name, way = str(self.field.currentData()), self.way.currentData()
        codes = fields(self._selection.resource)[name].codes
        self.codes.clear()
        for code in codes:
            self.codes.addItem(shown_value(name, code), code)
        self.codes.setVisible(bool(codes) and way == "set")
        self.value.setVisible(way == "replace" or (way == "set" and not codes))
        self.old_text.setVisible(way == "replace")
        self._changed()

    def _changed(self) -> None:
        clear(self._found)
        ready = {"empty": True, "replace": bool(self.old_text.text()), "set": bool(self.wanted().value)}
        self.look.setEnabled(ready[str(self.way.currentData())])

    def _show(self, change: BulkChange, found: BulkPreview) -> None:
        if change != self.wanted():
            return
        clear(self._found)
        self._found.addWidget(rule())
        text = _("{changing} would change, {same} stay as they are, {refused} are refused by rules.")
        counts = {"changing": found.changing, "same": found.unchanged, "refused": found.refused}
        told = text.format(**{name: f"{count:,}" for name, count in counts.items()})
        self._found.addWidget(label(told, wrap=True))
        for name, count in found.by_rule.items():
            told = f"{count:,} · {describe(name, field=change.field, value=change.value)[0]}"
            self._found.addWidget(status_word("warning", told))
        self._model = RowsModel([
            Field(_("record"), lambda one: one.title),
            Field(_("before"), lambda one: shown_value(change.field, one.before)),
            Field(_("after"), lambda one: shown_value(change.field, one.after)),
        ])  # fmt: skip
        self._model.show_rows(found.samples)
        view = table(self._model, stretch=0)
        view.setMinimumHeight(260)
        for place in (1, 2):
            view.setColumnWidth(place, 76)
        self._found.addWidget(view)
        self._found.addWidget(self._reason())
        self.act = button(
            _("Change {n} records").format(n=f"{found.changing:,}"), self.apply, icon="done", kind="primary"
        )
        self.act.setEnabled(False)
        may = found.changing > 0
        self.reason.textChanged.connect(lambda text: self.act.setEnabled(may and bool(text.strip())))
        self._found.addWidget(self.act)
        self._found.addWidget(label(_("It is one change set and can be undone."), "muted"))

    def _reason(self) -> QLineEdit:
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason: how it was found out"))
        return self.reason

    def _ended(self, _job: Job) -> None:
        self.look.setEnabled(True)

    def _done(self, result: BulkResult) -> None:
        clear(self._found)
        desk, workspace = self._desk, self._desk.workspace

        def take_back() -> None:
            desk.jobs.run(
                _("Undoing"), lambda progress: undo_edit(workspace, result.change_set, progress=progress),
                lambda _result: desk.changes.registry.emit(),
            )  # fmt: skip

        text = _("{n} records changed.").format(n=f"{result.changed:,}")
        if result.refused:
            text += _(" {n} were refused by rules and stay as they were.").format(n=f"{result.refused:,}")
        desk.messages.done(text, undo=take_back)
        for signal in (desk.changes.registry, desk.changes.outbox):
            signal.emit()
