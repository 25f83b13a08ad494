"""Overdue: what is due again by the cycle of its grid, who keeps the grid, and handing it over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.jobs import Progress
from core.model.names import label as name_of
from core.security.own_grids import home
from core.stewardship.exporting_lists import export_overdue
from core.stewardship.upkeep import (
    KEPT_UP,
    Filters,
    GridDue,
    Item,
    hand_over_grids,
    items,
    overdue,
    take_back_hand_over,
)
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, empty, head, label, segment
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_SHOWN = 500


def _of_kind(resource: str, grid: GridDue) -> int | str:
    return grid.overdue.get(resource, 0) or "–"


class OverduePage(Page):
    """The maintainers' list."""

    name, title, icon, permission = "overdue", N_("Overdue"), "overdue", "upkeep.read"
    section = "findings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.grids = RowsModel([
            Field(_("grid"), lambda g: g.grid_code, "code"), Field(_("name"), lambda g: g.name),
            Field(_("maintainer"), lambda g: g.maintainer, "code"),
            Field(_("cycle (days)"), lambda g: g.cycle_days, "number"),
            *(Field(name_of("resource", name), partial(_of_kind, name), "number") for name in KEPT_UP),
            Field(_("overdue"), lambda g: g.total or "–", "number",
                  lambda g: "warning" if g.total else "done"),
            Field(_("oldest"), lambda g: g.oldest, "code"),
        ])  # fmt: skip
        self.rows = RowsModel([
            Field(_("kind"), lambda i: name_of("resource", i.resource)), Field(_("record"), lambda i: i.title),
            Field(_("collected"), lambda i: i.collected_at[:10], "code"),
            Field(_("collector"), lambda i: i.collector, "code"),
            Field(_("due since"), lambda i: i.due, "code"), Field(_("days"), lambda i: i.days, "number"),
        ])  # fmt: skip
        self.grid_view, self.view = table(self.grids, stretch=1), table(self.rows, stretch=1)
        self._told, self.cut, self.own = label("", "muted"), label("", "muted"), home(desk.workspace)
        self.mine = segment(_("My grids ({n})").format(n=f"{len(self.own):,}"), self.refresh, chosen=True)
        self.mine.setHidden(not self.own)
        self.export = ListExport(desk, self.rows, _("Overdue"), writer=self._write)
        self.export_grids = ListExport(desk, self.grids, _("Grids and maintainers"))
        self.whole = QCheckBox(_("every grid of this maintainer"))
        self.to, self.reason = QLineEdit(), QLineEdit()
        self.to.setPlaceholderText(_("New maintainer"))
        self.reason.setPlaceholderText(_("Reason"))
        for field, width in ((self.to, 130), (self.reason, 200)):
            field.setFixedWidth(width)
            field.textChanged.connect(self._ready)
        self.act = button(_("Hand over"), self.hand_over, icon="user")
        self._states = QStackedWidget()
        self._build()
        self.grid_view.selectionModel().currentRowChanged.connect(lambda now, _before: self._open(now.row()))
        self.view.doubleClicked.connect(lambda index: self._record(index.row()))
        for widget in (self.to, self.reason, self.act, self.whole):
            widget.setVisible(desk.workspace.actor.may("grid.hand_over"))
        self._ready()

    def _build(self) -> None:
        bottom = QWidget()
        column = QVBoxLayout(bottom)
        column.setContentsMargins(0, theme.M, 0, 0)
        column.addLayout(head(_("Due in this grid"), self.cut, self.export, self.whole, self.to, self.reason, self.act))
        column.addWidget(self.view, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.addWidget(self.grid_view)
        split.addWidget(bottom)
        split.setSizes([400, 300])
        self._states.addWidget(split)
        first = button(_("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary")
        self._states.addWidget(empty("overdue", _(
            "No grid is known yet. Grids come with the governance platform's packages and bring maintainer and cycle."
        ), first))  # fmt: skip
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        again = button(_("Refresh"), self.refresh, icon="refresh", tip="F5")
        outer.addLayout(head("", self.mine, self._told, self.export_grids, again))
        outer.addWidget(self._states, 1)
        for view, widths in ((self.grid_view, (160, 140, 90, 116, 80, 80, 80, 80, 90, 100)),
                             (self.view, (80, 300, 100, 100, 100, 70))):  # fmt: skip
            for place, width in enumerate(widths):
                view.setColumnWidth(place, width)
        Watermark(self.view, self.desk.workspace.actor.name)

    def refresh(self) -> None:
        """Counts what is overdue beside the window."""
        workspace, wanted = self.desk.workspace, self._wanted()
        self.desk.jobs.read(lambda: overdue(workspace, wanted), self._show)

    def hand_over(self) -> None:
        """Gives the chosen grid to the maintainer who is named, with its list; can be undone."""
        grid, to, reason, workspace = self._grid(), self.to.text().strip(), self.reason.text(), self.desk.workspace
        if grid is not None:
            which = Filters(maintainer=grid.maintainer) if self.whole.isChecked() else Filters(grid=grid.grid_code)
            self.desk.jobs.run(
                _("Handing over"), lambda _p: hand_over_grids(workspace, which, to, reason=reason),
                partial(self._handed, to),
            )  # fmt: skip

    def _write(self, out: Path, progress: Progress) -> int:
        return export_overdue(self.desk.workspace, self._wanted(), out, progress=progress)

    def _wanted(self) -> Filters:
        return Filters(grids=self.own if self.mine.isChecked() else ())

    def _show(self, grids: Sequence[GridDue]) -> None:
        self._states.setCurrentIndex(0 if grids else 1)
        self.grids.show_rows(grids)
        total = sum(one.total for one in grids)
        self._told.setText(_("{n} records overdue in {grids} grids").format(
            n=f"{total:,}", grids=f"{sum(1 for one in grids if one.total):,}"))  # fmt: skip
        if grids:
            self.grid_view.selectRow(0)

    def _open(self, place: int) -> None:
        grid = self.grids.rows[place] if 0 <= place < len(self.grids.rows) else None
        if grid is None:
            return
        workspace, wanted = self.desk.workspace, [r for r in KEPT_UP if grid.overdue.get(r)]
        self.desk.jobs.read(
            lambda: [items(workspace, grid.grid_code, r, limit=_SHOWN) for r in wanted], self._listed
        )
        self._ready()

    def _listed(self, found: Sequence[tuple[int, Sequence[Item]]]) -> None:
        rows, total = [item for _total, some in found for item in some], sum(total for total, _some in found)
        self.rows.show_rows(sorted(rows, key=lambda item: -item.days))
        text = _("the {most} longest overdue of each kind: {shown} of {total} are shown").format(
            most=f"{_SHOWN:,}", shown=f"{len(rows):,}", total=f"{total:,}"
        )
        self.cut.setText(text if len(rows) < total else "")

    def _record(self, place: int) -> None:
        item = self.rows.rows[place]
        self.desk.open_record(item.resource, item.entity)

    def _handed(self, to: str, codes: Sequence[str]) -> None:
        self.reason.clear()
        text = _("{grid} is kept by {who} now.").format(grid=codes[0], who=to)
        if len(codes) > 1:
            text = _("{n} grids are kept by {who} now.").format(n=f"{len(codes):,}", who=to)
        self.desk.messages.done(text, undo=partial(self._take_back, codes))
        self.refresh()

    def _take_back(self, codes: Sequence[str]) -> None:
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Undoing"), lambda _p: [take_back_hand_over(workspace, code) for code in codes],
            lambda _who: self.refresh(),
        )  # fmt: skip

    def _grid(self) -> GridDue | None:
        place = self.grid_view.currentIndex().row()
        return self.grids.rows[place] if 0 <= place < len(self.grids.rows) else None

    def _ready(self) -> None:
        self.act.setEnabled(bool(self._grid() and self.to.text().strip() and self.reason.text().strip()))
