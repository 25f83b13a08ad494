"""The officers beside the tree of grids: how much each has, and what is done with the chosen grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.stewardship.grid_keeping import KeptGrid
from desktop import theme
from desktop.widgets.parts import button, label, rule
from desktop.widgets.tables import Field, RowsModel, table


@dataclass(frozen=True)
class Officer:
    """An account to which grids can be assigned, with how much it has."""

    name: str
    grids: int
    addresses: int


class OfficerPanel(QWidget):
    """``give`` and ``take`` carry the account, ``name_maintainer`` who keeps the grids and why."""

    give = Signal(str)
    take = Signal(str)
    name_maintainer = Signal(str, str)
    show_grids = Signal(str)

    def __init__(self, *, may_name: bool) -> None:
        super().__init__()
        self._grids: Sequence[KeptGrid] = ()
        self.officers = RowsModel([
            Field(_("officer"), lambda one: one.name),
            Field(_("grids"), lambda one: one.grids or _("whole district"), "number"),
            Field(_("addresses"), lambda one: one.addresses or "–", "number"),
        ])  # fmt: skip
        self.view = table(self.officers, stretch=0)
        self.view.setColumnWidth(1, 84)
        self.view.setColumnWidth(2, 74)
        self.view.setToolTip(_("A double click shows the grids of an officer"))
        self.view.selectionModel().currentRowChanged.connect(lambda *_rows: self._ready())
        self.view.doubleClicked.connect(lambda _index: self.show_grids.emit(self.account))
        self.given = button("", self.give_now, icon="user", kind="primary", tip="A")
        self.taken = button("", self.take_now, tip=_("Delete"))
        self.to, self.reason = QLineEdit(), QLineEdit()
        self.to.setPlaceholderText(_("New maintainer"))
        self.reason.setPlaceholderText(_("Reason"))
        self.named = button(_("Name as maintainer"), self._name)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(label(_("Officers"), "heading"))
        column.addWidget(self.view, 1)
        for widget in (self.given, self.taken):
            column.addWidget(widget)
        words = _("An officer with grids of his own begins in them; beyond them a reason is asked for. Without any he "
                  "works in the whole district.")  # fmt: skip
        column.addWidget(label(words, "muted", wrap=True))
        naming = (rule(), label(_("Maintainer of the chosen grids"), "heading"), self.to, self.reason, self.named)
        for part in naming:
            column.addWidget(part)
            part.setVisible(may_name)
        for field in (self.to, self.reason):
            field.textChanged.connect(lambda _text: self._ready())
        self._ready()

    @property
    def account(self) -> str:
        """The officer who is chosen, empty where none is."""
        place = self.view.currentIndex().row()
        return self.officers.rows[place].name if 0 <= place < len(self.officers.rows) else ""

    def show_officers(self, officers: Sequence[Officer]) -> None:
        """Shows the officers; the one who was chosen stays so."""
        before = self.account
        self.officers.show_rows(officers)
        names = [one.name for one in officers]
        if before in names:
            self.view.selectRow(names.index(before))
        self._ready()

    def show_picked(self, grids: Sequence[KeptGrid]) -> None:
        """The grids that are chosen now."""
        self._grids = grids
        self._ready()

    def give_now(self) -> None:
        """Assigns the chosen grids to the chosen officer."""
        if self.given.isEnabled():
            self.give.emit(self.account)

    def take_now(self) -> None:
        """Takes the chosen grids from the chosen officer."""
        if self.taken.isEnabled():
            self.take.emit(self.account)

    def _name(self) -> None:
        self.name_maintainer.emit(self.to.text().strip(), self.reason.text().strip())
        self.reason.clear()

    def _ready(self) -> None:
        name = self.account
        new = sum(name not in one.accounts for one in self._grids) if name else 0
        held = sum(name in one.accounts for one in self._grids) if name else 0
        who = name or _("an officer")
        self.given.setText(_("Assign {n} grids to {who}").format(n=f"{new:,}", who=who))
        self.taken.setText(_("Take {n} grids from {who}").format(n=f"{held:,}", who=who))
        self.given.setEnabled(new > 0)
        self.taken.setEnabled(held > 0)
        self.named.setEnabled(bool(self._grids and self.to.text().strip() and self.reason.text().strip()))
