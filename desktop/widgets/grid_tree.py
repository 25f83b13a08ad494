"""The district's grids as a tree: sub-district, community, grid; whole branches are chosen at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from core.i18n import _
from core.registry.divisions import division_name
from core.stewardship.grid_keeping import KeptGrid
from desktop import theme

_GRID = Qt.ItemDataRole.UserRole
_WIDTHS = (216, 138, 84, 120, 180, 84)
_NUMBERS = (3, 5)


class GridTree(QTreeWidget):
    """Branches count their grids; what was unfolded and chosen stays so when the grids are shown again."""

    picked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderLabels([
            _("grid"), _("code"), _("maintainer"), _("cycle (days)"), _("officers"), _("addresses")
        ])  # fmt: skip
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.setStyleSheet(f"QTreeView::item {{ padding-right: {theme.S}px; }}")  # figures stand off the next column
        self.setAccessibleName(_("Grids by sub-district and community"))
        for place, width in enumerate(_WIDTHS):
            self.setColumnWidth(place, width)
        for place in _NUMBERS:
            self.headerItem().setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        self._open = set[str]()
        self.itemExpanded.connect(lambda item: self._open.add(item.text(1)))
        self.itemCollapsed.connect(lambda item: self._open.discard(item.text(1)))
        self.itemSelectionChanged.connect(self.picked)

    def show_grids(self, grids: Sequence[KeptGrid], text: str = "", *, unfold: bool = False) -> int:
        """Shows the grids in which a text occurs; returns how many."""
        wanted, chosen = text.strip(), {one.grid_code for one in self.chosen()}
        shown = [one for one in grids if not wanted or any(wanted in part for part in _texts(one))]
        opened = set(self._open)
        self.blockSignals(True)
        self.clear()
        branches: dict[str, QTreeWidgetItem] = {}
        for grid in shown:
            item = _leaf(self._branch(branches, grid), grid)
            item.setSelected(grid.grid_code in chosen)
        for code, item in branches.items():
            item.setExpanded(bool(wanted) or unfold or code in opened)
            held = list(_leaves(item))
            item.setText(5, f"{sum(one.addresses for one in held):,}")
            free = sum(not one.accounts for one in held)
            item.setText(4, _("{n} grids, {free} without officer").format(n=f"{len(held):,}", free=f"{free:,}")
                         if free else _("{n} grids").format(n=f"{len(held):,}"))  # fmt: skip
        self._open = opened
        self.blockSignals(False)
        return len(shown)

    def chosen(self) -> list[KeptGrid]:
        """The chosen grids and those of chosen branches, each once."""
        found = {grid.grid_code: grid for item in self.selectedItems() for grid in _leaves(item)}
        return list(found.values())

    def _branch(self, branches: dict[str, QTreeWidgetItem], grid: KeptGrid) -> QTreeWidgetItem:
        above: QTreeWidgetItem | None = None
        for code in (grid.subdistrict_code, grid.community_code):
            if code not in branches:
                branches[code] = QTreeWidgetItem([division_name(code), code])
                _dress(branches[code])
                if above is None:
                    self.addTopLevelItem(branches[code])
                else:
                    above.addChild(branches[code])
            above = branches[code]
        assert above is not None
        return above


def _leaf(above: QTreeWidgetItem, grid: KeptGrid) -> QTreeWidgetItem:
    officers = _(", ").join(grid.accounts)
    made = QTreeWidgetItem([
        grid.name, grid.grid_code, grid.maintainer or _("nobody"), f"{grid.cycle_days:,}" if grid.cycle_days else "–",
        officers or _("nobody"), f"{grid.addresses:,}",
    ])  # fmt: skip
    made.setData(0, _GRID, grid)
    warning = theme.tokens().status("warning")
    for place, missing in ((2, not grid.maintainer.strip()), (3, grid.cycle_days <= 0), (4, not officers)):
        if missing:
            made.setForeground(place, QColor(warning))
            made.setIcon(place, theme.icon("warning", warning, 16))
    _dress(made)
    above.addChild(made)
    return made


def _dress(item: QTreeWidgetItem) -> None:
    item.setFont(1, theme.monospace())
    for place in _NUMBERS:
        item.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def _leaves(item: QTreeWidgetItem | None) -> Iterator[KeptGrid]:
    if item is None:
        return
    grid = item.data(0, _GRID)
    if grid is not None:
        yield grid
    for place in range(item.childCount()):
        yield from _leaves(item.child(place))


def _texts(grid: KeptGrid) -> tuple[str, ...]:
    return (grid.name, grid.grid_code, grid.maintainer, division_name(grid.community_code),
            division_name(grid.subdistrict_code), *grid.accounts)  # fmt: skip
