"""Duplicates: records that may be one and the same, two at a time, with the reasons per field; answers are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout

from core.i18n import N_, _
from core.model.names import label as name_of
from core.registry.undo import undo
from core.stewardship.duplicate_search import search, searched
from core.stewardship.duplicates import COMPARED, Pair, candidates, keep_apart
from core.stewardship.exporting_lists import export_duplicates
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.exporting import ListExport
from desktop.widgets.pair_view import PairView
from desktop.widgets.parts import button, empty, label, local_time, segment
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_LISTED = 1_000


@dataclass(frozen=True)
class _Read:
    at: str
    counts: Mapping[str, int]
    rows: Sequence[Pair]


class DuplicatesPage(Page):
    """The pairs at the left, the two records at the right."""

    name, title, icon, permission = "duplicates", N_("Duplicates"), "adjudication", "conflict.settle"
    section = "adjudication"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.kind = next(iter(COMPARED))
        self.model = RowsModel([
            Field(_("record"), lambda p: p.titles[0]), Field(_("other record"), lambda p: p.titles[1]),
            Field(_("place"), _place, "code"),
        ])  # fmt: skip
        self.list = table(self.model, stretch=2)
        for place, width in enumerate((110, 110)):
            self.list.setColumnWidth(place, width)
        self.list.selectionModel().currentRowChanged.connect(lambda now, _before: self._open(now.row()))
        self._count, self._wanted = label("", "muted"), 0
        self._segments, self._pair, self._states = QButtonGroup(self), QStackedWidget(), QStackedWidget()
        self._pair.addWidget(empty("adjudication", _("Choose a pair.")))
        split = QSplitter()
        split.setHandleWidth(1)
        split.addWidget(self.list)
        split.addWidget(self._pair)
        split.setStretchFactor(1, 1)
        split.setSizes([420, 840])
        Watermark(self.list, desk.workspace.actor.name)
        look = button(_("Look for duplicates"), self.search, icon="search", kind="primary")
        self._states.addWidget(split)
        self._states.addWidget(empty("done", _("Looked through: no two records of this kind may be the same.")))
        self._states.addWidget(empty("unchecked", _(
            "Nobody has looked for duplicates yet. Everything in the registry is compared with its like; "
            "whether two are the same is for you to say."
        ), look))  # fmt: skip
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(self._bar())
        outer.addWidget(self._states, 1)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        for number, kind in enumerate(COMPARED):
            made = segment(name_of("resource", kind), partial(self.show_kind, kind), chosen=number == 0)
            self._segments.addButton(made, number)
            row.addWidget(made)
        row.addSpacing(theme.M)
        row.addWidget(self._count)
        row.addStretch(1)
        workspace = self.desk.workspace
        self.export = ListExport(
            self.desk, self.model, _("Duplicates"),
            writer=lambda out, progress: export_duplicates(workspace, self.kind, out, progress=progress),
        )  # fmt: skip
        row.addWidget(self.export)
        row.addSpacing(theme.S)
        row.addWidget(button(_("Search again"), self.search, icon="search"))
        return row

    # --- what the user does ---

    def show_kind(self, kind: str) -> None:
        """Shows the pairs of another kind."""
        self.kind, self._wanted = kind, 0
        self._segments.button(list(COMPARED).index(kind)).setChecked(True)
        self.refresh()

    def search(self) -> None:
        """Looks through the whole registry."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Looking for duplicates"), lambda progress: search(workspace, progress=progress), self._searched
        )

    def keep_apart(self, pair: Pair, reason: str) -> None:
        """Remembers that the two are not the same and goes to the next pair."""
        workspace = self.desk.workspace
        self._wanted = self.list.currentIndex().row()
        both = [(pair.left, pair.right)]
        self.desk.jobs.write(
            lambda: keep_apart(workspace, pair.resource, both, reason=reason), partial(self._kept, pair)
        )

    # --- what comes back ---

    def refresh(self) -> None:
        """Reads the pairs beside the window."""
        workspace, kind = self.desk.workspace, self.kind
        self.desk.jobs.read(
            lambda: _Read(*searched(workspace), candidates(workspace, kind, limit=_LISTED)[1]), self._show
        )

    def _show(self, read: _Read) -> None:
        for number, (kind, count) in enumerate(read.counts.items()):
            self._segments.button(number).setText(f"{name_of('resource', kind)} {count:,}")
        total = read.counts[self.kind]
        looked = _("looked through {at}").format(at=local_time(read.at)) if read.at else _("never looked through")
        cut = _(" · the first {n} are listed").format(n=f"{len(read.rows):,}") if len(read.rows) < total else ""
        self._count.setText(looked + cut)
        self.model.show_rows(read.rows)
        self._states.setCurrentIndex(0 if total else 1 if read.at else 2)
        self.export.setEnabled(total > 0)
        if read.rows:
            self.list.selectRow(min(max(self._wanted, 0), len(read.rows) - 1))

    def _open(self, place: int) -> None:
        if not 0 <= place < len(self.model.rows):
            return
        view = PairView(self.desk, self.model.rows[place], self.keep_apart, self._step)
        if (old := self._pair.widget(1)) is not None:
            self._pair.removeWidget(old)
            old.deleteLater()
        self._pair.addWidget(view)
        self._pair.setCurrentWidget(view)
        if self.isVisible():
            view.fields.setFocus()

    def _kept(self, pair: Pair, change_set: int) -> None:
        text = _("{one} and {other} are two; kept in mind.").format(one=pair.titles[0], other=pair.titles[1])
        self.desk.messages.done(text, undo=lambda: self._take_back(change_set))
        self.refresh()

    def _take_back(self, change_set: int) -> None:
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Undoing"), lambda progress: undo(workspace, change_set, progress=progress), lambda _r: self.refresh()
        )

    def _searched(self, found: Mapping[str, int]) -> None:
        self.desk.messages.done(_("{n} pairs that may be the same.").format(n=f"{sum(found.values()):,}"))
        self.refresh()

    def _step(self, by: int) -> None:
        place = self.list.currentIndex().row() + by
        if 0 <= place < len(self.model.rows):
            self.list.selectRow(place)


def _place(pair: Pair) -> str:
    names = ("house_code", "address_code", "community_code")
    return str(next((value for name in names for value in pair.values.get(name, ()) if value), ""))
