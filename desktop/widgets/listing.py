"""The table of one kind: filters above, rows below, what can be done with the picked ones in a bar of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHeaderView, QStackedWidget, QVBoxLayout, QWidget

from core.i18n import _
from core.registry.at_home import at_home
from core.registry.filters import Selection
from core.registry.tables import Order
from core.registry.views import View
from core.security.own_grids import home, list_is_open
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.entry_box import ListEntryBox
from desktop.widgets.export_button import ExportButton
from desktop.widgets.filter_bar import FilterBar
from desktop.widgets.parts import button, clear, empty, label
from desktop.widgets.pick_bar import PickBar
from desktop.widgets.rows_window import ListingModel
from desktop.widgets.table_menus import ColumnMenu, ViewMenu
from desktop.widgets.tables import table
from desktop.widgets.watermark import Watermark

WIDTHS = {
    "full_text": 420, "name": 260, "address_code": 190, "house_code": 220, "person_token": 160,
    "community_code": 130, "grid_code": 150, "uscc": 180, "summary": 300, "description": 260, "id_masked": 180,
    "collected_at": 170, "occurred_at": 170, "found_at": 170, "submitted_at": 170, "report_no": 190,
}  # fmt: skip
_PLAIN = 110
_PATIENCE = 150
"""Milliseconds before waiting is shown."""
_ROWS, _NONE_YET, _NONE_MATCH, _LOOKING, _CLOSED = range(5)


class Listing(QWidget):
    """Shows a selection; remembers columns and their widths of each kind for its user."""

    shown = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self.model = desk, ListingModel(desk)
        self.view = table(self.model)
        self.columns, self.views, self.count = ColumnMenu(), ViewMenu(desk, self._as_view), label("", "muted")
        self.export = ExportButton(desk, self.model)
        if not desk.workspace.actor.may("registry.export"):
            self.export.hide()
        self.bar = FilterBar(self.count, self.views, self.columns, self.export)
        self.picks = PickBar(desk, self.model)
        self._states = QStackedWidget()
        self._slow = QTimer(self)
        self._build()
        self._connect()

    # --- what others ask for ---

    def open_kind(self, resource: str) -> None:
        """Every row in use of a kind, with the columns that its user chose last."""
        self.show_selection(Selection(resource))

    def show_selection(
        self, selection: Selection, *, order: Order | None = None, columns: Sequence[str] = ()
    ) -> None:
        """Shows any selection; the filter bar says what it is made of."""
        if selection.resource != self.model.resource:
            self.remember()
        own = home(self.desk.workspace)
        self.bar.show_own(own)
        if own:
            selection = at_home(self.desk.workspace, selection)
        self.bar.show_selection(selection)
        kept = self.desk.memory.get(f"columns-{selection.resource}", [])
        self._show(selection, order=order, columns=columns or kept)

    def again(self) -> None:
        """Reads the rows again after a change."""
        if self.model.known:
            self.model.again()
        else:
            self.show_selection(self.model.selection)

    def remember(self) -> None:
        """Keeps which columns are shown, how wide, in which order of rows."""
        memory, resource = self.desk.memory, self.model.resource
        header = self.view.horizontalHeader()
        by_sight = sorted(range(len(self.model.columns)), key=header.visualIndex)
        memory.put(f"columns-{resource}", [self.model.columns[place] for place in by_sight])
        widths = {name: self.view.columnWidth(place) for place, name in enumerate(self.model.columns)}
        memory.put(f"widths-{resource}", memory.get(f"widths-{resource}", {}) | widths)

    def open_row(self, row: int) -> None:
        """Opens a record in the drawer."""
        entity = self.model.entity(row)
        if entity is not None:
            self.desk.open_record(self.model.resource, entity)

    def open_file(self, row: int) -> None:
        """Opens a record's file in a tab."""
        entity = self.model.entity(row)
        if entity is not None:
            self.desk.open_file(self.model.resource, entity)

    # --- building ---

    def _build(self) -> None:
        header = self.view.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # else Qt sorts at once, by its own choice
        self.view.setSortingEnabled(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        first = button(
            _("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary"
        )
        again = button(_("Clear the filter"), self.bar.clear_all, kind="primary")
        for state in (
            self.view, empty("registry", _("There is none of these yet. They arrive with packages."), first),
            empty("search", _("No row fulfils all conditions."), again), empty("waiting", _("Looking for the rows")),
        ):  # fmt: skip
            self._states.addWidget(state)
        closed = QWidget()
        self._asked = QVBoxLayout(closed)
        self._asked.setContentsMargins(0, 0, 0, 0)
        self._states.addWidget(closed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addWidget(self.bar)
        column.addWidget(self.picks)
        column.addWidget(self._states, 1)
        Watermark(self.view, self.desk.workspace.actor.name)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_PATIENCE)
        self._slow.timeout.connect(lambda: self._states.setCurrentIndex(_LOOKING))

    def _connect(self) -> None:
        self.model.told.connect(self._told)
        self.model.rowsInserted.connect(lambda *_range: self._some())
        self.bar.changed.connect(self._filtered)
        self.columns.chosen.connect(self._columns_chosen)
        self.views.opened.connect(self._view_opened)
        self.view.doubleClicked.connect(lambda index: self.open_file(index.row()))
        for keys, act in {
            "J": partial(self._step, 1), "K": partial(self._step, -1), "Space": self._pick,
            "Ctrl+A": self.model.pick_all,
            "Return": lambda: self.open_row(self.view.currentIndex().row()),
            "Ctrl+Return": lambda: self.open_file(self.view.currentIndex().row()),
            "Shift+Escape": self.model.clear_picks,
        }.items():  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self.view)
            shortcut.activated.connect(act)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        for keys, act in {"Ctrl+F": self.bar.text.setFocus, "Ctrl+Shift+F": self.bar.ask}.items():
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # --- what happens ---

    def _filtered(self, selection: Selection) -> None:
        if selection != self.model.selection or self._states.currentIndex() == _CLOSED:
            self._show(selection, columns=self.model.columns)

    def _show(self, selection: Selection, *, order: Order | None = None, columns: Sequence[str] = ()) -> None:
        self.count.clear()
        if not list_is_open(self.desk.workspace, selection.resource, selection.grids):
            self._ask_reason(partial(self._show, selection, order=order, columns=columns), selection.resource)
            return
        self._states.setCurrentIndex(_ROWS)
        self._slow.start()
        self.model.show(selection, order=order, columns=columns)
        self.columns.show_columns(selection.resource, self.model.columns)
        self.views.show_kind(selection.resource)
        self._dress()
        self.shown.emit()

    def _ask_reason(self, show: Callable[[], None], resource: str) -> None:
        """A masked list beyond the own grids opens for a reason, asked for in its place."""
        self._slow.stop()
        clear(self._asked)
        box = ListEntryBox(self.desk, resource)
        box.entered.connect(show)
        box.left.connect(self.bar.mine.click)
        self._asked.addWidget(box)
        self._states.setCurrentIndex(_CLOSED)
        box.reason.setFocus()

    def _dress(self) -> None:
        kept = self.desk.memory.get(f"widths-{self.model.resource}", {})
        header, columns = self.view.horizontalHeader(), self.model.columns
        for place, name in enumerate(columns):
            self.view.setColumnWidth(place, int(kept.get(name, WIDTHS.get(name, _PLAIN))))
        header.blockSignals(True)
        down = self.model.order.descending
        order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
        by = self.model.order.column
        header.setSortIndicator(columns.index(by) if by in columns else -1, order)
        header.blockSignals(False)

    def _some(self) -> None:
        """The first rows are there; they are shown while the others are counted."""
        self._slow.stop()
        self._states.setCurrentIndex(_ROWS)
        if not self.model.known:
            self.count.setText(_("Counting…"))

    def _told(self, total: int) -> None:
        self._slow.stop()
        whole = replace(self.model.selection, grids=None).whole
        text = _("{n} records") if whole else _("{n} matching")
        self.count.setText(text.format(n=f"{total:,}"))
        self._states.setCurrentIndex(
            _ROWS if total else _NONE_YET if self.model.selection.whole else _NONE_MATCH
        )

    def _columns_chosen(self, columns: Sequence[str]) -> None:
        self._show(self.model.selection, columns=columns)
        self.remember()

    def _as_view(self, name: str) -> View:
        everywhere = replace(
            self.model.selection, grids=None
        )  # opened again, it is narrowed to the grids of then
        return View(name, everywhere, self.model.order, tuple(self.model.columns))

    def _view_opened(self, view: View) -> None:
        self.show_selection(view.selection, order=view.order, columns=view.columns)

    def _step(self, by: int) -> None:
        row = self.view.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(row, 0))

    def _pick(self) -> None:
        self.model.pick(self.view.currentIndex().row())
        self._step(1)
