"""One record of a field audit: what the registry says, and by one key a field whether it is so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
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
from core.registry.divisions import division_name
from core.sheets.checks import VERDICT_WORDS
from core.stewardship.audit_items import FOUND, NOT_FOUND, VERDICTS, Item
from core.stewardship.field_audit import Round
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, head, label, local_time, status_word

Enter = Callable[[Item, str, dict[str, str], str], None]
_LOOKS: dict[str, theme.Status] = {"right": "done", "wrong": "error", "missing": "warning", "": "unchecked"}


class AuditEntry(QWidget):
    """1 right, 2 wrong, 3 nothing entered; A the rest right; N not found; Enter keeps it and goes on."""

    def __init__(self, desk: Desk, one: Round, item: Item, enter: Enter, step: Callable[[int], None]) -> None:
        super().__init__()
        self.round, self.item, self._enter = one, item, enter
        self.results = dict(item.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, 0, 0, 0)
        column.setSpacing(theme.S)
        open_it = button(
            _("Open the record"), lambda: desk.open_record(one.resource, item.entity), icon="eye"
        )
        open_it.setEnabled(not item.gone)
        column.addLayout(head(item.title, open_it))
        place = "" if item.place == item.title else item.place
        told = [division_name(item.community_code), _("no. {n}").format(n=item.position), place]
        column.addWidget(label(" · ".join(part for part in told if part), "muted", wrap=True))
        self._remarks(column)
        self.fields = self._table()
        column.addWidget(self.fields, 1)
        self.remark = QLineEdit(item.remark)
        self.remark.setPlaceholderText(_("Remark"))
        self.remark.returnPressed.connect(self.keep)
        self.absent = button(_("Not found"), self.not_found, icon="close", tip="N")
        self.act = button(_("Keep and next"), self.keep, icon="done", kind="primary", tip="Enter")
        row = QHBoxLayout()
        row.addWidget(self.remark, 1)
        row.addWidget(self.absent)
        row.addWidget(self.act)
        column.addLayout(row)
        keys = _(
            "1 right · 2 wrong · 3 nothing entered · A the rest right · N not found · Enter keep · Ctrl+↓ next"
        )
        column.addWidget(label(keys, "muted", wrap=True))
        self._keys(step)
        for widget in (self.remark, self.absent):
            widget.setEnabled(not one.closed_at)
        self._ready()

    # --- what the user does ---

    def judge(self, place: int, number: int) -> None:
        """Gives the field in a row its verdict (1 right, 2 wrong, 3 nothing entered) and goes to the next."""
        if self.round.closed_at or not (0 <= place < len(self.round.fields) and 1 <= number <= len(VERDICTS)):
            return
        self.results[self.round.fields[place]] = VERDICTS[number - 1]
        self._paint(place)
        self._ready()
        self._move(1)

    def rest_right(self) -> None:
        """Everything that has no verdict yet is right."""
        if not self.round.closed_at:
            self.results = {name: self.results.get(name, "right") for name in self.round.fields}
            for place in range(len(self.round.fields)):
                self._paint(place)
            self._ready()

    def not_found(self) -> None:
        """There is no such record at that place."""
        if not self.round.closed_at:
            self._enter(self.item, NOT_FOUND, {}, self.remark.text())

    def keep(self) -> None:
        """Keeps the result, if every field has a verdict."""
        if self.act.isEnabled():
            self._enter(self.item, FOUND, dict(self.results), self.remark.text())

    # --- building ---

    def _remarks(self, column: QVBoxLayout) -> None:
        item = self.item
        if item.gone:
            column.addWidget(status_word("unchecked", _("No longer in the registry: its import was undone.")))
        elif item.changed:
            column.addWidget(
                status_word("notice", _("The registry says something else by now; this is what it said."))
            )
        if item.found:
            word = _("Not found") if item.found == NOT_FOUND else _("Looked at")
            text = f"{word} · {item.checked_by} · {local_time(item.checked_at)}"
            column.addWidget(status_word("error" if item.found == NOT_FOUND else "done", text))

    def _table(self) -> QTableWidget:
        made = QTableWidget(len(self.round.fields), 3)
        made.setHorizontalHeaderLabels([_("field"), _("the registry said"), _("in the field")])
        made.verticalHeader().hide()
        made.verticalHeader().setDefaultSectionSize(theme.ROW + 4)
        made.setShowGrid(False)
        made.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        made.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        made.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = made.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        made.setColumnWidth(0, 130)
        made.setColumnWidth(2, 150)
        self.fields = made
        for place in range(len(self.round.fields)):
            self._paint(place)
        made.setCurrentCell(0, 0)
        return made

    def _paint(self, place: int) -> None:
        name = self.round.fields[place]
        value, verdict = self.item.values.get(name), self.results.get(name, "")
        shown = shown_value(name, value) if value is not None else _("empty")
        word = _(VERDICT_WORDS[verdict]) if verdict else _("not looked at")
        for at, text in enumerate((field_title(name), shown, word)):
            item = QTableWidgetItem(str(text))
            item.setToolTip(str(text))
            if at == 2:
                colour = theme.tokens().status(_LOOKS[verdict])
                item.setForeground(QColor(colour))
                item.setIcon(theme.icon(_LOOKS[verdict], colour, 16))
            self.fields.setItem(place, at, item)

    def _keys(self, step: Callable[[int], None]) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [
            ("J", partial(self._move, 1)), ("K", partial(self._move, -1)), ("A", self.rest_right),
            ("N", self.not_found), ("Return", self.keep), ("Ctrl+Down", partial(step, 1)),
            ("Ctrl+Up", partial(step, -1)), ("M", self.remark.setFocus),
        ]  # fmt: skip
        keys += [(str(n), partial(self._press, n)) for n in range(1, len(VERDICTS) + 1)]
        for sequence, act in keys:
            shortcut = QShortcut(QKeySequence(sequence), self.fields)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    def _press(self, number: int) -> None:
        self.judge(self.fields.currentRow(), number)

    def _move(self, by: int) -> None:
        last = self.fields.rowCount() - 1
        self.fields.setCurrentCell(min(max(self.fields.currentRow() + by, 0), last), 0)

    def _ready(self) -> None:
        whole = all(name in self.results for name in self.round.fields)
        self.act.setEnabled(whole and not self.round.closed_at)
