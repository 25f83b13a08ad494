"""Who changed a declaration, when, why and what of it; and the way back to the shipped one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.exchange.declaring import Change, Difference
from core.i18n import _
from desktop import theme
from desktop.widgets.parts import label, local_time
from desktop.widgets.tables import Field, RowsModel, table


@dataclass(frozen=True)
class _Line:
    change: Change
    difference: Difference


class HistoryView(QWidget):
    """A line for each value that a change made another, the newest change first."""

    def __init__(self) -> None:
        super().__init__()
        self.model = RowsModel([
            Field(_("at"), lambda one: local_time(one.change.at), "code"),
            Field(_("who"), lambda one: one.change.actor),
            Field(_("reason"), lambda one: one.change.reason),
            Field(_("place"), lambda one: one.difference.place, "code"),
            Field(_("before"), lambda one: _plain(one.difference.before), "code"),
            Field(_("after"), lambda one: _plain(one.difference.after), "code"),
        ])  # fmt: skip
        self.model.setParent(self)
        self.view = table(self.model, stretch=3)
        for place, width in enumerate((128, 84, 150, 150, 96, 96)):
            self.view.setColumnWidth(place, width)
        self.nothing = label(_("Nothing was changed: it is as it was shipped."), "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.S, 0, 0)
        column.addWidget(self.nothing)
        column.addWidget(self.view, 1)

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Replaces the lines."""
        self.model.show_rows([_Line(change, one) for change in changes for one in change.differences])
        self.nothing.setVisible(not changes)
        self.view.setVisible(bool(changes))


def _plain(value: Any) -> str:
    return "–" if value is None else str(value)
