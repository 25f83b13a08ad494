"""A model over a selection of any length: it holds a few pages around what is seen and fetches the rest when seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from core.i18n import _
from core.model.labels import field_title, inside_district, shown_value
from core.registry import tables
from core.registry.divisions import division_name
from core.registry.filters import Selection
from core.registry.tables import Matches, Order, Page
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
DIVISIONS = ("community_code", "subdistrict_code")
_NUMBERS = ("area_m2", "rooms", "cycle_days", "employees", "tenants_max", "households")
_CODES = ("_code", "_no", "_token", "uscc", "id_masked")
PAGE, KEPT = 200, 24
"""Rows a page, and pages kept."""
_FAR, _MOST_LEFT_OUT = 20_000, 100_000
"""From how many rows on positions are fetched beside; up to how many one row can be left out of all."""


class ListingModel(QAbstractTableModel):
    """Rows of one selection in the order of an indexed column; never more than a few thousand in memory."""

    told = Signal(int)
    picks_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.selection, self.order = Selection("address"), Order("full_text")
        self.columns = tables.default_columns("address")
        self.picked, self.all_matching = set[int](), False
        self._matches: Matches | None = None
        self._total, self._turn = 0, 0
        self._pages: OrderedDict[int, Sequence[tuple[Any, ...]]] = OrderedDict()
        self._asked: set[int] = set()
        self._finding: list[Job] = []

    # --- what is shown ---

    @property
    def resource(self) -> str:
        """The kind whose rows are shown."""
        return self.selection.resource

    @property
    def sortable(self) -> Sequence[str]:
        """The columns by which the rows can be put in order at any size."""
        return tables.sortable(self.resource)

    @property
    def known(self) -> bool:
        """Whether the number of rows is known already."""
        return self._matches is not None

    def show(self, selection: Selection, *, order: Order | None = None, columns: Sequence[str] = ()) -> None:
        """Shows other rows: the first that are found near the start at once, all when they are found and counted."""
        other = selection.resource != self.resource
        self.beginResetModel()
        self.selection = selection
        self.order = order or (self._usual_order() if other else self.order)
        self.columns = tuple(columns) or (tables.default_columns(self.resource) if other else self.columns)
        self._turn += 1
        self._total, self._matches = 0, None
        self._forget_pages()
        self.endResetModel()
        self.clear_picks()
        self._find(first_page=True)

    def again(self) -> None:
        """Finds the same rows again after a change; what is in sight stays where it is."""
        self._turn += 1
        self._find(first_page=False)

    def entity(self, row: int) -> int | None:
        """The id of the record in a row, None while it is still on its way."""
        held = self._row(row)
        return None if held is None else int(held[0])

    def _usual_order(self) -> Order:
        return Order(
            next(c for c in (*tables.default_columns(self.resource), *self.sortable) if c in self.sortable)
        )

    # --- picking ---

    def pick(self, row: int) -> None:
        """Takes a row into the picks, or out of them."""
        entity = self.entity(row)
        if entity is None:
            return
        if self.all_matching:
            ids = self._matches.ids if self._matches is not None else None
            self.picked = set(ids) - {entity} if ids is not None and len(ids) <= _MOST_LEFT_OUT else set()
            self.all_matching = False
        else:
            self.picked ^= {entity}
        self._picks_told()

    def pick_all(self) -> None:
        """Picks every row of the selection, however many."""
        if self._total:
            self.picked, self.all_matching = set(), True
            self._picks_told()

    def clear_picks(self) -> None:
        """Nothing is picked any more."""
        self.picked, self.all_matching = set(), False
        self._picks_told()

    @property
    def picks(self) -> int:
        """How many rows are picked."""
        return self._total if self.all_matching else len(self.picked)

    def chosen(self) -> Selection:
        """What an act on several rows takes: the picked rows, or all matching where none or all are picked."""
        if self.picked:
            picked = tuple(sorted(self.picked))
            return Selection(self.resource, state="all", ids=picked, grids=self.selection.grids)
        return self.selection

    def _picks_told(self) -> None:
        if self._total:
            self.dataChanged.emit(
                self.index(0, 0), self.index(self._total - 1, 0), [Qt.ItemDataRole.CheckStateRole]
            )
        self.picks_changed.emit()

    # --- what Qt asks ---

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        name = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return field_title(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            sorts = _("A click puts the rows in this order") if name in self.sortable else _(
                "Not sorted by this column: it has no index")  # fmt: skip
            return f"{field_title(name)}\n{sorts}"
        return _side(name) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = super().flags(index)
        return usual | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() == 0 else usual

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != 0:
            return False
        self.pick(index.row())
        return True

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name = self.columns[index.column()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            return self._checked(index.row())
        if role == Qt.ItemDataRole.FontRole and name.endswith(_CODES) and name not in DIVISIONS:
            return theme.monospace()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(name)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self._text(index.row(), index.column(), whole=role == Qt.ItemDataRole.ToolTipRole)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        name = self.columns[column] if 0 <= column < len(self.columns) else ""
        wanted = Order(name, order == Qt.SortOrder.DescendingOrder)
        if name in self.sortable and wanted != self.order:
            self.show(self.selection, order=wanted, columns=self.columns)

    def _checked(self, row: int) -> Qt.CheckState:
        held = self._held(row)
        inside = self.all_matching or (held is not None and held[0] in self.picked)
        return Qt.CheckState.Checked if inside else Qt.CheckState.Unchecked

    def _text(self, row: int, column: int, *, whole: bool) -> str | None:
        """A cell's text; ``whole`` asks for the code of what is shown by its name."""
        held, name = self._row(row), self.columns[column]
        if held is None:
            return "…" if column == 0 and not whole else None
        mark = _(" (retired)") if held[1] and column == 0 else ""
        value = held[column + 2]
        if name in DIVISIONS and not whole:
            return division_name(str(value)) + mark if value else mark
        if name == "full_text" and not whole:
            return inside_district(str(value or "")) + mark
        return f"{shown_value(name, value)}{mark}"

    # --- fetching ---

    def _held(self, row: int) -> tuple[Any, ...] | None:
        page, place = divmod(row, PAGE)
        rows = self._pages.get(page, ())
        return rows[place] if place < len(rows) else None

    def _row(self, row: int) -> tuple[Any, ...] | None:
        page = row // PAGE
        if page not in self._pages:
            self._ask(page)
            return None
        self._pages.move_to_end(page)
        return self._held(row)

    def _find(self, *, first_page: bool) -> None:
        workspace, selection, order, turn = self._desk.workspace, self.selection, self.order, self._turn
        for job in self._finding:  # what nobody waits for any more is not read to its end
            job.cancel()
        columns, look = self.columns, self._desk.jobs.look
        within = 0 if tables.begins_at_once(selection, order) else tables.AT_ONCE
        first = look(
            lambda progress: tables.page(
                workspace, selection, order, columns=columns, count=PAGE, within=within, progress=progress
            ),
            partial(self._begun, turn),
        ) if first_page else None  # it does not wait for the count  # fmt: skip
        counting = look(
            lambda progress: tables.matches(workspace, selection, order, progress=progress),
            partial(self._found, turn),
        )
        self._finding = [job for job in (first, counting) if job is not None]

    def _begun(self, turn: int, part: Page) -> None:
        """The first rows, which a filter may not have found all of; of no use once all are known."""
        if self._matches is None and part.rows:
            self._arrived(turn, 0, part)

    def _found(self, turn: int, found: Matches) -> None:
        if turn != self._turn:
            return
        begun = self._pages.get(0)
        anew = self._matches is not None or (begun is not None and len(begun) < min(PAGE, found.total))
        self._matches = found
        if anew:
            self._forget_pages()
        self._resize(found.total)
        if self._total and anew:
            self.dataChanged.emit(self.index(0, 0), self.index(self._total - 1, len(self.columns) - 1))
        self.told.emit(found.total)
        if found.ids is None and found.total > _FAR:
            workspace = self._desk.workspace
            placing = self._desk.jobs.look(
                lambda progress: tables.with_positions(workspace, found, progress=progress),
                partial(self._placed, turn),
            )
            self._finding.append(placing)

    def _placed(self, turn: int, found: Matches) -> None:
        if turn == self._turn and self._matches is not None and found.total == self._matches.total:
            self._matches = found

    def _ask(self, page: int) -> None:
        if page in self._asked or self._matches is None:
            return
        self._asked.add(page)
        workspace, found, turn, columns = self._desk.workspace, self._matches, self._turn, self.columns
        self._desk.jobs.read(
            lambda: tables.rows_at(workspace, found, page * PAGE, PAGE, columns=columns),
            partial(self._arrived, turn, page),
        )

    def _arrived(self, turn: int, page: int, part: Page) -> None:
        if turn != self._turn:
            return
        self._asked.discard(page)
        self._pages[page] = part.rows
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        if self._matches is None and part.rows:
            self._resize(max(self._total, len(part.rows)))
        first, last = page * PAGE, min(self._total, (page + 1) * PAGE) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))

    def _resize(self, total: int) -> None:
        """Grows or shrinks at the end, so that what is in sight stays there."""
        if total > self._total:
            self.beginInsertRows(_NOWHERE, self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(_NOWHERE, total, self._total - 1)
            self._total = total
            self.endRemoveRows()

    def _forget_pages(self) -> None:
        self._pages.clear()
        self._asked.clear()


def _side(name: str) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if name in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
