"""Workbench: at most five figures that ask for work, each one click from its list."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.atlas.grid_work import Work, grid_work
from core.exchange.attention import Attention, attention
from core.i18n import N_, _
from core.model import names as labels
from core.registry.ledger import Overview, overview
from core.stewardship.visits import VisitsLeft, visits_left
from core.stewardship.work_left import WorkLeft, work_left
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.acting import Acting
from desktop.pages import Page
from desktop.widgets.grid_map import GridMap
from desktop.widgets.parts import Tile, button, card, clear, empty, head, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table

_LISTS = {
    "packages": ("inbox", "package.check"), "findings": ("findings", "finding.read"),
    "conflicts": ("adjudication", "conflict.settle"), "overdue": ("overdue", "upkeep.read"),
}  # fmt: skip
"""The list behind each figure, and what it takes to open it; behind the last figure is the queue of a system."""

_TILES = 5


class WorkbenchPage(Page):
    """What came in, what is wrong, what waits; or the one thing to do first."""

    name, title, icon, permission = "workbench", N_("Workbench"), "workbench", "registry.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.tiles = {
            "packages": Tile(_("Packages imported"), "package"),
            "findings": Tile(_("Findings to work off"), "findings"),
            "conflicts": Tile(_("Conflicts to settle"), "adjudication"),
            "overdue": Tile(_("Overdue in the grids"), "overdue"),
            "waiting": Tile(_("Rejected or held upstream"), "send"),
            "visits": Tile(_("Visits handed to me"), "eye"),
        }
        self.tiles["visits"].setHidden(True)
        self.tiles["visits"].clicked.connect(lambda: desk.show_page("field_audit"))
        for name, (page, permission) in _LISTS.items():
            self.tiles[name].setHidden(not desk.workspace.actor.may(permission))
            self.tiles[name].clicked.connect(lambda page=page: desk.show_page(page))
        self.tiles["waiting"].setHidden(not desk.workspace.actor.may("exchange.read"))
        self.tiles["waiting"].clicked.connect(self.open_rejected)
        self.acting, self.attention = Acting(desk), Attention((), {})
        self._alarm_rows = QVBoxLayout()
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
        column.addLayout(self._tile_row())
        self._alarm_rows.setSpacing(theme.S)
        self._alarm_card = card(self._alarm_rows)
        self._alarm_card.setVisible(False)
        column.addWidget(self._alarm_card)
        column.addWidget(card(figures))
        column.addWidget(self._grid_part(), 1)
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

    def _tile_row(self) -> QHBoxLayout:
        """A tile is a fifth of the row, however many there are; one that is hidden leaves no hole."""
        row = QHBoxLayout()
        row.setSpacing(theme.M)
        for tile in self.tiles.values():
            row.addWidget(tile, 1)
        shown = sum(not tile.isHidden() for tile in self.tiles.values())
        if shown < _TILES:
            row.addStretch(_TILES - shown)
        return row

    def _grid_part(self) -> QWidget:
        """The grids on a small map, and those with the most to do as a list."""
        self.grid_map, self._grid_title = GridMap(), label("", "heading")
        self.grid_map.opened.connect(lambda grid: self.desk.show_on_map("grid", grid.entity))
        self.grids = RowsModel([
            Field(_("grid"), lambda g: g.name), Field(_("maintainer"), lambda g: g.maintainer, "code"),
            Field(_("overdue"), lambda g: g.overdue or "–", "number"),
            Field(_("Findings"), lambda g: g.findings or "–", "number"),
        ])  # fmt: skip
        self.grid_list = table(self.grids, stretch=0)
        for place, width in ((1, 110), (2, 70), (3, 90)):
            self.grid_list.setColumnWidth(place, width)
        self.grid_list.activated.connect(
            lambda index: self.desk.show_on_map("grid", self.grids.rows[index.row()].entity)
        )
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(self._grid_title)
        left.addWidget(self.grid_map, 1)
        right.addWidget(label(_("Most to do"), "heading"))
        self._most = QStackedLayout()
        self._most.addWidget(self.grid_list)
        may = self.desk.workspace.actor.may("finding.read")
        none = _("Nothing is overdue or wrong in these grids.") if may else _("Nothing is overdue in these grids.")
        self._most.addWidget(empty("done", none))
        right.addLayout(self._most, 1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.M)
        row.addWidget(card(left), 1)
        row.addWidget(card(right), 1)
        self._grid_cards = QWidget()
        self._grid_cards.setLayout(row)
        below = QWidget()
        holder = QVBoxLayout(below)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addWidget(self._grid_cards, 1)
        self._grid_cards.setVisible(False)
        return below

    def refresh(self) -> None:
        """Reads the figures beside the window."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: overview(workspace), self.show_overview)
        if workspace.actor.may("field_audit.enter"):
            self.desk.jobs.read(lambda: visits_left(workspace), self.show_visits)
        if workspace.actor.may("exchange.read"):
            self.desk.jobs.read(lambda: attention(workspace), self.show_attention)
        if workspace.actor.may("finding.read"):
            self.desk.jobs.read(lambda: work_left(workspace), self.show_work)
        if workspace.actor.may("upkeep.read"):
            self.tiles["overdue"].wait(_("being counted"))
            self.desk.jobs.read(lambda: grid_work(workspace), self.show_grids)

    def show_visits(self, left: VisitsLeft) -> None:
        """Shows what was handed to the user and is still to be looked at; nothing where there is none."""
        late = _("{n} visits overdue").format(n=f"{left.overdue:,}")
        told = _("records in {n} visits, the next due {day}").format(n=f"{left.visits:,}", day=left.next_due)
        self.tiles["visits"].setVisible(left.visits > 0)
        self.tiles["visits"].show_figure(
            f"{left.records:,}", late if left.overdue else told, "warning" if left.overdue else None
        )

    def open_rejected(self) -> None:
        """Opens what was rejected: the queue of the system with the most of it, or the cards where there is none."""
        most = next(iter(self.attention.rejected), "")
        if most:
            self.desk.show_system(most, "rejected")
        else:
            self.desk.show_page("exchange")

    def show_attention(self, found: Attention) -> None:
        """Shows what the exchange needs somebody for, each with its cure."""
        self.attention = found
        clear(self._alarm_rows)
        self._alarm_card.setVisible(bool(found.alarms))
        if found.alarms:
            self._alarm_rows.addWidget(label(_("The exchange needs you"), "heading"))
        for one in found.alarms:
            row = QHBoxLayout()
            row.addWidget(status_word("error" if one.stops else "warning", one.text), 1)
            cure = self.acting.cure(one)
            if cure is not None:
                row.addWidget(cure)
            self._alarm_rows.addLayout(row)

    def show_overview(self, now: Overview) -> None:
        """Shows what came in and what waits upstream."""
        self._states.setCurrentIndex(0 if now.packages or now.refusals else 1)
        last = _("last: {name}, {at}").format(name=now.last_package, at=local_time(now.last_import_at))
        refused = _(" · {n} refused").format(n=f"{now.refusals:,}") if now.refusals else ""
        told = (last if now.last_package else _("none yet")) + refused
        self.tiles["packages"].show_figure(f"{now.packages:,}", told)
        waiting = _("{n} waiting to be pushed").format(n=f"{now.waiting:,}")
        self.tiles["waiting"].show_figure(f"{now.rejected:,}", waiting, "error" if now.rejected else None)
        self._show_entities(now)

    def show_work(self, left: WorkLeft) -> None:
        """Shows what a steward works off; zero after a check is another zero than before one."""
        if left.checked:
            held = _("{errors} errors, {ignored} ignored").format(
                errors=f"{left.errors:,}", ignored=f"{left.ignored:,}")  # fmt: skip
            self.tiles["findings"].show_figure(f"{left.findings:,}", held, "warning" if left.findings else "done")
        else:
            self.tiles["findings"].show_figure("–", _("nothing checked yet"), "unchecked")
        told = _("departments contradict each other") if left.conflicts else _("nobody contradicts another")
        self.tiles["conflicts"].show_figure(f"{left.conflicts:,}", told, "warning" if left.conflicts else "done")

    def show_grids(self, work: Work) -> None:
        """Shows where there is something to do, and how much of it is overdue; it comes after the other figures."""
        overdue, late_grids = sum(one.overdue for one in work.grids), sum(1 for one in work.grids if one.overdue)
        late = _("{n} of {grids} grids have something due").format(n=f"{late_grids:,}", grids=f"{len(work.grids):,}")
        if work.grids:
            self.tiles["overdue"].show_figure(f"{overdue:,}", late, "warning" if overdue else "done")
        else:
            self.tiles["overdue"].show_figure("–", _("no grid is known yet"), "unchecked")
        self._grid_cards.setVisible(bool(work.grids))
        self.grid_list.setColumnHidden(3, not self.desk.workspace.actor.may("finding.read"))
        self._grid_title.setText(_("My grids") if work.own else _("Grids of the district"))
        self.grid_map.show_grids(work.grids, work.others)
        self.grids.show_rows([one for one in work.grids if one.total])
        self._most.setCurrentIndex(0 if self.grids.rows else 1)

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
