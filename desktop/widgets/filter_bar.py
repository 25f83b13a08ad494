"""The filter bar of a table: one field for text, conditions as chips, and a row in place that adds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from core.errors import GridLinkError
from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.registry.at_home import placed
from core.registry.divisions import division_name
from core.registry.fields import Field, fields
from core.registry.filters import Condition, Operator, Selection, State, checked
from core.registry.where import say
from desktop import theme
from desktop.widgets.parts import button, clear, label, segment

_STATES: Final[dict[State, str]] = {
    "in_use": N_("only those in use"), "all": N_("with retired ones"), "retired": N_("retired ones only"),
}  # fmt: skip
_WORDS: Final[dict[Operator, str]] = {
    "is": N_("is"), "is_not": N_("is not"), "contains": N_("contains"), "begins": N_("begins with"),
    "from": N_("from … on"), "to": N_("up to"), "blank": N_("is blank"), "not_blank": N_("is not blank"),
}  # fmt: skip
_BARE: Final = ("blank", "not_blank")
_TEXTS: Final = ("full_text", "name", "summary", "description")
_WHOLE_CODE: Final = 10
"""From how many letters and digits on a text is taken for the beginning of a code."""
_WAIT: Final = 250
"""Milliseconds after the last key before the rows are looked for."""


class FilterBar(QWidget):
    """Conditions that combine; ``changed`` carries the selection that they make."""

    changed = Signal(object)

    def __init__(self, *beside: QWidget) -> None:
        super().__init__()
        self.selection, self.own = Selection("address"), tuple[str, ...]()
        self.mine = segment(_("My grids"), self._mine_turned, chosen=True)
        self.mine.setVisible(False)
        self.text = QLineEdit()
        self.text.setPlaceholderText(_("Filter: two characters or more"))
        self.text.setClearButtonEnabled(True)
        self.text.setFixedWidth(280)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_WAIT)
        self._wait.timeout.connect(self._tell)
        self.text.textChanged.connect(lambda _text: self._wait.start())
        self.state = QComboBox()
        for state, words in _STATES.items():
            self.state.addItem(_(words), state)
        self.state.currentIndexChanged.connect(self._state_chosen)
        self.add = button(_("Condition"), self.ask, icon="plus", tip=_("Add a condition (Ctrl+Shift+F)"))
        self._chips = QHBoxLayout()
        self._chips.setSpacing(theme.S)
        self.asking = _Asking()
        self.asking.made.connect(self.add_condition)
        self.asking.setVisible(False)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        for widget in (self.mine, self.text, self.state, self.add):
            row.addWidget(widget)
        row.addStretch(1)
        for other in beside:
            row.addWidget(other)
        self._line = QWidget()
        self._line.setLayout(self._chips)
        self._chips.setContentsMargins(0, 0, 0, 0)
        self._line.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(row)
        column.addWidget(self.asking)
        column.addWidget(self._line)

    def show_own(self, grids: Sequence[str]) -> None:
        """The user's own grids: where there are some, a button says whether the rows are narrowed to them."""
        self.own = tuple(grids)
        self.mine.setText(_("My grids ({n})").format(n=f"{len(self.own):,}"))
        self.mine.setToolTip(_("Only what lies in your own grids. People, houses and organisations elsewhere are "
                               "listed for a stated reason."))  # fmt: skip

    def show_selection(self, selection: Selection) -> None:
        """Shows what a selection is made of, without telling that it changed."""
        self.selection = selection
        self._wait.stop()
        for widget in (self.text, self.state):
            widget.blockSignals(True)
        self.text.clear()
        self.state.setCurrentIndex(list(_STATES).index(selection.state))
        for widget in (self.text, self.state):
            widget.blockSignals(False)
        self.asking.show_kind(selection.resource)
        self.asking.setVisible(False)
        self._draw()

    def wanted(self) -> Selection:
        """The selection with what is typed in the field."""
        typed = text_condition(self.selection.resource, self.text.text())
        return self.selection if typed is None else self.selection.with_condition(typed)

    def ask(self) -> None:
        """Opens the row that adds a condition, or closes it."""
        self.asking.setVisible(not self.asking.isVisible())
        if self.asking.isVisible():
            self.asking.column.setFocus()

    def add_condition(self, condition: Condition) -> None:
        """Narrows the rows by one more condition."""
        self._change(self.selection.with_condition(condition))
        self.asking.setVisible(False)

    def take_away(self, number: int) -> None:
        """Takes one condition away."""
        kept = tuple(one for place, one in enumerate(self.selection.conditions) if place != number)
        self._change(replace(self.selection, conditions=kept))

    def clear_all(self) -> None:
        """Every row in use again."""
        self.text.clear()
        self._change(Selection(self.selection.resource, grids=self.selection.grids))
        self.show_selection(self.selection)

    def _change(self, selection: Selection) -> None:
        self.selection = selection
        self._draw()
        self._tell()

    def _tell(self) -> None:
        self._wait.stop()
        self.changed.emit(self.wanted())

    def _mine_turned(self) -> None:
        self._change(replace(self.selection, grids=self.own if self.mine.isChecked() else None))

    def _state_chosen(self) -> None:
        self._change(replace(self.selection, state=self.state.currentData()))

    def _draw(self) -> None:
        clear(self._chips)
        at_home = self.selection.grids is not None and set(self.selection.grids) == set(self.own)
        self.mine.setChecked(at_home)
        self.mine.setVisible(bool(self.own) and placed(self.selection.resource))
        narrowed = replace(self.selection, grids=None) if at_home else self.selection  # the button says it already
        for number, one in enumerate(self.selection.conditions):
            self._chips.addWidget(_Chip(chip_text(self.selection.resource, one), partial(self.take_away, number)))
        picked = replace(narrowed, conditions=(), state="in_use")
        if not picked.whole:
            kept = self.selection.grids if at_home else None
            self._chips.addWidget(_Chip(say(picked), partial(self._change, replace(
                self.selection, ids=None, addresses=None, grids=kept))))  # fmt: skip
        if not narrowed.whole:
            self._chips.addWidget(button(_("Clear the filter"), self.clear_all, kind="link"))
        self._chips.addStretch(1)
        self._line.setVisible(not narrowed.whole)


class _Chip(QFrame):
    """One condition in words with a cross."""

    def __init__(self, text: str, close: partial[None]) -> None:
        super().__init__()
        self.setProperty("kind", "chip")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.S, 1, 2, 1)
        row.setSpacing(2)
        row.addWidget(label(text))
        cross = QToolButton()
        cross.setProperty("kind", "plain")
        cross.setIcon(theme.icon("close", size=12))
        cross.setAccessibleName(_("Take away: {condition}").format(condition=text))
        cross.setToolTip(cross.accessibleName())
        cross.clicked.connect(lambda _checked=False: close())
        row.addWidget(cross)


class _Asking(QFrame):
    """Column, comparison, value; Enter adds the condition, Escape leaves."""

    made = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.column, self.operator, self.codes, self.value = QComboBox(), QComboBox(), QComboBox(), QLineEdit()
        self.column.setMinimumWidth(180)
        self.codes.setMinimumWidth(160)
        self.value.setMinimumWidth(200)
        self._resource, self._trouble = "", label("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.S)
        for widget in (self.column, self.operator, self.codes, self.value):
            row.addWidget(widget)
        row.addWidget(button(_("Add"), self.finish, kind="primary"))
        row.addWidget(button(_("Close"), lambda: self.setVisible(False), kind="link"))
        row.addWidget(self._trouble)
        row.addStretch(1)
        self.column.currentIndexChanged.connect(self._column_chosen)
        self.operator.currentIndexChanged.connect(self._operator_chosen)
        self.value.returnPressed.connect(self.finish)

    def show_kind(self, resource: str) -> None:
        """Offers the columns of a kind."""
        self._resource = resource
        self.column.blockSignals(True)
        self.column.clear()
        for name in fields(resource):
            self.column.addItem(field_title(name), name)
        self.column.blockSignals(False)
        self._column_chosen()

    def finish(self) -> None:
        """Adds the condition, or says what is wrong with it beside it."""
        name, operator = str(self.column.currentData()), self.operator.currentData()
        value = str(self.codes.currentData()) if self.codes.isVisibleTo(self) else self.value.text().strip()
        bare = operator in _BARE
        if not bare and not value:
            self._trouble.setText(_("A value is missing."))
            return
        condition = Condition(name, operator, "" if bare else value)
        try:
            checked(Selection(self._resource, (condition,)))
        except GridLinkError as wrong:
            self._trouble.setText(f"{wrong.message} {wrong.cure}")
            return
        self._trouble.clear()
        self.value.clear()
        self.made.emit(condition)

    def _column_chosen(self) -> None:
        known = self._field()
        if known is None:
            return
        self.operator.blockSignals(True)
        self.operator.clear()
        for operator in operators(known):
            self.operator.addItem(_(_WORDS[operator]), operator)
        self.operator.blockSignals(False)
        self.codes.clear()
        for code in known.codes:
            self.codes.addItem(shown_value(known.name, code), code)
        self.value.setPlaceholderText("2026-11-25" if known.kind in {"date", "datetime"} else "")
        self._operator_chosen()

    def _operator_chosen(self) -> None:
        known, bare = self._field(), self.operator.currentData() in _BARE
        coded = known is not None and bool(known.codes)
        self.codes.setVisible(coded and not bare)
        self.value.setVisible(not coded and not bare)
        self._trouble.clear()

    def _field(self) -> Field | None:
        return fields(self._resource).get(str(self.column.currentData())) if self._resource else None

    def keyPressEvent(self, event: object) -> None:
        if getattr(event, "key", int)() == Qt.Key.Key_Escape:
            self.setVisible(False)
            return
        super().keyPressEvent(event)  # type: ignore[arg-type]  # it is the key event that came


def operators(known: Field) -> Sequence[Operator]:
    """The comparisons that make sense for a column."""
    if known.codes:
        return ("is", "is_not", "blank", "not_blank")
    if known.kind in {"integer", "number", "year", "date", "datetime"}:
        return ("is", "from", "to", "blank", "not_blank")
    return ("contains", "is", "is_not", "begins", "blank", "not_blank")


def text_condition(resource: str, typed: str) -> Condition | None:
    """What the text field means: the beginning of a code where it looks like one, else a part of the main text."""
    wanted, known = typed.strip(), fields(resource)
    if len(wanted) < 2:
        return None
    key = next(name for name, one in known.items() if one.sortable)
    if wanted.isascii() and wanted.replace("-", "").isalnum() and len(wanted) >= _WHOLE_CODE:
        return Condition(key, "begins", wanted)
    main = next((name for name in _TEXTS if name in known), key)
    return Condition(main, "contains", wanted)


def chip_text(resource: str, condition: Condition) -> str:
    """A condition in words; divisions by their names."""
    value = condition.value
    if condition.column in {"community_code", "subdistrict_code"} and isinstance(value, str) and value:
        return say(Selection(resource, (condition,))).replace(value, division_name(value))
    return say(Selection(resource, (condition,)))
