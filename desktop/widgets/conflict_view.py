"""Two people changed one record: both versions side by side, field by field, and the second one decides."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry.editing import EditConflict
from desktop import theme
from desktop.widgets.parts import button, card, label, local_time, status_word


class ConflictView(QWidget):
    """``decided`` carries the fields to save and the version they are saved over; ``given_up``: theirs stands."""

    decided = Signal(object, object)
    given_up = Signal()

    def __init__(self, conflict: EditConflict) -> None:
        super().__init__()
        self._conflict, self._mine = conflict, dict[str, QRadioButton]()
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        text = _("{actor} changed this record at {at}, after you opened it. Nothing of yours is lost.")
        told = text.format(actor=conflict.actor, at=local_time(conflict.at))
        column.addWidget(status_word("warning", told))
        column.addWidget(label(conflict.cure, "muted", wrap=True))
        column.addLayout(self._grid())
        row = QHBoxLayout()
        self.act = button(_("Save as decided"), self.decide, kind="primary")
        row.addWidget(self.act)
        row.addWidget(button(_("Keep all of theirs"), self.given_up.emit))
        row.addStretch(1)
        column.addLayout(row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card(column))

    def choose(self, name: str, *, mine: bool) -> None:
        """Decides one field."""
        if mine:
            self._mine[name].setChecked(True)
        else:
            group = self._mine[name].group()
            group.buttons()[0].setChecked(True)

    def decide(self) -> None:
        """Saves the fields that were decided for one's own; where there are none, theirs stands."""
        kept = {
            name: str(self._conflict.mine[name] or "")
            for name, radio in self._mine.items()
            if radio.isChecked()
        }
        if kept:
            self.decided.emit(kept, self._conflict.version)
        else:
            self.given_up.emit()

    def _grid(self) -> QGridLayout:
        one = self._conflict
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        heads = ("", _("when you opened it"), _("now, by {actor}").format(actor=one.actor), _("yours"))
        for place, text in enumerate(heads):
            grid.addWidget(label(text, "muted"), 0, place)
        theirs = [name for name in one.stored if one.seen and one.stored[name] != one.seen.get(name)]
        for row, name in enumerate(dict.fromkeys((*one.mine, *theirs)), 1):
            grid.addWidget(label(field_title(name), "muted"), row, 0)
            grid.addWidget(label(_shown(name, one.seen.get(name)) if one.seen else "–"), row, 1)
            if name in one.mine:
                self._choice(grid, row, name)
            else:
                grid.addWidget(label(_shown(name, one.stored.get(name))), row, 2)
                grid.addWidget(label(_("unchanged"), "muted"), row, 3)
        grid.setColumnStretch(4, 1)
        return grid

    def _choice(self, grid: QGridLayout, row: int, name: str) -> None:
        group = QButtonGroup(self)
        stored = QRadioButton(_shown(name, self._conflict.stored.get(name)))
        mine = QRadioButton(_shown(name, self._conflict.mine[name]))
        for place, radio in ((2, stored), (3, mine)):
            group.addButton(radio)
            grid.addWidget(radio, row, place)
        mine.setChecked(True)
        mine.setAccessibleName(_("{field}: yours").format(field=field_title(name)))
        stored.setAccessibleName(_("{field}: theirs").format(field=field_title(name)))
        self._mine[name] = mine


def _shown(name: str, value: object) -> str:
    return shown_value(name, value) or _("empty")
