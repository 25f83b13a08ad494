"""Registry: every kind of record as one table, at a million rows, sorted, filtered and opened by keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from core.i18n import N_, _
from core.model import names as labels
from core.registry.browse import SHOWN
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.visits import Place
from desktop.widgets.file_tabs import FileTabs
from desktop.widgets.file_view import FileView
from desktop.widgets.parts import button, empty, head, label
from desktop.widgets.rows_window import ListingModel
from desktop.widgets.tables import table
from desktop.widgets.watermark import Watermark

_WIDTHS = {
    "full_text": 420, "name": 260, "address_code": 190, "house_code": 220, "person_token": 160,
    "community_code": 130, "grid_code": 150, "uscc": 180, "summary": 300, "description": 260, "id_masked": 180,
}  # fmt: skip
_PLAIN = 110


class RegistryPage(Page):
    """Look around, sort, filter, open."""

    name, title, icon, permission = "registry", N_("Registry"), "registry", "registry.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.model = ListingModel(desk)
        self.view = table(self.model)
        self.view.setSortingEnabled(True)
        self.view.doubleClicked.connect(lambda index: self._open_file_of(index.row()))
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.horizontalHeader().setStretchLastSection(True)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(_("Filter: two characters or more"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(260)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(250)
        self._wait.timeout.connect(lambda: self.model.filter(self.filter.text()))
        self.filter.textEdited.connect(lambda _text: self._wait.start())
        self._build()
        self._keys()

    def _build(self) -> None:
        self._count = label("", "muted")
        self.kinds = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(0)
        for number, name in enumerate(SHOWN):
            row.addWidget(self._segment(number, name))
        row.addStretch(1)
        holder = QWidget()
        self._states = QStackedLayout(holder)
        self._states.addWidget(self.view)
        first = button(
            _("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary"
        )
        self._states.addWidget(
            empty("registry", _("There is none of these yet. They arrive with packages."), first)
        )
        listing = QWidget()
        self.files = FileTabs(listing, _("Table"), self._make_file)
        self.files.switched.connect(lambda: self.desk.visits.note(self.place()))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.files)
        outer = QVBoxLayout(listing)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(head(_(self.title), self._count, self.filter))
        outer.addLayout(row)
        outer.addWidget(holder, 1)
        Watermark(self.view, self.desk.workspace.actor.name)
        self.model.told.connect(self._told)

    def _keys(self) -> None:
        for keys, act in (
            ("J", lambda: self._step(1)),
            ("K", lambda: self._step(-1)),
            ("Return", self._open_current),
            ("Ctrl+Return", self._open_current_file),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.view)
            shortcut.activated.connect(act)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

    def _segment(self, number: int, name: str) -> QPushButton:
        made = QPushButton(labels.label("resource", name))
        made.setProperty("kind", "segment")
        made.setCheckable(True)
        made.setChecked(number == 0)
        made.clicked.connect(lambda _checked=False: self.open_kind(name))
        self.kinds.addButton(made, number)
        return made

    def open_kind(self, name: str) -> None:
        """Shows the records of one kind."""
        self.filter.clear()
        self.kinds.button(list(SHOWN).index(name)).setChecked(True)
        self._count.clear()
        self.model.open(name)
        self._columns()

    def open_row(self, row: int) -> None:
        """Opens a record in the drawer."""
        entity = self.model.entity(row)
        if entity is not None:
            self.desk.open_record(self.model.resource, entity)

    def open_file(self, resource: str, entity: int) -> None:
        """Opens a record's file in a tab of its own."""
        self.files.open((resource, entity))

    def show_table(self) -> None:
        """Brings the table to the front."""
        self.files.show_fixed()

    def place(self) -> Place:
        return Place(self.name, *(self.files.current or ("", 0)))

    def refresh(self) -> None:
        """Reads again what is in front: the listing where it is, or the file."""
        for key in self.files.keys:
            view = self.files.view(key)
            if isinstance(view, FileView):
                view.refresh()
        self.model.open(self.model.resource, order_by=self.model.order_by, descending=self.model.descending)
        self._columns()

    def _columns(self) -> None:
        for place, name in enumerate(self.model.columns):
            self.view.setColumnWidth(place, _WIDTHS.get(name, _PLAIN))
        place = self.model.columns.index(self.model.order_by)
        header = self.view.horizontalHeader()
        header.blockSignals(True)
        order = Qt.SortOrder.DescendingOrder if self.model.descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(place, order)
        header.blockSignals(False)

    def _told(self, total: int) -> None:
        text = _("{n} found (the first thousand at most)") if self.model.filtered else _("{n} records")
        self._count.setText(text.format(n=f"{total:,}"))
        self._states.setCurrentIndex(0 if total or self.model.filtered else 1)

    def _step(self, by: int) -> None:
        row = self.view.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(row, 0))

    def _make_file(self, key: tuple[str, int]) -> QWidget:
        view = FileView(self.desk, *key)
        view.named.connect(lambda title: self.files.name(key, title))
        return view

    def _open_file_of(self, row: int) -> None:
        entity = self.model.entity(row)
        if entity is not None:
            self.desk.open_file(self.model.resource, entity)

    def _open_current_file(self) -> None:
        self._open_file_of(self.view.currentIndex().row())

    def _open_current(self) -> None:
        self.open_row(self.view.currentIndex().row())
