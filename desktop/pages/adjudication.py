"""Adjudication: what departments contradict each other about, one record at a time, settled by keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout

from core.i18n import N_, _
from core.jobs import Progress
from core.model.names import SENDERS, label as name_of
from core.registry.undo import undo
from core.stewardship.adjudication import (
    AUTHORITY,
    NEWEST,
    BulkPreview,
    SettleResult,
    preview_all,
    settle,
    settle_all,
)
from core.stewardship.conflicts import Case, Conflict, ConflictPage, Filters, case, conflicts
from core.stewardship.exporting_lists import export_conflicts
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.case_view import BulkView, CaseView
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, empty, label
from desktop.widgets.tables import Field, RowsModel, table

_LISTED = 2_000
_KINDS = ("", "address", "house", "person", "organisation", "place", "thing")


class AdjudicationPage(Page):
    """The list at the left, the record at the right."""

    name, title, icon, permission = "adjudication", N_("Adjudication"), "adjudication", "conflict.settle"
    section = "adjudication"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.model = RowsModel([
            Field(_("record"), lambda c: c.title), Field(_("kind"), lambda c: name_of("resource", c.resource)),
            Field(_("departments"), lambda c: " ≠ ".join(name_of("sender", s) for s in c.sources)),
        ])  # fmt: skip
        self.list = table(self.model, stretch=0)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setColumnWidth(1, 80)
        self.list.setColumnWidth(2, 130)
        self.list.selectionModel().currentRowChanged.connect(lambda now, _before: self._open(now.row()))
        self.kind, self.source, self.by = QComboBox(), QComboBox(), QComboBox()
        for name in _KINDS:
            self.kind.addItem(name_of("resource", name) if name else _("Every kind"), name)
        self.source.addItem(_("Every department"), "")
        for name in SENDERS:
            self.source.addItem(name_of("sender", name), name)
        self.by.addItem(_("the highest authority"), AUTHORITY)
        self.by.addItem(_("the newest word"), NEWEST)
        for name in SENDERS:
            self.by.addItem(name_of("sender", name), name)
        self.state = QComboBox()
        for name, title in (("conflict", _("to settle")), ("settled", _("settled"))):
            self.state.addItem(title, name)
        for box in (self.kind, self.source, self.state):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(lambda _index: self.refresh())
        self.export = ListExport(desk, self.model, _("Conflicts"), writer=self._write)
        self._count, self._wanted = label("", "muted"), 0
        self.bulk = button(_("Settle all…"), self.preview_bulk, icon="done")
        self._case = QStackedWidget()
        self._case.addWidget(empty("adjudication", _("Choose a record.")))
        self._states, split = QStackedWidget(), QSplitter()
        split.setHandleWidth(1)
        split.addWidget(self.list)
        split.addWidget(self._case)
        split.setStretchFactor(1, 1)
        split.setSizes([400, 860])
        self._states.addWidget(split)
        self._states.addWidget(empty("done", _(
            "No department contradicts another here. As soon as two of them speak of the same thing, they are compared."
        )))  # fmt: skip
        self._states.addWidget(empty("adjudication", _("Nothing has been settled yet.")))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(
            self._bar()
        )
        outer.addWidget(self._states, 1)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        for widget in (self.state, self.kind, self.source, self._count):
            row.addWidget(widget)
        row.addStretch(1)
        for action in (self.export, label(_("all for"), "muted"), self.by, self.bulk):
            row.addWidget(action)
        return row

    def _write(self, out: Path, progress: Progress) -> int:
        state = self.state.currentData()
        return export_conflicts(self.desk.workspace, self.filters(), out, state=state, progress=progress)

    # --- what the user does ---

    def filters(self) -> Filters:
        """What the boxes above the list say."""
        return Filters(resource=self.kind.currentData(), source=self.source.currentData())

    def settle(self, shown: Case, choices: dict[str, str], reason: str) -> None:
        """Settles the record in front and goes to the next."""
        workspace = self.desk.workspace
        self._wanted = self.list.currentIndex().row()
        self.desk.jobs.run(
            _("Settling"),
            lambda _p: settle(workspace, shown.resource, shown.entity, choices=choices, reason=reason),
            partial(self._settled, shown.title),
        )

    def preview_bulk(self) -> None:
        """Shows what settling the whole filter would change."""
        workspace, filters, by = self.desk.workspace, self.filters(), self.by.currentData()
        self.desk.jobs.read(lambda: preview_all(workspace, filters, by), self._previewed)

    def settle_bulk(self, reason: str) -> None:
        """Settles the whole filter as one change set."""
        workspace, filters, by = self.desk.workspace, self.filters(), self.by.currentData()
        self.desk.jobs.run(
            _("Settling"), lambda progress: settle_all(workspace, filters, by, reason=reason, progress=progress),
            partial(self._settled, ""),
        )  # fmt: skip

    # --- what comes back ---

    def refresh(self) -> None:
        """Reads the list beside the window."""
        workspace, filters, state = self.desk.workspace, self.filters(), self.state.currentData()
        self.desk.jobs.read(lambda: conflicts(workspace, filters, state=state, limit=_LISTED), self._show)

    def _show(self, page: ConflictPage) -> None:
        rows = _records(page.rows)
        self.model.show_rows(rows)
        cut = len(page.rows) < page.total
        text = _("{n} conflicts in all, the first {shown} listed") if cut else _("{n} conflicts")
        self._count.setText(text.format(n=f"{page.total:,}", shown=f"{len(page.rows):,}"))
        self.bulk.setText(_("Settle all {n}…").format(n=f"{page.total:,}"))
        open_ones = self.state.currentData() == "conflict"
        self.bulk.setEnabled(page.total > 0 and open_ones)
        self._states.setCurrentIndex(0 if page.total else 1 if open_ones else 2)
        self._case.setCurrentIndex(0)
        if rows:
            self.list.selectRow(min(max(self._wanted, 0), len(rows) - 1))

    def _open(self, place: int) -> None:
        if not 0 <= place < len(self.model.rows):
            return
        one, workspace = self.model.rows[place], self.desk.workspace
        self.desk.jobs.read(lambda: case(workspace, one.resource, one.entity), self._opened)

    def _opened(self, found: Case) -> None:
        view = CaseView(self.desk, found, self.settle, self._step)
        if (old := self._case.widget(1)) is not None:
            self._case.removeWidget(old)
            old.deleteLater()
        self._case.addWidget(view)
        self._case.setCurrentWidget(view)
        if self.isVisible():
            view.fields.setFocus()

    def _settled(self, title: str, result: SettleResult) -> None:
        text = _("{title} settled.").format(title=title) if title else _(
            "{n} settled, {changed} records changed.").format(
                n=f"{result.settled:,}", changed=f"{result.changed:,}")  # fmt: skip
        if result.remarks:
            text += " " + _("Still found in it: {what}").format(what=" ".join(one.message for one in result.remarks))
        self.desk.messages.done(text, undo=partial(self._take_back, result.change_set))
        self._changed()

    def _take_back(self, change_set: int) -> None:
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Undoing"), lambda progress: undo(workspace, change_set, progress=progress), lambda _r: self._changed()
        )

    def _changed(self) -> None:
        for signal in (self.desk.changes.registry, self.desk.changes.outbox):
            signal.emit()
        self.refresh()

    def _previewed(self, found: BulkPreview) -> None:
        self.desk.show_drawer(_("Settling them all"), BulkView(found, self.settle_bulk))

    def _step(self, by: int) -> None:
        place = self.list.currentIndex().row() + by
        if 0 <= place < len(self.model.rows):
            self.list.selectRow(place)


def _records(rows: Sequence[Conflict]) -> list[Conflict]:
    """One line a record, whatever the number of field groups in which its departments differ."""
    seen: dict[tuple[str, int], Conflict] = {}
    for one in rows:
        seen.setdefault((one.resource, one.entity), one)
    return list(seen.values())
