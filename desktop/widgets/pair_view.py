"""Two records that may be one and the same, side by side: what agrees, what differs, where one is silent; no score."""

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

from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.stewardship.duplicates import Pair
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button, head, label, local_time
from desktop.widgets.watermark import Watermark

KeepApart = Callable[[Pair, str], None]
BASES = {
    "same_person": N_("the same person's token"), "same_shape": N_("masked name, house, birth year and sex are alike"),
    "same_code": N_("the same organisation code"), "same_name": N_("name and address are alike"),
    "same_text": N_("the address reads alike"),
}  # fmt: skip
_SAID: dict[str, tuple[str, theme.Status]] = {
    "agrees": (N_("agrees"), "done"), "differs": (N_("differs"), "error"),
    "silent": (N_("one says nothing"), "unchecked"),
}  # fmt: skip
_TOKEN = 16


class PairView(QWidget):
    """1 and 2 open the records; N says that they are not the same; Enter keeps it; Ctrl+arrow the next pair."""

    def __init__(self, desk: Desk, pair: Pair, keep_apart: KeepApart, step: Callable[[int], None]) -> None:
        super().__init__()
        self._desk, self.pair, self._keep_apart = desk, pair, keep_apart
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, 0, 0, 0)
        column.setSpacing(theme.M)
        buttons = [
            button(_("Record {n}").format(n=n), partial(self.open, n), icon="eye", tip=str(n)) for n in (1, 2)
        ]
        column.addLayout(head(_("Is it the same?"), *buttons))
        found = _("put side by side because {why} · {at}")
        why = _(BASES.get(pair.basis, pair.basis))
        column.addWidget(label(found.format(why=why, at=local_time(pair.found_at)), "muted", wrap=True))
        self.fields = self._table()
        column.addWidget(self.fields, 1)
        Watermark(self.fields, desk.workspace.actor.name)
        column.addWidget(label(_(
            "If it is the same, send one of the two back to its source to be withdrawn there; the next package takes "
            "it out. If not, say how you know: they are asked about again only when a compared field changes."
        ), "muted", wrap=True))  # fmt: skip
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("How do you know that they are two?"))
        self.act = button(_("Not the same"), self.keep, icon="close", kind="primary", tip="N, Enter")
        self.act.setEnabled(False)
        self.reason.textChanged.connect(lambda text: self.act.setEnabled(bool(text.strip())))
        self.reason.returnPressed.connect(self.keep)
        row = QHBoxLayout()
        row.addWidget(self.reason, 1)
        row.addWidget(self.act)
        column.addLayout(row)
        column.addWidget(label(_("1, 2 open a record · N not the same · Enter keep · J/K next pair"), "muted"))
        keys: list[tuple[str, Callable[[], object]]] = [
            ("1", partial(self.open, 1)), ("2", partial(self.open, 2)), ("N", self.reason.setFocus),
            ("J", partial(step, 1)), ("K", partial(step, -1)), ("Ctrl+Down", partial(step, 1)),
            ("Ctrl+Up", partial(step, -1)),
        ]  # fmt: skip
        for sequence, act in keys:
            shortcut = QShortcut(QKeySequence(sequence), self.fields)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    def open(self, number: int) -> None:
        """Opens record 1 or 2 in the drawer."""
        self._desk.open_record(self.pair.resource, self.pair.left if number == 1 else self.pair.right)

    def keep(self) -> None:
        """Remembers that they are two, if there is a reason."""
        if self.act.isEnabled():
            self._keep_apart(self.pair, self.reason.text())

    def _table(self) -> QTableWidget:
        pair = self.pair
        made = QTableWidget(len(pair.values), 4)
        made.setHorizontalHeaderLabels([_("field"), f"1  {pair.titles[0]}", f"2  {pair.titles[1]}", _("comparison")])
        made.verticalHeader().hide()
        made.verticalHeader().setDefaultSectionSize(theme.ROW)
        made.setShowGrid(False)
        made.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        made.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        made.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = made.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for place, width in ((0, 130), (3, 140)):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
            made.setColumnWidth(place, width)
        for place, (name, both) in enumerate(pair.values.items()):
            word, status = _SAID[pair.reasons.get(name, "silent")]
            told = [field_title(name), *(_shown(name, value) for value in both), _(word)]
            for at, text in enumerate(told):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if at == 3:
                    colour = theme.tokens().status(status)
                    item.setForeground(QColor(colour))
                    item.setIcon(theme.icon(status, colour, 16))
                made.setItem(place, at, item)
        made.setCurrentCell(0, 0)
        return made


def _shown(name: str, value: object) -> str:
    if value is None:
        return _("empty")
    text = str(shown_value(name, value))
    return f"{text[:_TOKEN]}…" if name.endswith("_token") else text
