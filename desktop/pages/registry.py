"""Registry: every kind of record as one table, at a million rows, and the files that were opened as tabs beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model.names import label as name_of
from core.registry.browse import SHOWN
from core.registry.drafts import Draft, kept
from core.registry.filters import Selection
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.visits import Place
from desktop.widgets.file_tabs import FileTabs
from desktop.widgets.file_view import FileView
from desktop.widgets.listing import Listing
from desktop.widgets.parts import label, segment

KINDS = tuple(SHOWN)
_KEPT_OPEN = 8
"""Files that are opened again when the window comes back."""


class RegistryPage(Page):
    """Look around, sort, filter, open."""

    name, title, icon, permission = "registry", N_("Registry"), "registry", "registry.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.listing = Listing(desk)
        self.model, self.view, self.filter = self.listing.model, self.listing.view, self.listing.bar.text
        self.kinds = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(label(_(self.title), "title"))
        row.addSpacing(theme.XL)
        for number, name in enumerate(KINDS):
            row.addWidget(self._segment(number, name))
        row.addStretch(1)
        whole = QWidget()
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(row)
        outer.addWidget(self.listing, 1)
        self.files = FileTabs(whole, _("Table"), self._make_file)
        self.files.switched.connect(lambda: self.desk.visits.note(self.place()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.files)
        self.listing.shown.connect(self._mark_kind)
        QShortcut(QKeySequence("Ctrl+E"), self).activated.connect(self._edit)
        self._started = False
        for resource, entity, title in desk.memory.get("files", []):
            self.files.open((resource, int(entity)), in_front=False)
            self.files.name((resource, int(entity)), title)
        if desk.workspace.actor.may("registry.edit"):
            desk.jobs.read(lambda: kept(desk.workspace), self._offer_drafts)

    # --- what others ask for ---

    def open_kind(self, name: str) -> None:
        """Shows the records of one kind."""
        self._started = True
        self.listing.open_kind(name)

    def show_rows(self, selection: Selection) -> None:
        """Shows any selection of rows in the table: a figure's list, what was picked on the map."""
        self._started = True
        self.files.show_fixed()
        self.listing.show_selection(selection)

    def open_row(self, row: int) -> None:
        """Opens a record in the drawer."""
        self.listing.open_row(row)

    def open_file(self, resource: str, entity: int) -> None:
        """Opens a record's file in a tab of its own."""
        self.files.open((resource, entity))

    def show_table(self) -> None:
        """Brings the table to the front."""
        self.files.show_fixed()

    # --- what the shell asks ---

    def place(self) -> Place:
        return Place(self.name, *(self.files.current or ("", 0)))

    def refresh(self) -> None:
        """Reads again what is open: the listing where it is, and the files."""
        for key in self.files.keys:
            view = self.files.view(key)
            if isinstance(view, FileView):
                view.refresh()
        if self._started:
            self.listing.again()
        else:
            self.open_kind(str(self.desk.memory.get("kind", KINDS[0])))

    def closing(self) -> None:
        """Keeps what the user had before them."""
        if self._started:
            self.listing.remember()
            self.desk.memory.put("kind", self.model.resource)
        titles = [[key[0], str(key[1]), self.files.title(key)] for key in self.files.keys]
        self.desk.memory.put("files", titles[-_KEPT_OPEN:])

    def _edit(self) -> None:
        view = self.files.view(self.files.current) if self.files.current is not None else None
        if isinstance(view, FileView):
            view.edit()

    def _offer_drafts(self, drafts: Sequence[Draft]) -> None:
        """What was typed and not saved opens as tabs behind, so that nothing is forgotten."""
        for draft in drafts:
            self.files.open((draft.resource, draft.entity), in_front=False)
            self.files.name((draft.resource, draft.entity), name_of("resource", draft.resource))
        if drafts:
            text = _("{n} records were edited and not saved; they stand as tabs in the registry.")
            self.desk.messages.notice(text.format(n=len(drafts)))

    def _mark_kind(self) -> None:
        if self.model.resource in KINDS:
            self.kinds.button(KINDS.index(self.model.resource)).setChecked(True)

    def _segment(self, number: int, name: str) -> QPushButton:
        made = segment(name_of("resource", name), partial(self.open_kind, name), chosen=number == 0)
        self.kinds.addButton(made, number)
        return made

    def _make_file(self, key: tuple[str, int]) -> QWidget:
        view = FileView(self.desk, *key)
        view.named.connect(lambda title: self._named(key, title))
        return view

    def _named(self, key: tuple[str, int], title: str) -> None:
        """Names the tab, and remembers what was opened lately (masked as it is shown)."""
        self.files.name(key, title)
        others = [one for one in self.desk.memory.get("recent", []) if one[:2] != [key[0], str(key[1])]]
        self.desk.memory.put("recent", [[key[0], str(key[1]), title], *others][:_KEPT_OPEN])
