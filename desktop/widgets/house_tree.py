"""Who lives where: the houses of an address with their people, masked, as a tree that the keyboard walks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry.address_file import Household, Resident
from desktop import theme

_KEY = Qt.ItemDataRole.UserRole
_MOST_ROWS = 14
"""Rows that a tree is tall before it scrolls."""


class HouseTree(QTreeWidget):
    """Houses as branches, people as leaves, those who moved away last; Enter or a double click opens a file."""

    chosen = Signal(str, object)

    def __init__(self, homes: Sequence[Household], *, people_only: bool = False) -> None:
        super().__init__()
        self.setHeaderLabels([_("house, person"), _("what is known")])
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().resizeSection(0, 300)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(not people_only)
        self.setAccessibleName(_("Houses and their people"))
        rows = 0
        for home in homes:
            leaves = [_leaf(one, former=False) for one in home.residents]
            leaves += [_leaf(one, former=True) for one in home.former]
            rows += len(leaves) + (0 if people_only else 1)
            if people_only:
                self.addTopLevelItems(leaves)
                continue
            branch = _item("house", home.id, home.house_code, house_facts(home))
            branch.addChildren(leaves)
            self.addTopLevelItem(branch)
        self.expandAll()
        self.setFixedHeight((min(rows, _MOST_ROWS) + 1) * theme.ROW + 8)
        self.itemDoubleClicked.connect(lambda item, _column: self._open(item))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.currentItem())
            return
        super().keyPressEvent(event)

    def _open(self, item: QTreeWidgetItem | None) -> None:
        key = item.data(0, _KEY) if item is not None else None
        if key:
            self.chosen.emit(*key)


def house_facts(home: Household) -> str:
    """A house in one line: its use, size, and how many live there."""
    known = [shown_value("use", home.use)]
    if home.area_m2:
        known.append(_("{n} m²").format(n=f"{home.area_m2:g}"))
    count = len(home.residents)
    known.append(_("{n} people").format(n=count) if count else _("nobody registered"))
    return " · ".join(known)


def resident_facts(one: Resident, *, former: bool) -> str:
    """A person in one line; of who left, since when."""
    known = [
        shown_value("sex", one.sex), _("born {year}").format(year=one.birth_year),
        shown_value("residence", one.residence), _("since {day}").format(day=one.moved_in),
    ]  # fmt: skip
    if former:
        known.append(_("until {day}").format(day=one.moved_out) if one.moved_out else _("no longer reported"))
    return " · ".join(known)


def facts(known: Iterable[tuple[str, object]]) -> str:
    """What tells a record from its neighbours, in one line."""
    numbered = {"birth_year", "area_m2", "rooms"}
    return " · ".join(
        f"{field_title(name)} {shown_value(name, value)}" if name in numbered else shown_value(name, value)
        for name, value in known
    )


def _leaf(one: Resident, *, former: bool) -> QTreeWidgetItem:
    made = _item("person", one.id, one.name, resident_facts(one, former=former))
    made.setToolTip(0, _("Masked; its file shows it for a stated reason."))
    for column in (0, 1) if former else (0,):
        made.setForeground(column, theme.brush("muted"))
    return made


def _item(resource: str, entity: int, title: str, known: str) -> QTreeWidgetItem:
    made = QTreeWidgetItem([title, known])
    made.setIcon(0, theme.icon(resource, size=16))
    made.setData(0, _KEY, (resource, entity))
    return made
