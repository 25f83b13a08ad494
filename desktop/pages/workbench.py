"""Workbench: at most five figures that ask for work, each one click from its list."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model import names as labels
from core.registry.ledger import Overview, overview
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.parts import Tile, button, card, clear, empty, head, label, local_time


class WorkbenchPage(Page):
    """What came in, what is wrong, what waits; or the one thing to do first."""

    name, title, icon, permission = "workbench", N_("Workbench"), "workbench", "registry.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.tiles = {
            "packages": Tile(_("Packages imported"), "package"),
            "findings": Tile(_("Findings"), "warning"),
            "quarantined": Tile(_("Rows in quarantine"), "error"),
            "waiting": Tile(_("Waiting to be pushed"), "send"),
            "refusals": Tile(_("Packages refused"), "close"),
        }
        for name, tile in self.tiles.items():
            page = "exchange" if name == "waiting" else "inbox"
            tile.clicked.connect(lambda page=page: desk.show_page(page))
        grid = QGridLayout()
        grid.setSpacing(theme.M)
        for place, tile in enumerate(self.tiles.values()):
            grid.addWidget(tile, 0, place)
            grid.setColumnStretch(place, 1)
        self._entities = QHBoxLayout()
        self._entities.setSpacing(theme.XL * 2)
        figures = QVBoxLayout()
        figures.setSpacing(theme.M)
        figures.addWidget(label(_("In the registry"), "heading"))
        figures.addLayout(self._entities)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.L)
        column.addLayout(grid)
        column.addWidget(card(figures))
        column.addStretch(1)
        first = button(_("Open the Inbox"), lambda: desk.show_page("inbox"), icon="inbox", kind="primary")
        nothing = empty("package", _(
            "The registry is empty. Data arrive as signed packages: open the Inbox and drop the first one."
        ), first)  # fmt: skip
        holder = QWidget()
        self._states = QStackedLayout(holder)
        self._states.addWidget(full)
        self._states.addWidget(nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.L)
        outer.addLayout(head(_(self.title), button(_("Refresh"), self.refresh, icon="refresh", tip="F5")))
        outer.addWidget(holder, 1)

    def refresh(self) -> None:
        """Reads the figures beside the window."""
        self.desk.jobs.read(lambda: overview(self.desk.workspace), self.show_overview)

    def show_overview(self, now: Overview) -> None:
        """Shows the figures; zero findings after an import is a checked zero, before one it is unchecked."""
        self._states.setCurrentIndex(0 if now.packages or now.refusals else 1)
        last = _("last: {name}, {at}").format(name=now.last_package, at=local_time(now.last_import_at))
        self.tiles["packages"].show_figure(f"{now.packages:,}", last if now.last_package else _("none yet"))
        checked = _("all rows checked") if now.packages else _("nothing checked yet")
        self.tiles["findings"].show_figure(f"{now.findings:,}", checked, "warning" if now.findings else None)
        self.tiles["quarantined"].show_figure(
            f"{now.quarantined:,}", _("go back to their sender"), "error" if now.quarantined else None
        )
        rejected = _("{n} rejected or held back").format(n=f"{now.rejected:,}")
        self.tiles["waiting"].show_figure(f"{now.waiting:,}", rejected)
        self.tiles["refusals"].show_figure(f"{now.refusals:,}", _("nothing of them was taken"))
        self._show_entities(now)

    def _show_entities(self, now: Overview) -> None:
        clear(self._entities)
        for name, count in now.entities.items():
            if count:
                box = QVBoxLayout()
                box.setSpacing(2)
                box.addWidget(label(f"{count:,}", "figure"))
                box.addWidget(label(labels.label("resource", name), "muted"))
                self._entities.addLayout(box)
        self._entities.addStretch(1)
