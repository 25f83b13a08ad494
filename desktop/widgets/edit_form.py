"""Editing a record in its file: verified while somebody types, kept as a draft, saved with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.model.resources import RESOURCES
from core.registry import drafts, editing
from core.registry.editing import Editable, EditConflict, EditRefused, Remark
from core.registry.fields import Field, fields
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.conflict_view import ConflictView
from desktop.widgets.parts import button, clear, label, local_time, status_word

_THINK: Final = 300
"""Milliseconds after the last key before the record is verified and the draft kept."""
_EXAMPLES: Final = {"date": "2026-11-25", "datetime": "2026-11-25T08:00:00+08:00"}
_TOKENS: Final = ("_token", "_tokens")


class EditForm(QWidget):
    """``saved`` carries the result; ``left`` says that nothing more is to be edited."""

    saved = Signal(object)
    left = Signal()

    def __init__(self, desk: Desk, resource: str, entity: int) -> None:
        super().__init__()
        self._desk, self._resource, self._entity = desk, resource, entity
        self._record: Editable | None = None
        self._editors: dict[str, _Editor] = {}
        self._remarks: Sequence[Remark] = ()
        self._kept: Mapping[str, str] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.M)
        self._column.addWidget(label(_("Reading the record"), "muted"))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_THINK)
        self._pause.timeout.connect(self._consider)
        workspace = desk.workspace
        desk.jobs.read(partial(editing.editable, workspace, resource, entity), self._begin)

    # --- what is typed ---

    def changed(self) -> dict[str, str]:
        """The fields that are no longer what they were, as typed."""
        return {name: one.text() for name, one in self._editors.items() if one.text() != one.before}

    def editor(self, name: str) -> _Editor:
        """The editor of a field."""
        return self._editors[name]

    def save(self) -> None:
        """Saves what was typed; a record that somebody changed meanwhile shows both versions instead."""
        if self._record is not None and self.act.isEnabled():
            self._save(self.changed(), self._record.version)

    def throw_away(self) -> None:
        """Leaves the record as it is and forgets the draft."""
        self._pause.stop()
        workspace, resource, entity = self._desk.workspace, self._resource, self._entity
        self._desk.jobs.read(partial(drafts.throw_away, workspace, resource, entity), lambda _none: None)
        self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        if self._pause.isActive():
            self._pause.stop()
            self._keep()
        super().hideEvent(event)

    # --- building ---

    def _begin(self, record: Editable) -> None:
        self._record = record
        clear(self._column)
        draft = record.draft
        if draft is not None:
            text = _("Continued from what you typed at {at} and had not saved.").format(
                at=local_time(draft.at)
            )
            self._column.addWidget(status_word("notice", text))
            if draft.version != record.version:
                self._column.addWidget(
                    status_word("warning", _("The record was changed since; look at both on saving."))
                )
        self._conflict = QVBoxLayout()  # above the fields, so that it is seen
        self._column.addLayout(self._conflict)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.S)
        typed = draft.fields if draft is not None else {}
        for row, one in enumerate(editable_fields(self._resource)):
            made = _Editor(
                one, RESOURCES[self._resource].by_name[one.name].required, record.values.get(one.name)
            )
            self._editors[one.name] = made
            if one.name in typed:
                made.put(str(typed[one.name] or ""))
            made.on_change(self._pause.start)
            grid.addWidget(label(field_title(one.name), "muted"), row, 0)
            grid.addWidget(made.widget, row, 1)
            grid.addWidget(made.remark, row, 2)
        grid.setColumnMinimumWidth(1, 300)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 3)
        self._column.addLayout(grid)
        self._others = label("", "muted", wrap=True)
        self._column.addWidget(self._others)
        self._column.addLayout(self._foot(draft.reason if draft is not None else ""))
        self._consider()
        next(iter(self._editors.values())).widget.setFocus()

    def _foot(self, reason: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        self.reason = QLineEdit(reason)
        self.reason.setPlaceholderText(_("Reason: how it was found out"))
        self.reason.textChanged.connect(self._may_save)
        self.reason.textChanged.connect(lambda _text: self._pause.start())
        self.reason.returnPressed.connect(self.save)
        self.act = button("", self.save, icon="done", kind="primary", tip="Ctrl+S")
        row.addWidget(self.reason, 1)
        row.addWidget(self.act)
        row.addWidget(button(_("Leave it as it was"), self.throw_away))
        QShortcut(QKeySequence("Ctrl+S"), self).activated.connect(self.save)
        return row

    # --- verifying and keeping ---

    def _consider(self) -> None:
        self._may_save()
        typed = self.changed()
        if not typed:
            self._tell((), {})
            return
        self._keep()
        workspace, resource, entity = self._desk.workspace, self._resource, self._entity
        self._desk.jobs.read(
            partial(editing.check, workspace, resource, entity, typed), lambda found: self._tell(found, typed)
        )

    def _keep(self) -> None:
        typed, record = self.changed(), self._record
        kept = {**typed, "": self.reason.text()}
        if record is None or not typed or kept == self._kept:
            return
        self._kept, workspace = kept, self._desk.workspace
        keep = partial(
            drafts.keep,
            workspace,
            self._resource,
            self._entity,
            typed,
            version=record.version,
            reason=self.reason.text(),
        )
        self._desk.jobs.read(keep, lambda _none: None)

    def _tell_of(self, typed: Mapping[str, str], found: Sequence[Remark]) -> None:
        self._tell(found, typed)

    def _tell(self, found: Sequence[Remark], typed: Mapping[str, str]) -> None:
        if typed and typed != self.changed():
            return  # typed on since: the next answer is on its way
        self._remarks = found
        beside = {name: [one for one in found if one.field == name] for name in self._editors}
        for name, editor in self._editors.items():
            editor.tell(beside[name])
        others = [one for one in found if one.field not in self._editors]
        self._others.setText("\n".join(said(one) for one in others))
        self._others.setVisible(bool(others))
        self._may_save()

    def _may_save(self) -> None:
        typed = self.changed()
        wrong = any(one.severity == "error" and (one.is_new or one.field in typed) for one in self._remarks)
        self.act.setText(_("Save {n} changes").format(n=len(typed)))
        self.act.setEnabled(bool(typed) and bool(self.reason.text().strip()) and not wrong)

    # --- saving ---

    def _save(self, typed: Mapping[str, str], version: int) -> None:
        self._pause.stop()
        workspace, resource, entity, reason = (
            self._desk.workspace,
            self._resource,
            self._entity,
            self.reason.text(),
        )
        self.act.setEnabled(False)

        def work() -> Any:
            try:
                return editing.edit(workspace, resource, entity, typed, version=version, reason=reason)
            except (EditConflict, EditRefused) as refused:
                return refused

        self._desk.jobs.read(work, self._answered)

    def _answered(self, answer: Any) -> None:
        if isinstance(answer, EditConflict):
            clear(self._conflict)
            view = ConflictView(answer)
            view.decided.connect(self._save)
            view.given_up.connect(self.throw_away)
            self._conflict.addWidget(view)
        elif isinstance(answer, EditRefused):
            self._tell(answer.remarks, {})
        else:
            self.saved.emit(answer)


class _Editor:
    """One field's editor with what verification says beside it."""

    def __init__(self, field: Field, required: bool, value: Any) -> None:
        self.before, self.remark = as_text(value), QLabel()
        self.remark.setTextFormat(Qt.TextFormat.PlainText)
        self.remark.setWordWrap(True)
        self.widget: QComboBox | QLineEdit
        if field.codes:
            self.widget = QComboBox()
            for code in (*(() if required else ("",)), *field.codes):
                self.widget.addItem(shown_value(field.name, code) if code else _("(none)"), code)
            if self.widget.findData(self.before) < 0:  # what came from elsewhere may be no known code
                self.widget.addItem(self.before, self.before)
        else:
            self.widget = QLineEdit()
            self.widget.setPlaceholderText(_EXAMPLES.get(field.kind, ""))
        self.widget.setAccessibleName(field_title(field.name))
        self.put(self.before)

    def put(self, text: str) -> None:
        """Shows a value."""
        if isinstance(self.widget, QComboBox):
            self.widget.setCurrentIndex(self.widget.findData(text))
        else:
            self.widget.setText(text)

    def text(self) -> str:
        """What stands in it now."""
        widget = self.widget
        return str(widget.currentData() or "") if isinstance(widget, QComboBox) else widget.text().strip()

    def on_change(self, act: Callable[[], object]) -> None:
        """Calls ``act`` whenever it is edited."""
        if isinstance(self.widget, QComboBox):
            self.widget.currentIndexChanged.connect(lambda _place: act())
        else:
            self.widget.textChanged.connect(lambda _text: act())

    def tell(self, remarks: Sequence[Remark]) -> None:
        """Shows what is wrong and the cure, errors first; nothing where all is well."""
        ordered = sorted(remarks, key=lambda one: one.severity != "error")
        self.remark.setText("\n".join(said(one) for one in ordered))
        status: theme.Status = "error" if ordered and ordered[0].severity == "error" else "warning"
        self.remark.setStyleSheet(f"color: {theme.tokens().status(status)};" if ordered else "")
        self.remark.setAccessibleName(self.remark.text())


def editable_fields(resource: str) -> list[Field]:
    """The fields of a kind that a person edits; tokens come from elsewhere."""
    return [one for one in fields(resource).values() if one.editable and not one.name.endswith(_TOKENS)]


def said(one: Remark) -> str:
    """What is wrong and the cure, the field by its title."""
    return f"{one.message.replace(one.field, field_title(one.field))} {one.cure}"


def as_text(value: Any) -> str:
    """A stored value as it is typed."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
