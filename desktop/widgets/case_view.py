"""One record on which departments differ: they are columns, fields are rows, a number key chooses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.model.names import label as name_of
from core.stewardship.adjudication import BulkPreview
from core.stewardship.conflicts import Case
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, head, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

Settle = Callable[[Case, dict[str, str], str], None]
_FIXED = 2
"""Columns before the departments': the field and the registry's value."""


class CaseView(QWidget):
    """Arrows or J/K move through the fields, 1…9 choose, A or Enter settles, Ctrl+arrow the next record."""

    def __init__(self, desk: Desk, case: Case, settle: Settle, step: Callable[[int], None]) -> None:
        super().__init__()
        self.case, self._settle = case, settle
        self.open_fields = case.open_fields or case.settled_fields
        self.choices: dict[str, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, 0, 0, 0)
        column.setSpacing(theme.M)
        open_it = button(_("Open the record"), lambda: desk.open_record(case.resource, case.entity), icon="eye")
        on_map = button(_("Map"), lambda: desk.show_on_map(case.resource, case.entity), icon="map")
        on_map.setEnabled(case.position is not None)
        title = head(case.title or "–", on_map, open_it)
        column.addLayout(title)
        place = "" if case.position is None else f" · {case.position[0]:.5f}, {case.position[1]:.5f}"
        column.addWidget(label(name_of("resource", case.resource) + place, "muted"))
        if not case.open_fields and self.open_fields:
            again = _("Settled. The words that lost are still here: choose another and it is settled anew.")
            column.addWidget(status_word("done", again))
        self.fields = self._table()
        column.addWidget(self.fields, 1)
        Watermark(self.fields, desk.workspace.actor.name)
        for one in case.decisions[:3]:
            text = _("{who} decided on {at}: {reason}").format(who=one.actor, at=local_time(one.at), reason=one.reason)
            chosen = "、".join(f"{field_title(n)} {shown_value(n, v)}" for n, v in list(one.values.items())[:4] if v)
            column.addWidget(status_word("notice", f"{text} · {chosen}" if chosen else text))
        self._left = label("", "muted")
        column.addWidget(self._left)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("How was it found out?"))
        self.reason.returnPressed.connect(self.settle)
        self.act = button(_("Settle"), self.settle, icon="done", kind="primary", tip="A, Enter")
        column.addLayout(_row(self.reason, self.act))
        column.addWidget(label(_("1…9 choose a department · J/K field · A settle · Ctrl+↓ next record"), "muted"))
        self.reason.textChanged.connect(lambda _text: self._ready())
        self._keys(step)
        self._ready()

    def choose(self, place: int, number: int) -> None:
        """Chooses the department in column ``number`` (from 1) for the field in a row; again takes it back."""
        if not (0 <= place < len(self.case.fields) and 1 <= number <= len(self.case.sources)):
            return
        field, source = self.case.fields[place], self.case.sources[number - 1].name
        if field.name not in self.open_fields or source not in field.said:
            return
        if self.choices.get(field.name) == source:
            del self.choices[field.name]
        else:
            self.choices[field.name] = source
        self._paint(place)
        self._ready()
        following = [n for n in range(place + 1, len(self.case.fields)) if self._is_open(n)]
        if following and field.name in self.choices:
            self.fields.setCurrentCell(following[0], 0)

    def settle(self) -> None:
        """Settles, if every differing field has a choice and there is a reason."""
        if self.act.isEnabled():
            self._settle(self.case, dict(self.choices), self.reason.text())

    def _is_open(self, place: int) -> bool:
        name = self.case.fields[place].name
        return name in self.open_fields and name not in self.choices

    def _table(self) -> QTableWidget:
        case = self.case
        made = QTableWidget(len(case.fields), _FIXED + len(case.sources))
        heads = [_("field"), _("registry now")]
        for n, source in enumerate(case.sources, 1):
            heads.append(f"{n}  {name_of('sender', source.name)}\n{source.collected_at[:10]} {source.collector}")
        made.setHorizontalHeaderLabels(heads)
        for n, source in enumerate(case.sources, _FIXED):
            item = made.horizontalHeaderItem(n)
            if item is not None:
                item.setToolTip(_("package {name}").format(name=source.package or source.change_set))
        made.verticalHeader().hide()
        made.verticalHeader().setDefaultSectionSize(theme.ROW)
        made.setShowGrid(False)
        made.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        made.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        made.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        made.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        made.cellDoubleClicked.connect(lambda row, at: self.choose(row, at - _FIXED + 1))
        self.fields = made
        for place in range(len(case.fields)):
            self._paint(place)
        first = [n for n in range(len(case.fields)) if self._is_open(n)]
        made.setCurrentCell(first[0] if first else 0, 0)
        return made

    def _paint(self, place: int) -> None:
        field, tokens = self.case.fields[place], theme.tokens()
        is_open, chosen = field.name in self.open_fields, self.choices.get(field.name)
        mark = ("✓ " if chosen else "≠ ") if is_open else "   "
        values: list[Any] = [mark + field_title(field.name), shown_value(field.name, field.now)]
        for source in self.case.sources:
            dot = "● " if chosen == source.name else ""
            values.append(dot + shown_value(field.name, field.said.get(source.name)))
        for at, value in enumerate(values):
            item = QTableWidgetItem(str(value))
            font = QFont(item.font())
            font.setBold(is_open and (at == 0 or (at >= _FIXED and chosen == self.case.sources[at - _FIXED].name)))
            item.setFont(font)
            item.setToolTip(str(value))
            if at == 0 and is_open:
                item.setForeground(QColor(tokens.status("done" if chosen else "warning")))
            if at >= _FIXED and chosen == self.case.sources[at - _FIXED].name:
                item.setBackground(QColor(tokens.accent_soft))
            self.fields.setItem(place, at, item)

    def _keys(self, step: Callable[[int], None]) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [
            ("J", lambda: self._move(1)), ("K", lambda: self._move(-1)), ("A", self.settle), ("Return", self._enter),
            ("Ctrl+Down", lambda: step(1)), ("Ctrl+Up", lambda: step(-1)),
        ]  # fmt: skip
        keys += [(str(n), partial(self._press, n)) for n in range(1, 10)]
        for sequence, act in keys:
            shortcut = QShortcut(QKeySequence(sequence), self.fields)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    def _press(self, number: int) -> None:
        self.choose(self.fields.currentRow(), number)

    def _move(self, by: int) -> None:
        self.fields.setCurrentCell(min(max(self.fields.currentRow() + by, 0), self.fields.rowCount() - 1), 0)

    def _enter(self) -> None:
        """Enter settles, or goes to the reason where only that is missing."""
        if self.act.isEnabled():
            self.settle()
        elif not self._missing():
            self.reason.setFocus()

    def _missing(self) -> list[str]:
        return [name for name in self.open_fields if name not in self.choices]

    def _ready(self) -> None:
        missing = self._missing()
        self.act.setEnabled(not missing and bool(self.reason.text().strip()))
        text = _("Still to choose: {fields}").format(fields="、".join(map(field_title, missing))) if missing else (
            "" if self.act.isEnabled() else _("Give a reason, then settle."))  # fmt: skip
        self._left.setText(text)


class BulkView(QWidget):
    """What settling a whole filter would change, a reason, and the button with the count."""

    def __init__(self, found: BulkPreview, settle: Callable[[str], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        text = _("{total} conflicts would be settled; {changing} records would change.")
        column.addWidget(label(text.format(total=f"{found.total:,}", changing=f"{found.changing:,}"), wrap=True))
        model = RowsModel([
            Field(_("record"), lambda c: c.title), Field(_("field"), lambda c: field_title(c.field)),
            Field(_("before"), lambda c: shown_value(c.field, c.before)),
            Field(_("after"), lambda c: shown_value(c.field, c.after)),
        ])  # fmt: skip
        model.show_rows(found.changes)
        self._model, view = model, table(model, stretch=0)
        view.setMinimumHeight(320)
        column.addWidget(view, 1)
        column.addWidget(label(_("The first {n} changes are shown.").format(n=f"{len(found.changes):,}"), "muted"))
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason"))
        self.act = button(
            _("Settle {n}").format(n=f"{found.total:,}"), lambda: settle(self.reason.text()), kind="primary"
        )
        self.act.setEnabled(False)
        self.reason.textChanged.connect(lambda said: self.act.setEnabled(bool(said.strip()) and found.total > 0))
        column.addWidget(self.reason)
        column.addWidget(self.act)
        column.addWidget(label(_("It is one change set and can be undone."), "muted"))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 1 if place == 0 else 0)
    return row
