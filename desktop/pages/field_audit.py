"""Field audit: samples that chance drew, their check sheets, results by keyboard, and what they say of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.i18n import N_, _
from core.model.names import label as name_of
from core.registry.divisions import division_name
from core.stewardship.audit_items import NOT_FOUND, Item, enter, items
from core.stewardship.check_sheets import Entered, enter_check_sheet, write_check_sheet
from core.stewardship.coefficients import Result, coefficients
from core.stewardship.field_audit import VISIT, Reproduction, Round, close, draw, reproduce, rounds
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.audit_draw import DrawView
from desktop.widgets.audit_entry import AuditEntry
from desktop.widgets.audit_result import AuditResult
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, empty, label, segment
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.visit_acts import VisitActs, round_state, visit_line
from desktop.widgets.watermark import Watermark


@dataclass(frozen=True)
class _Read:
    items: Sequence[Item]
    result: Result | None


class FieldAuditPage(Page):
    """Rounds at the left, the records of one and what they say at the right."""

    name, title, icon, permission = "field_audit", N_("Field audit"), "eye", "field_audit.enter"
    section = "findings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.round: Round | None = None
        self._items: Sequence[Item] = ()
        self.rounds = RowsModel([
            Field(_("round"), lambda r: f"{r.id}  {r.title}", status=round_state),
            Field(_("kind"), lambda r: name_of("resource", r.resource)),
            Field(_("looked at"), lambda r: f"{r.checked:,} / {r.items:,}", "number"),
        ])  # fmt: skip
        self.items = RowsModel([
            Field(_("community"), lambda i: division_name(i.community_code)),
            Field(_("no."), lambda i: i.position, "number"), Field(_("record"), _where_or_what),
            Field(_("result"), _result, status=_look),
        ])  # fmt: skip
        self.round_view, self.view = table(self.rounds, stretch=0), table(self.items, stretch=2)
        self.view.setTextElideMode(Qt.TextElideMode.ElideLeft)  # what tells an address from the next stands at its end
        self.community = QComboBox()
        self.community.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.community.currentIndexChanged.connect(lambda _index: self._narrow())
        self._told, self._seed = label("", "heading"), label("", "muted", wrap=True)
        self._entry, self._result = QStackedWidget(), QStackedWidget()
        self._parts, self._states, self._segments = QStackedWidget(), QStackedWidget(), QButtonGroup(self)
        may = desk.workspace.actor.may("field_audit.run")
        self.new = button(_("Draw a sample…"), self.ask_draw, icon="wand", kind="primary")
        self.sheet = button(
            _("Check sheet…"), self.ask_sheet, icon="print", tip=_("To print, or to fill in and bring back")
        )
        self.back = button(_("Filled sheet…"), self.ask_filled, icon="import", tip=_("Enter what a check sheet says"))
        tip = _("Do seed and list give it?")
        self.again = button(_("Draw again"), self.reproduce, icon="refresh", tip=tip)
        self.end = button(_("Close the round"), self.close_round, icon="lock")
        self.visit = VisitActs(desk, self.refresh)
        self.export = ListExport(desk, self.items, _("Field audit"))
        for widget in (self.new, self.end):
            if not may:  # showing what has no parent yet would open a window
                widget.hide()
        self._build()
        self.round_view.selectionModel().currentRowChanged.connect(lambda now, _before: self._open(now.row()))
        self.view.selectionModel().currentRowChanged.connect(lambda now, _before: self._enter_at(now.row()))

    def _build(self) -> None:
        self._parts.addWidget(self._entering())
        self._parts.addWidget(self._result)
        for stack in (self._entry, self._result):
            stack.addWidget(QWidget())
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(theme.M, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(self._told)
        column.addWidget(self._seed)
        column.addLayout(self._bar())
        column.addWidget(self._parts, 1)
        split = QSplitter()
        split.setHandleWidth(1)
        left = QWidget()
        beside = QVBoxLayout(left)
        beside.setContentsMargins(0, 0, theme.S, 0)
        beside.setSpacing(theme.S)
        beside.addWidget(self.new)
        beside.addWidget(self.round_view, 1)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 960])
        self.round_view.setColumnWidth(1, 76)
        self.round_view.setColumnWidth(2, 80)
        first = button(_("Draw a sample…"), self.ask_draw, icon="wand", kind="primary")
        if not self.desk.workspace.actor.may("field_audit.run"):
            first.hide()
        self._states.addWidget(split)
        self._states.addWidget(empty("eye", _(
            "No sample has been drawn yet. Chance draws the same number of records in every community; they are "
            "compared with what is really there, and the coefficients say how good the registry is."
        ), first))  # fmt: skip
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addWidget(self._states, 1)

    def _bar(self) -> QHBoxLayout:
        segments = QHBoxLayout()
        segments.setSpacing(0)
        for number, title in enumerate((_("Results"), _("Coefficients"))):
            made = segment(title, partial(self.show_part, number), chosen=number == 0)
            self._segments.addButton(made, number)
            segments.addWidget(made)
        segments.addSpacing(theme.M)
        segments.addWidget(self.community)
        segments.addStretch(1)
        for action in (self.again, self.visit, self.export, self.sheet, self.back, self.end):
            segments.addWidget(action)
            segments.addSpacing(theme.S)
        return segments

    def _entering(self) -> QWidget:
        split = QSplitter()
        split.setHandleWidth(1)
        split.addWidget(self.view)
        split.addWidget(self._entry)
        split.setSizes([460, 500])
        for place, width in enumerate((100, 44, 160, 90)):
            self.view.setColumnWidth(place, width)
        Watermark(self.view, self.desk.workspace.actor.name)
        return split

    # --- what the user does ---

    def ask_draw(self) -> None:
        """Shows the form for a new sample in the drawer."""
        self.desk.show_drawer(_("A new sample"), DrawView(self.draw))

    def draw(self, resource: str, per_community: int, seed: str, title: str) -> None:
        """Draws a sample and shows it."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Drawing the sample"),
            lambda progress: draw(
                workspace, resource, per_community=per_community, seed=seed, title=title, progress=progress
            ),
            self._drawn,
        )

    def show_part(self, number: int) -> None:
        """Shows the results (0) or what they say (1)."""
        self._segments.button(number).setChecked(True)
        self._parts.setCurrentIndex(number)
        for widget in (self.community, self.export):
            widget.setVisible(number == 0)

    def ask_sheet(self) -> None:
        """Asks for a file and writes the check sheets."""
        name, _kind = QFileDialog.getSaveFileName(
            self, _("Check sheet"), _("Check sheet") + ".xlsx", "*.xlsx"
        )
        if name:
            self.write_sheet(Path(name))

    def write_sheet(self, out: Path) -> None:
        """Writes the check sheets of the round, or of the community that is chosen."""
        one, workspace, community = self.round, self.desk.workspace, self.community.currentData() or ""
        if one is not None:
            told = _("{n} records on the check sheet: {file}. Print it, or fill it in and bring it back.")
            self.desk.jobs.run(
                _("Writing the check sheets"),
                lambda _progress: write_check_sheet(workspace, one.id, out, community=community),
                lambda count: self.desk.messages.done(told.format(n=f"{count:,}", file=out)),
            )

    def ask_filled(self) -> None:
        """Asks for a filled check sheet and enters what it says."""
        name, _kind = QFileDialog.getOpenFileName(self, _("A filled check sheet"), "", "*.xlsx *.xls *.ods")
        if name:
            self.take_sheet(Path(name))

    def take_sheet(self, path: Path) -> None:
        """Enters what a filled check sheet says, all of it or nothing."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Reading the check sheet"), lambda _progress: enter_check_sheet(workspace, path), self._taken
        )

    def keep(self, item: Item, found: str, results: dict[str, str], remark: str) -> None:
        """Keeps a result and goes on to the next record that nobody has looked at."""
        one, workspace = self.round, self.desk.workspace
        if one is not None:
            self.desk.jobs.write(
                lambda: enter(workspace, one.id, item.id, found, results, remark=remark),
                lambda _new: self._kept(item),
            )

    def reproduce(self) -> None:
        """Draws the round again from today's list and says whether it gives the same sample."""
        one, workspace = self.round, self.desk.workspace
        if one is not None:
            self.desk.jobs.read(lambda: reproduce(workspace, one.id), self._reproduced)

    def close_round(self) -> None:
        """Closes the round; its results stand."""
        one, workspace = self.round, self.desk.workspace
        if one is not None:
            self.desk.jobs.run(
                _("Closing the round"), lambda _p: close(workspace, one.id), lambda _r: self.refresh()
            )

    # --- what comes back ---

    def refresh(self) -> None:
        """Reads the rounds beside the window."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: rounds(workspace), self._show)

    def _show(self, found: Sequence[Round]) -> None:
        self._states.setCurrentIndex(0 if found else 1)
        wanted = self.round.id if self.round is not None else 0
        self.rounds.show_rows(found)
        place = next((n for n, one in enumerate(found) if one.id == wanted), None)
        if place is None:  # the visit that the user has still to make, else the newest round
            place = next((n for n, one in enumerate(found) if self.visit.is_mine(one)), 0)
        if found:
            self.round_view.selectRow(place)

    def _open(self, place: int) -> None:
        if not 0 <= place < len(self.rounds.rows):
            return
        one: Round = self.rounds.rows[place]
        self.round, workspace = one, self.desk.workspace
        self._told.setText(f"{one.title} · {name_of('resource', one.resource)}")
        told = visit_line(one) if one.purpose == VISIT else _draw_line(one)
        closed = _(" · closed {day} by {who}").format(day=one.closed_at[:10], who=one.closed_by)
        self._seed.setText(told + (closed if one.closed_at else ""))
        self.end.setEnabled(not one.closed_at)
        self._show_purpose(one)
        drawn = one.purpose != VISIT
        self.desk.jobs.read(
            lambda: _Read(items(workspace, one.id), coefficients(workspace, one.id) if drawn else None), self._opened
        )

    def _show_purpose(self, one: Round) -> None:
        """A visit has neither seed nor coefficients, but an officer."""
        drawn = one.purpose != VISIT
        for widget in (self.again, *self._segments.buttons()):
            widget.setVisible(drawn)
        if not drawn:
            self.show_part(0)
        self.visit.show_round(one)

    def _opened(self, read: _Read) -> None:
        self._items = read.items
        self.community.blockSignals(True)
        chosen = self.community.currentData()
        self.community.clear()
        self.community.addItem(_("Every community"), "")
        for code in dict.fromkeys(item.community_code for item in read.items):
            self.community.addItem(division_name(code), code)
        self.community.setCurrentIndex(max(0, self.community.findData(chosen)))
        self.community.blockSignals(False)
        if read.result is not None:
            self._replace(self._result, AuditResult(self.desk, read.result))
        self._narrow()

    def _narrow(self) -> None:
        chosen = self.community.currentData()
        shown = [item for item in self._items if chosen in {"", None, item.community_code}]
        self.items.show_rows(shown)
        first = next((n for n, item in enumerate(shown) if not item.found), 0)
        if shown:
            self.view.selectRow(first)

    def _enter_at(self, place: int) -> None:
        if self.round is None or not 0 <= place < len(self.items.rows):
            return
        view = AuditEntry(self.desk, self.round, self.items.rows[place], self.keep, self._step)
        self._replace(self._entry, view)
        if self.isVisible() and self._parts.currentIndex() == 0:
            view.fields.setFocus()

    def _kept(self, item: Item) -> None:
        if self.round is not None:
            self.refresh()

    def _taken(self, found: Entered) -> None:
        told = _("Round {number}: {answered} of {rows} records on the sheet were looked at, {fresh} results are new.")
        self.desk.messages.done(told.format(
            number=found.round, answered=f"{found.answered:,}", rows=f"{found.rows:,}", fresh=f"{found.fresh:,}"
        ))  # fmt: skip
        self.refresh()

    def _drawn(self, one: Round) -> None:
        self.round = one
        told = _("{n} records drawn in {communities} communities, seed {seed}.")
        self.desk.messages.done(
            told.format(n=f"{one.items:,}", communities=f"{len(one.strata):,}", seed=one.seed)
        )
        self.refresh()

    def _reproduced(self, found: Reproduction) -> None:
        if not found.same_frame:
            text = _(
                "The list has changed since ({then} records then, {now} now): the draw cannot be repeated on it."
            )
            self.desk.messages.notice(text.format(then=f"{found.frame_then:,}", now=f"{found.frame_now:,}"))
        elif found.same_sample:
            text = _("Drawn again from {n} records: the same sample.")
            self.desk.messages.done(text.format(n=f"{found.frame_now:,}"))
        else:
            self.desk.messages.notice(
                _("Drawn again: another sample. Somebody has changed the round's records.")
            )

    def _step(self, by: int) -> None:
        place = self.view.currentIndex().row() + by
        if 0 <= place < len(self.items.rows):
            self.view.selectRow(place)

    def _replace(self, stack: QStackedWidget, view: QWidget) -> None:
        old = stack.currentWidget()
        stack.addWidget(view)
        stack.setCurrentWidget(view)
        if old is not None:
            stack.removeWidget(old)
            old.deleteLater()


def _where_or_what(item: Item) -> str:
    """A record that has no name of its own is told by where it is."""
    return item.place if item.place and item.title == item.key else item.title


def _draw_line(one: Round) -> str:
    text = _("seed {seed} · drawn {day} by {who} from {n} records in {communities} communities")
    told = text.format(seed=one.seed, day=one.at[:10], who=one.actor, n=f"{sum(one.strata.values()):,}",
                       communities=f"{len(one.strata):,}")  # fmt: skip
    rest = _(" · {n} records without a community could not be drawn").format(n=f"{one.unplaced:,}")
    return told + (rest if one.unplaced else "")


def _result(item: Item) -> str:
    if not item.found:
        return _("not looked at")
    if item.found == NOT_FOUND:
        return _("Not found")
    bad = sum(1 for verdict in item.results.values() if verdict != "right")
    return _("{n} fields differ").format(n=bad) if bad else _("all right")


def _look(item: Item) -> theme.Status:
    if not item.found:
        return "unchecked"
    bad = item.found == NOT_FOUND or any(verdict != "right" for verdict in item.results.values())
    return "warning" if bad else "done"
