"""Findings: groups at the left, rows at the right; corrected in bulk, ignored for a while, sent back, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.i18n import N_, _
from core.model.names import label as name_of
from core.registry.undo import undo
from core.stewardship.exporting import export_findings
from core.stewardship.findings import Counts, Filters, Group, Listed, State, counts, groups
from core.stewardship.fixes import FixPreview, FixResult, apply, preview
from core.stewardship.ignoring import Ignored, ignore, ignorings, stop_ignoring
from core.stewardship.return_files import ReturnResult, write_return
from core.stewardship.verifying import LastRun, RunResult, last_run, verify_registry
from core.verification.catalogue import in_general, rule as rule_of
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.finding_filter import FindingFilter
from desktop.widgets.finding_view import FindingView, FixView
from desktop.widgets.found_rows import FindingsModel
from desktop.widgets.ignored_view import IgnoredView
from desktop.widgets.parts import button, empty, label, local_time, segment
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_GROUPINGS = {
    "rule": N_("By rule"), "sender": N_("By department"), "grid": N_("By grid"), "collector": N_("By collector"),
    "day": N_("By day"), "resource": N_("By kind"),
}  # fmt: skip
_STATES: dict[State, str] = {"open": N_("To do"), "ignored": N_("Ignored"), "fixed": N_("Corrected")}


@dataclass(frozen=True)
class _Read:
    groups: Sequence[Group]
    counts: Counts
    last: LastRun


class FindingsPage(Page):
    """What verification found, worked off."""

    name, title, icon, permission = "findings", N_("Findings"), "findings", "finding.read"
    section = "findings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.by, self.filters = "rule", Filters()
        self.model = FindingsModel(desk)
        self._groups = RowsModel([Field(_("group"), self._group_name), Field(_("count"), lambda g: g.count, "number"),
                                  Field(_("errors"), lambda g: g.errors or None, "number")])  # fmt: skip
        self.group_view, self.view = table(self._groups, stretch=0), table(self.model, stretch=2)
        self._state, self._count = label("", "muted"), label("", "muted")
        self._segments, self.narrow = QButtonGroup(self), FindingFilter()
        self.narrow.changed.connect(self.refresh)
        self.fix = button(_("Correct them…"), self._fix_group, icon="wand", tip=_("Preview first; can be undone"))
        self.ignored = button(_("What is ignored…"), self.show_ignored, icon="eye")
        self._build()
        self._connect()

    def _build(self) -> None:
        self.grouping = QComboBox()
        for key, title in _GROUPINGS.items():
            self.grouping.addItem(_(title), key)
        self.grouping.currentIndexChanged.connect(self._regroup)
        narrowing = QHBoxLayout()
        narrowing.setSpacing(theme.S)
        narrowing.addWidget(self.narrow)
        narrowing.addStretch(1)
        for widget in (self.fix, self.ignored):
            narrowing.addWidget(widget)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(theme.S, 0, 0, 0)
        beside.setSpacing(theme.S)
        left = QWidget()
        left.setMinimumWidth(220)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, theme.S, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.grouping)
        column.addWidget(self.group_view, 1)
        self._rows = QStackedWidget()
        self._rows.addWidget(self.view)
        self._rows.addWidget(empty("done", _("Nothing of this kind is on the list.")))
        first = button(_("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary")
        self._rows.addWidget(empty("unchecked", _(
            "Nothing has been checked yet. Import a package, or verify the registry: then its findings stand here."
        ), first))  # fmt: skip
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.addWidget(left)
        beside.addLayout(narrowing)
        beside.addWidget(self._rows, 1)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([345, 895])
        for place, width in enumerate((76, 76, 300, 150, 176, 72, 128)):
            self.view.setColumnWidth(place, width)
        for place, width in ((1, 58), (2, 56)):
            self.group_view.setColumnWidth(place, width)
        Watermark(self.view, self.desk.workspace.actor.name)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(self._bar())
        outer.addWidget(split, 1)

    def _bar(self) -> QHBoxLayout:
        self._verify = button(_("Verify the registry"), self.verify, icon="done", tip=_("Every rule over every record"))
        self._export = button(_("Export…"), self.export, icon="print")
        tip = _("For a department: group by it first")
        self._back = button(_("Return file…"), self.return_file, icon="send", tip=tip)
        states = QHBoxLayout()
        states.setSpacing(0)
        for number, (state, title) in enumerate(_STATES.items()):
            states.addWidget(self._segment(number, state, _(title)))
        states.addSpacing(theme.M)
        states.addWidget(self._state)
        states.addStretch(1)
        states.addWidget(self._count)
        states.addSpacing(theme.M)
        for action in (self._back, self._export, self._verify):
            states.addWidget(action)
            states.addSpacing(theme.S)
        return states

    def _segment(self, number: int, state: State, title: str) -> QPushButton:
        made = segment(title, partial(self.show_state, state), chosen=number == 0)
        self._segments.addButton(made, number)
        return made

    def _connect(self) -> None:
        self.model.told.connect(self._told)
        self.group_view.selectionModel().currentRowChanged.connect(lambda now, _before: self._choose(now.row()))
        self.view.doubleClicked.connect(lambda index: self.open_row(index.row()))
        may = self.desk.workspace.actor.may("finding.work")
        for one in (self._verify, self._back):
            one.setVisible(may)
        self._back.setEnabled(False)
        self.ignored.setVisible(False)
        self.fix.setVisible(False)
        keys = (("J", lambda: self._step(1)), ("K", lambda: self._step(-1)), ("Return", self._open_current),
                ("I", self._ignore_current))  # fmt: skip
        for sequence, act in keys:
            shortcut = QShortcut(QKeySequence(sequence), self.view)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)
        for signal in (self.desk.changes.packages, self.desk.changes.registry):
            signal.connect(lambda: self.refresh() if self.isVisible() else None)

    # --- what the user does ---

    def show_state(self, state: State) -> None:
        """Shows open, ignored or corrected findings."""
        self._segments.button(list(_STATES).index(state)).setChecked(True)
        self.filters = Filters(state=state)
        self.ignored.setVisible(state == "ignored")
        self.refresh()

    def show_package(self, package: str, shown: str) -> None:
        """Shows what was found in one package and is still to do, whatever was chosen before."""
        self.narrow.show_package(package, shown)
        self.show_state("open")

    def verify(self) -> None:
        """Verifies what the registry holds."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Verifying the registry"), lambda progress: verify_registry(workspace, progress=progress), self._verified
        )

    def export(self) -> None:
        """Writes what the filter shows into a spreadsheet."""
        name, _kind = QFileDialog.getSaveFileName(self, _("Export findings"), "findings.xlsx", "*.xlsx")
        if name:
            workspace, filters = self.desk.workspace, self.filters
            told = _("{n} findings written to {file}.")
            self.desk.jobs.run(
                _("Exporting findings"),
                lambda progress: export_findings(workspace, filters, Path(name), progress=progress),
                lambda count: self.desk.messages.done(told.format(n=f"{count:,}", file=name)),
            )

    def return_file(self) -> None:
        """Writes the return file of the department that is chosen."""
        folder = QFileDialog.getExistingDirectory(self, _("Folder for the return file"))
        if folder:
            self.write_return(Path(folder))

    def write_return(self, folder: Path) -> None:
        """Writes the chosen department's return file into a folder."""
        workspace, sender = self.desk.workspace, self.filters.sender
        self.desk.jobs.run(
            _("Writing the return file"),
            lambda progress: write_return(workspace, sender, folder, progress=progress), self._returned,
        )  # fmt: skip

    def open_row(self, place: int) -> FindingView | None:
        """Shows one finding with its row and its cure in the drawer."""
        one = self.model.row(place)
        if one is None:
            return None
        view = FindingView(self.desk, one, self.ignore, self.preview_fix)
        self.desk.show_drawer(_("Finding"), view)
        return view

    def preview_fix(self, rule_id: str) -> None:
        """Shows what correcting all findings of a rule would change."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: preview(workspace, rule_id), self._previewed)

    def apply_fix(self, rule_id: str) -> None:
        """Corrects all findings of a rule, as one change set."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Correcting"), lambda progress: apply(workspace, rule_id, progress=progress), self._fixed
        )

    def show_ignored(self) -> None:
        """Shows what is ignored, by whom and until when."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: ignorings(workspace), self._show_ignored)

    def show_again(self, number: int) -> None:
        """Ends an ignoring before its time."""
        workspace = self.desk.workspace
        self.desk.jobs.write(lambda: stop_ignoring(workspace, number), lambda _none: self._shown_again())

    def ignore(self, one: Listed, reason: str, *, whole_rule: bool, days: int = 90) -> None:
        """Ignores one finding, or all of its rule, with a reason for some days."""
        what = Ignored(one.rule) if whole_rule else Ignored(one.rule, one.resource, one.key, one.field)
        until, workspace = str(date.today() + timedelta(days=days)), self.desk.workspace
        self.desk.jobs.run(
            _("Ignoring"), lambda _progress: ignore(workspace, what, reason=reason, until=until),
            lambda _number: self._done(_("Ignored until {day}.").format(day=until)),
        )  # fmt: skip

    # --- what comes back ---

    def refresh(self) -> None:
        """Reads the groups and counts beside the window."""
        workspace, by, filters = self.desk.workspace, self.by, self._base()
        self.desk.jobs.read(
            lambda: _Read(groups(workspace, by, filters), counts(workspace), last_run(workspace)), self._show
        )

    def _show(self, read: _Read) -> None:
        chosen = self._value_of_filter()
        self._groups.show_rows(read.groups)
        titles = zip(_STATES.items(), (read.counts.open, read.counts.ignored, read.counts.fixed), strict=True)
        for number, ((_state, title), count) in enumerate(titles):
            self._segments.button(number).setText(f"{_(title)} {count:,}")
        at = _("registry last verified {at}").format(at=local_time(read.last.at)) if read.last.run else _(
            "the registry as a whole has not been verified yet")  # fmt: skip
        self._state.setText(at)
        values = [one.value for one in read.groups]
        place = values.index(chosen) if chosen in values else (0 if values else -1)
        self._empty = 1 if read.counts.all or read.last.run else 2
        if place < 0:
            self._rows.setCurrentIndex(self._empty)
            self._count.clear()
            self.model.open(replace(self._base(), rule="-"))
            return
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.group_view.selectionModel().setCurrentIndex(self._groups.index(place, 0), flags)
        self._choose(place)

    def _choose(self, place: int) -> None:
        if not 0 <= place < len(self._groups.rows):
            return
        self.filters = replace(self._base(), **{self.by: self._groups.rows[place].value})
        self._back.setEnabled(bool(self.filters.sender))
        self.model.open(self.filters)

    def _told(self, total: int) -> None:
        self._rows.setCurrentIndex(0 if total else self._empty)
        self._count.setText(_("{n} findings").format(n=f"{total:,}") if total else "")
        self.fix.setVisible(self._fixable() and self.filters.state == "open")

    def _verified(self, result: RunResult) -> None:
        text = _("{rows} records verified in {seconds} s: {n} findings.")
        rows = f"{sum(result.checked.values()):,}"
        self.desk.messages.done(text.format(rows=rows, seconds=f"{result.seconds:.1f}", n=f"{result.total:,}"))
        self.refresh()

    def _show_ignored(self, rows: Sequence[Any]) -> None:
        view = IgnoredView(self.desk, rows, str(date.today()), self.show_again)
        self.desk.show_drawer(_("What is ignored"), view)

    def _shown_again(self) -> None:
        self._done(_("Its findings are on the list again."))
        self.show_ignored()

    def _previewed(self, found: FixPreview) -> None:
        self.desk.show_drawer(_("Preview of the correction"), FixView(found, partial(self.apply_fix, found.rule)))

    def _fixed(self, result: FixResult) -> None:
        text = _("{n} rows corrected, {released} of them let in from quarantine.")
        done = text.format(n=f"{result.corrected + result.released:,}", released=f"{result.released:,}")
        self.desk.messages.done(done, undo=partial(self._take_back, result.change_set))
        self._changed()

    def _take_back(self, change_set: int) -> None:
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Undoing"), lambda progress: undo(workspace, change_set, progress=progress), lambda _r: self._changed()
        )

    def _done(self, text: str) -> None:
        self.desk.messages.done(text)
        self.refresh()

    def _changed(self) -> None:
        for signal in (self.desk.changes.registry, self.desk.changes.outbox):
            signal.emit()
        self.refresh()

    def _returned(self, result: ReturnResult) -> None:
        text = _("{n} findings go back to {sender}: {file} and a signed package beside it.")
        sender = name_of("sender", result.sender)
        self.desk.messages.done(text.format(n=f"{result.findings:,}", sender=sender, file=result.xlsx))

    def _regroup(self) -> None:
        self.by, self.filters = self.grouping.currentData(), self._base()
        self.refresh()

    def _base(self) -> Filters:
        """What the boxes say, in the state that is shown."""
        return replace(self.narrow.filters(), state=self.filters.state)

    def _fixable(self) -> bool:
        one = rule_of(self.filters.rule) if self.by == "rule" else None
        return one is not None and one.fix is not None and self.desk.workspace.actor.may("finding.work")

    def _fix_group(self) -> None:
        self.preview_fix(self.filters.rule)

    def _value_of_filter(self) -> str:
        return str(getattr(self.filters, self.by))

    def _group_name(self, group: Group) -> str:
        if self.by == "rule":
            return in_general(group.value)[0]
        return name_of(self.by, group.value) if group.value else _("(none)")

    def _step(self, by: int) -> None:
        row = self.view.currentIndex().row() + by
        if 0 <= row < self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(row, 0))

    def _open_current(self) -> None:
        self.open_row(self.view.currentIndex().row())

    def _ignore_current(self) -> None:
        """Opens the finding with the cursor where the reason for ignoring it goes."""
        view = self.open_row(self.view.currentIndex().row())
        if view is not None and view.reason is not None:
            view.reason.setFocus()
