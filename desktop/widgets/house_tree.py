"""Who lives where: the houses of an address with their people, masked, as a tree that the keyboard walks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from core.i18n import _
from core.model.labels import field_title, shown_value
from core.registry.record import Record, Related
from desktop import theme

_KEY = Qt.ItemDataRole.UserRole
_MOST_ROWS = 14
"""Rows that a tree is tall before it scrolls."""


def households(one: Record) -> list[tuple[Related | None, list[Related]]]:
    """Each house with its people; people whose house is not among the shown ones come under None."""
    houses = [other for other in one.related if other.resource == "house"]
    people: dict[str, list[Related]] = {}
    for other in one.related:
        if other.resource == "person":
            people.setdefault(str(dict(other.facts).get("house_code", "")), []).append(other)
    found: list[tuple[Related | None, list[Related]]] = [
        (house, people.pop(house.title, [])) for house in houses
    ]
    rest = [person for some in people.values() for person in some]
    return found + ([(None, rest)] if rest else [])


class HouseTree(QTreeWidget):
    """Houses as branches, people as leaves; Enter or a double click opens a file."""

    chosen = Signal(str, object)

    def __init__(self, shown: Sequence[tuple[Related | None, Sequence[Related]]]) -> None:
        super().__init__()
        self.setHeaderLabels([_("house, person"), _("what is known")])
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().resizeSection(0, 300)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(True)
        self.setAccessibleName(_("Houses and their people"))
        for house, people in shown:
            branch: QTreeWidgetItem | QTreeWidget = self
            if house is not None:
                count = _("{n} people").format(n=len(people)) if people else _("nobody registered")
                branch = _item(house, f"{facts(house.facts)} · {count}" if house.facts else count)
                self.addTopLevelItem(branch)
            for person in people:
                known = facts((name, value) for name, value in person.facts if name != "house_code")
                leaf = _item(person, known)
                _hang(branch, leaf)
        self.expandAll()
        rows = sum(1 + len(people) for _house, people in shown)
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


def facts(known: Iterable[tuple[str, object]]) -> str:
    """What tells a record from its neighbours, in one line."""
    numbered = {"birth_year", "area_m2", "rooms"}
    return " · ".join(
        f"{field_title(name)} {shown_value(name, value)}" if name in numbered else shown_value(name, value)
        for name, value in known
    )


def _item(other: Related, known: str) -> QTreeWidgetItem:
    made = QTreeWidgetItem([other.title, known])
    made.setIcon(0, theme.icon(other.resource, size=16))
    made.setData(0, _KEY, (other.resource, other.id))
    if other.resource == "person":
        made.setForeground(0, theme.brush("muted"))
        made.setToolTip(0, _("Masked; its file shows it for a stated reason."))
    return made


def _hang(branch: QTreeWidgetItem | QTreeWidget, leaf: QTreeWidgetItem) -> None:
    if isinstance(branch, QTreeWidget):
        branch.addTopLevelItem(leaf)
    else:
        branch.addChild(leaf)
