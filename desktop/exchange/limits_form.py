"""What the operator asks of us besides the mapping: how much, how fast, when, and how often we try."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.exchange.declaration import Connector
from core.i18n import N_, _
from core.model.names import label as name_of
from desktop import theme
from desktop.exchange.draft import Draft
from desktop.widgets.parts import label

DAYS = {"mon": N_("Mon"), "tue": N_("Tue"), "wed": N_("Wed"), "thu": N_("Thu"), "fri": N_("Fri"), "sat": N_("Sat"),
        "sun": N_("Sun")}  # fmt: skip
_ALWAYS: tuple[tuple[tuple[str, str], str], ...] = (
    (("limits", "requests_per_second"), N_("Requests a second at most")),
    (("limits", "begin"), N_("Open from")), (("limits", "end"), N_("Open until")),
    (("transport", "connect_seconds"), N_("Seconds to wait for a connection")),
    (("transport", "reply_seconds"), N_("Seconds to wait for an answer")),
    (("retry", "first_seconds"), N_("Seconds until the second attempt")),
    (("retry", "factor"), N_("Each further wait times")),
    (("retry", "longest_seconds"), N_("Seconds between attempts at most")),
    (("retry", "attempts"), N_("Attempts before somebody is asked")),
    (("receipts", "after_seconds"), N_("Seconds until a receipt can be asked for")),
)  # fmt: skip
_WIDE = 120


class LimitsForm(QWidget):
    """One field a value; an empty one lets the default count."""

    def __init__(self, draft: Draft, *, may: bool) -> None:
        super().__init__()
        self.draft, self.may = draft, may
        self.fields: dict[tuple[str, ...], QLineEdit] = {}
        self.days = {day: QCheckBox(_(word)) for day, word in DAYS.items()}
        self._forms = (QFormLayout(), QFormLayout())
        self._row = QHBoxLayout()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, theme.S, theme.M, 0)
        column.setSpacing(theme.M)
        side = QHBoxLayout()
        side.setSpacing(theme.XL)
        for form in self._forms:
            form.setVerticalSpacing(theme.S)
            side.addLayout(form)
        side.addStretch(1)
        column.addLayout(side)
        column.addLayout(self._row)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        draft.changed.connect(self.look)

    def look(self) -> None:
        """Shows the draft's values; made once, when there is something to show."""
        it = self.draft.last
        if it is None:
            return
        if not self.fields:
            self._build(it)
        for place, field in self.fields.items():
            if not field.hasFocus():
                shown = _held(it, place)
                field.setText(
                    "" if shown is None else f"{shown:g}" if isinstance(shown, float) else str(shown)
                )
        for day, tick in self.days.items():
            tick.setChecked(not it.limits.days or day in it.limits.days)

    def _build(self, it: Connector) -> None:
        shown = [*_sizes(it), *((place, _(words)) for place, words in _ALWAYS)]
        for number, (place, words) in enumerate(shown):
            field = QLineEdit()
            field.setFixedWidth(_WIDE)
            field.setReadOnly(not self.may)
            field.editingFinished.connect(partial(self._typed, place))
            self.fields[place] = field
            self._forms[2 * number // len(shown)].addRow(label(words, "muted"), field)
        self._row.addWidget(label(_("Open on"), "muted"))
        for tick in self.days.values():
            tick.setEnabled(self.may)
            tick.clicked.connect(self._ticked)
            self._row.addWidget(tick)
        self._row.addStretch(1)

    def _typed(self, place: tuple[str, ...]) -> None:
        it, text = self.draft.last, self.fields[place].text().strip()
        value = _read(text)
        if it is not None and value != _held(it, place):
            self.draft.put({place: value})

    def _ticked(self) -> None:
        chosen = [day for day, tick in self.days.items() if tick.isChecked()]
        self.draft.put({("limits", "days"): chosen if len(chosen) < len(DAYS) else None})


def _sizes(it: Connector) -> Iterator[tuple[tuple[str, ...], str]]:
    """How many records travel together, of each resource."""
    for part, name in (("push", "batch_size"), ("propose", "batch_size"), ("extract", "page_size")):
        for resource in getattr(it, part):
            words = (
                _("Records a batch: {resource}") if name == "batch_size" else _("Records a page: {resource}")
            )
            yield (part, resource, name), words.format(resource=name_of("resource", resource))


def _held(it: Connector, place: tuple[str, ...]) -> Any:
    here: Any = it
    for part in place:
        here = here[part] if isinstance(here, dict) else getattr(here, part)
    return here


def _read(text: str) -> Any:
    """A number where it is one, else the text: the schema says what is wrong with it."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None
