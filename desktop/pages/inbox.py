"""Inbox: packages by time; a dropped one shows its checks, what it would change, then Import; any can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from core.i18n import N_, _
from core.jobs import Progress
from core.model import names as labels
from core.packages.ladder import Step, ladder
from core.packages.order import in_order
from core.packages.reader import check_package
from core.packages.trust import trust_of
from core.registry import ledger
from core.registry.dry_rows import Trial
from core.registry.importing import ImportResult, ingest
from core.registry.undo import UndoResult, undo
from core.security.workspace import Workspace
from core.stewardship.sheet_intake import ingest_sheet, is_sheet
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.arrivals import Arrivals
from desktop.widgets.exporting import ListExport
from desktop.widgets.package_view import CandidateView, ImportedView, RefusedView
from desktop.widgets.parts import button, card, empty, head, label, local_time
from desktop.widgets.tables import Field, RowsModel

_BESIDE, _ALONE = 260, 16_000
"""How wide the place to drop packages is, beside the time line and without it."""
_STATES: dict[str, tuple[str, theme.Status]] = {
    "imported": ("done", "done"),
    "undone": ("undo", "unchecked"),
    "refused": ("error", "error"),
    "new": ("package", "notice"),
}


@dataclass
class Candidate:
    """A dropped file: its checks, and what it would change where they all passed."""

    path: Path
    steps: list[Step]
    trial: ImportResult | None
    watched: Trial
    confirmed: str = ""
    """Why it is right that a snapshot no longer names so much, where that is asked."""


class InboxPage(Page):
    """Where packages arrive."""

    name, title, icon, permission = "inbox", N_("Inbox"), "inbox", "package.check"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.candidates: dict[str, Candidate] = {}
        self._chosen: tuple[str, Any] | None = None
        self.list = QListWidget()
        self.list.setMinimumWidth(280)
        self.list.currentItemChanged.connect(lambda now, _before: self._choose(now))
        choose = button(_("Choose packages…"), self.choose_files, icon="folder", kind="primary")
        self.drop = _DropArea(self.take)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, theme.M, 0)
        column.setSpacing(theme.M)
        column.addWidget(self.list, 1)
        self.listed = RowsModel(_listed_fields())
        column.addWidget(ListExport(desk, self.listed, _("Packages")))
        self._detail = QScrollArea()
        self._detail.setWidgetResizable(True)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.addWidget(left)
        split.addWidget(self._detail)
        split.setStretchFactor(1, 1)
        split.setSizes([340, 800])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.L)
        outer.addLayout(head(_(self.title), choose))
        self.arrivals = Arrivals()
        self.arrivals.chosen.connect(lambda number: self._select(("package", number)))
        lanes = QVBoxLayout()
        lanes.addWidget(self.arrivals)
        self._lanes = card(lanes)
        self._lanes.setVisible(False)
        top = QHBoxLayout()
        top.setSpacing(theme.L)
        top.addWidget(self._lanes, 1)
        top.addWidget(self.drop)
        outer.addLayout(top)
        outer.addWidget(split, 1)
        self._show_nothing()

    # --- what the user does ---

    def choose_files(self) -> None:
        """Asks for package files."""
        kinds = _("Packages and spreadsheets (*.zip *.xlsx *.xls *.ods)")
        chosen, _kind = QFileDialog.getOpenFileNames(self, _("Choose packages"), "", kinds)
        self.take([Path(name) for name in chosen])

    def take(self, files: Sequence[Path]) -> None:
        """Checks files and tries them without changing anything; the oldest is shown first."""
        for path in in_order(files):
            self.desk.jobs.run(
                _("Checking {name}").format(name=path.name),
                partial(_look_at, self.desk.workspace, path), self._looked,
            )  # fmt: skip

    def import_candidate(self, candidate: Candidate) -> None:
        """Imports a file that passed its checks, as one change set."""
        self.desk.jobs.run(
            _("Importing {name}").format(name=candidate.path.name),
            partial(_take_in, self.desk.workspace, candidate),
            lambda result: self._imported(candidate, result),
        )

    def undo_import(self, change_set: int, name: str) -> None:
        """Takes an import back; where later changes stand on it the refusal names them."""
        self.desk.jobs.run(
            _("Undoing {name}").format(name=name),
            lambda progress: undo(self.desk.workspace, change_set, progress=progress), self._undone,
        )  # fmt: skip

    def forget(self, candidate: Candidate) -> None:
        """Takes a file off the list; the file itself stays where it is."""
        self.candidates.pop(str(candidate.path), None)
        self.refresh()

    # --- what comes back ---

    def _looked(self, candidate: Candidate) -> None:
        self.candidates[str(candidate.path)] = candidate
        self._chosen = ("new", str(candidate.path))
        self.refresh()

    def _imported(self, candidate: Candidate, result: ImportResult) -> None:
        self.candidates.pop(str(candidate.path), None)
        self._chosen = ("package", result.change_set)
        text = _("{name} was imported before, byte for byte the same; nothing was done.") if result.repeat else _(
            "{name} imported in {seconds} s.")  # fmt: skip
        self.desk.messages.done(text.format(name=result.package, seconds=f"{result.seconds:.1f}"))
        self._changed()

    def _undone(self, result: UndoResult) -> None:
        removed, restored = sum(result.removed.values()), sum(result.restored.values())
        self.desk.messages.done(
            _(
                "Import of {name} undone: {removed} rows removed, {restored} restored, {pushed} already pushed."
            ).format(
                name=result.package,
                removed=f"{removed:,}",
                restored=f"{restored:,}",
                pushed=f"{result.pushed:,}",
            )
        )
        self._changed()

    def _changed(self) -> None:
        for signal in (self.desk.changes.packages, self.desk.changes.registry, self.desk.changes.outbox):
            signal.emit()

    def refresh(self) -> None:
        """Reads the packages beside the window."""
        self.desk.jobs.read(lambda: _read(self.desk.workspace), self._show)

    def _show(self, found: tuple[Sequence[Any], Sequence[Any]]) -> None:
        packages, refusals = found
        wanted = self._chosen
        self.arrivals.show_packages(packages)
        self._lanes.setVisible(bool(packages))
        self.drop.setMaximumWidth(_BESIDE if packages else _ALONE)
        self.list.blockSignals(True)
        self.list.clear()
        for candidate in self.candidates.values():
            good = candidate.trial is not None
            line = _("not imported yet") if good else _("would be refused")
            self._add(candidate.path.stem, line, "new" if good else "refused", ("new", str(candidate.path)))
        for row in packages:
            line = _("{sender} · no. {n} · {at}").format(
                sender=labels.label("sender", row.sender), n=row.sequence, at=local_time(row.imported_at)
            )
            self._add(row.name, line, row.state, ("package", row.change_set), row)
            for warning in row.warnings:
                if warning["code"] == "sequence_gap":
                    self._add(_("gap"), warning["message"], "refused", None)
        for row in refusals:
            line = _("refused · {at}").format(at=local_time(row.at))
            self._add(row.file_name, line, "refused", ("refusal", row.id), row)
        self.list.blockSignals(False)
        self.listed.show_rows([*packages, *refusals])
        self._select(wanted)

    def _add(self, title: str, line: str, state: str, key: tuple[str, Any] | None, row: Any = None) -> None:
        icon, status = _STATES[state]
        item = QListWidgetItem(theme.icon(icon, theme.tokens().status(status), 18), f"{title}\n{line}")
        item.setData(Qt.ItemDataRole.UserRole, (key, row))
        if key is None:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.list.addItem(item)

    def _select(self, wanted: tuple[str, Any] | None) -> None:
        for place in range(self.list.count()):
            key, _row = self.list.item(place).data(Qt.ItemDataRole.UserRole)
            if key is not None and (wanted is None or key == wanted):
                self.list.setCurrentRow(place)
                return
        if self.list.count() and wanted is not None:
            self._select(None)
        elif not self.list.count():
            self._show_nothing()

    def _choose(self, item: QListWidgetItem | None) -> None:
        key, row = item.data(Qt.ItemDataRole.UserRole) if item is not None else (None, None)
        if key is None:
            return
        self._chosen = key
        kind, value = key
        self.arrivals.mark(int(value) if kind == "package" else 0)
        if kind == "new":
            candidate = self.candidates[value]
            self._detail.setWidget(CandidateView(self.desk, candidate, self.import_candidate, self.forget))
        elif kind == "package":
            self._detail.setWidget(ImportedView(self.desk, row, self.undo_import))
        else:
            self._detail.setWidget(RefusedView(row))

    def _show_nothing(self) -> None:
        choose = button(_("Choose packages…"), self.choose_files, icon="folder", kind="primary")
        text = _(
            "Nothing has arrived yet. Drop a package here: "
            "it is checked, tried without changing anything, and you decide."
        )
        self._detail.setWidget(empty("inbox", text, choose))


def _listed_fields() -> list[Field]:
    def of(name: str, missing: str = "") -> Callable[[Any], Any]:
        return lambda row: getattr(row, name, missing)

    return [
        Field(_("package"), lambda r: getattr(r, "name", "") or r.file_name),
        Field(_("department"), lambda r: labels.label("sender", getattr(r, "sender", "") or "")),
        Field(_("no."), of("sequence")), Field(_("mode"), lambda r: labels.label("state", getattr(r, "mode", ""))),
        Field(_("state"), lambda r: labels.label("state", getattr(r, "state", "")) or _("refused")),
        Field(_("at"), lambda r: local_time(getattr(r, "imported_at", "") or getattr(r, "at", ""))),
        Field(_("rows"), lambda r: sum(n["read"] for n in (getattr(r, "resources", None) or {}).values()) or ""),
        Field(_("why"), of("message")),
    ]  # fmt: skip


class _DropArea(QFrame):
    """Takes dropped package files."""

    def __init__(self, take: Any) -> None:
        super().__init__()
        self._take = take
        self.setProperty("kind", "drop")
        self.setAcceptDrops(True)
        self.setMinimumHeight(72)
        row = QHBoxLayout(self)
        row.addStretch(1)
        words = label(_("Drop packages here"), "muted")
        row.addWidget(words)
        row.addStretch(1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._hover(on=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hover(on=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._hover(on=False)
        self._take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def _hover(self, *, on: bool) -> None:
        self.setProperty("hover", "true" if on else "false")
        self.style().unpolish(self)
        self.style().polish(self)


def _look_at(workspace: Workspace, path: Path, progress: Progress) -> Candidate:
    """The checks of a file, and its dry run where they pass; nothing is written."""
    watched = Trial(path, keep=is_sheet(path))
    if is_sheet(path):
        trial = ingest_sheet(workspace, path, dry_run=True, progress=progress, watch=watched.watch)
        return Candidate(path, [], trial, watched)
    report = check_package(path, trust_of(workspace), progress)
    if not report.ok:
        return Candidate(path, ladder(report), None, watched)
    trial = ingest(workspace, path, dry_run=True, progress=progress, watch=watched.watch)
    return Candidate(path, ladder(report), trial, watched)


def _take_in(workspace: Workspace, candidate: Candidate, progress: Progress) -> ImportResult:
    if is_sheet(candidate.path):
        return ingest_sheet(workspace, candidate.path, progress=progress)
    return ingest(workspace, candidate.path, confirmed=candidate.confirmed, progress=progress)


def _read(workspace: Workspace) -> tuple[Sequence[Any], Sequence[Any]]:
    return ledger.packages(workspace), ledger.refusals(workspace)
