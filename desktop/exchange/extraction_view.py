"""Extraction from one source: start it, every run with its evidence, and what is gone at the source to decide."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.exchange.declaration import Connector
from core.exchange.extraction.extracting import extract
from core.exchange.extraction.gone import Decided, Gone, decide_gone, gone
from core.exchange.extraction.runs import Run, runs
from core.exchange.queue import names
from core.i18n import N_, _
from core.jobs import Progress
from core.model.names import label as name_of
from core.registry.undo import undo
from core.security.workspace import Workspace
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.run_view import RunView, agreement, run_state
from desktop.jobs import Job
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, empty, label, local_time
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_TOLD = {"marked": N_("marked as gone there"), "unnamed": N_("no longer named there")}
_MOST = 5000
_LOOK = 0.2


@dataclass(frozen=True)
class Question:
    """What is gone at the source, with the name of its record here."""

    gone: Gone
    title: str
    place: str


@dataclass(frozen=True)
class _Read:
    runs: Sequence[Run]
    questions: Sequence[Question]


class ExtractionView(QWidget):
    """Runs above, open questions below; nothing is retired before a steward says so."""

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.may = desk.workspace.actor.may("exchange.extract")
        self.runs, self.questions = RowsModel(_run_fields()), RowsModel(_question_fields())
        self.runs.setParent(self)
        self.questions.setParent(self)
        self.run_view, self.question_view = table(self.runs, stretch=7), table(self.questions, stretch=2)
        self.question_view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Why these are retired or kept"))
        self.reason.textChanged.connect(lambda _text: self._ready())
        self.changes = button(_("Extract what changed"), self.extract, icon="import", kind="primary")
        self.everything = button(_("Extract everything"), lambda: self.extract(full=True), icon="refresh")
        self.retire = button("", lambda: self.decide(retire=True), icon="done")
        self.keep = button("", lambda: self.decide(retire=False), icon="undo")
        self._asked = label("", "heading")
        self._build()
        self.run_view.doubleClicked.connect(lambda index: self.open_run(index.row()))
        self.question_view.doubleClicked.connect(lambda index: self._record(index.row()))
        self.question_view.selectionModel().selectionChanged.connect(lambda _now, _before: self._ready())

    def _build(self) -> None:
        acts = QHBoxLayout()
        acts.setSpacing(theme.S)
        acts.addWidget(label(_("Extraction runs"), "heading"))
        acts.addStretch(1)
        acts.addWidget(
            ListExport(self.desk, self.runs, _("Extraction runs {system}").format(system=_(self.it.title)))
        )
        for act in (self.everything, self.changes):
            act.setVisible(self.may)
            acts.addWidget(act)
        self._states = QStackedWidget()
        self._states.addWidget(self.run_view)
        self._states.addWidget(empty("import", _(
            "Nothing has been extracted from here yet. The first run reads everything; later ones what changed."
        )))  # fmt: skip
        for view, widths in ((self.run_view, (130, 96, 76, 110, 66, 170, 64)),
                             (self.question_view, (96, 170, 200, 150, 132))):  # fmt: skip
            for place, width in enumerate(widths):
                view.setColumnWidth(place, width)
        Watermark(self.question_view, self.desk.workspace.actor.name)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setHandleWidth(1)
        self._split.addWidget(self._states)
        self._below = self._decisions()
        self._split.addWidget(self._below)
        self._below.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(acts)
        column.addWidget(self._split, 1)

    def _decisions(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, theme.M, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._asked)
        row.addStretch(1)
        self.reason.setFixedWidth(260)
        for widget in (self.reason, self.keep, self.retire):
            widget.setVisible(self.may)
            row.addWidget(widget)
        column.addLayout(row)
        column.addWidget(self.question_view, 1)
        return made

    def look(self) -> None:
        """Reads the runs and what is open."""
        workspace, system = self.desk.workspace, self.it.target
        self.desk.jobs.read(lambda: _read(workspace, system), self.show_read)

    def show_read(self, read: _Read) -> None:
        """Shows runs and questions."""
        self.runs.show_rows(read.runs)
        self.questions.show_rows(read.questions)
        self._states.setCurrentIndex(0 if read.runs else 1)
        self._below.setVisible(bool(read.questions))
        self._asked.setText(_("Gone at the source: {n} to decide").format(n=f"{len(read.questions):,}"))
        self._ready()

    def extract(self, *, full: bool = False) -> None:
        """Extracts in a job that can be cancelled; pages that were read are kept and taken up again."""
        workspace, system = self.desk.workspace, self.it.target
        title = _("Extracting from {system}").format(system=_(self.it.title))
        job = self.desk.jobs.run(
            title,
            lambda progress: extract(
                workspace, system, full=full, progress=progress, pause=partial(_wait, progress)
            ),
            self._extracted,
        )
        self.changes.setEnabled(False)
        self.everything.setEnabled(False)
        job.ended.connect(self._ended)

    def decide(self, *, retire: bool) -> None:
        """Answers the chosen questions; a retirement can be undone."""
        ids, reason, workspace = (
            [one.gone.id for one in self.chosen()],
            self.reason.text(),
            self.desk.workspace,
        )
        self.desk.jobs.run(
            _("Retiring") if retire else _("Keeping"),
            lambda progress: decide_gone(workspace, ids, retire=retire, reason=reason, progress=progress),
            self._decided,
        )

    def chosen(self) -> list[Question]:
        """The selected questions, all of them where none is selected."""
        rows = self.question_view.selectionModel().selectedRows()
        return [self.questions.rows[index.row()] for index in rows] or list(self.questions.rows)

    def open_run(self, row: int) -> None:
        """Shows the record of a run in the drawer."""
        if 0 <= row < len(self.runs.rows):
            self.desk.show_drawer(_("Extraction run"), RunView(self.runs.rows[row]))

    def _record(self, row: int) -> None:
        one = self.questions.rows[row].gone
        self.desk.open_record(one.resource, one.entity)

    def _ready(self) -> None:
        count = f"{len(self.chosen()):,}"
        self.retire.setText(_("Retire {n}").format(n=count))
        self.keep.setText(_("Keep {n}").format(n=count))
        for act in (self.retire, self.keep):
            act.setEnabled(bool(self.reason.text().strip()) and bool(self.questions.rows))

    def _ended(self, _job: Job) -> None:
        self.changes.setEnabled(True)
        self.everything.setEnabled(True)
        self.look()
        self.desk.changes.registry.emit()

    def _extracted(self, done: Sequence[Run]) -> None:
        text = _("{kind}: {n} read, {agreement}")
        told = [
            text.format(
                kind=name_of("resource", one.resource), n=f"{one.read:,}", agreement=agreement(one)[1]
            )
            for one in done
        ]
        self.desk.messages.done("  ".join(told))

    def _taken_back(self, _nothing: None) -> None:
        self.look()
        self.desk.changes.registry.emit()

    def _decided(self, made: Decided) -> None:
        workspace = self.desk.workspace
        self.reason.clear()

        def back() -> None:
            self.desk.jobs.run(
                _("Undoing"), lambda progress: _take_back(workspace, made, progress), self._taken_back
            )

        text = _("{n} decided, {retired} retired.").format(n=f"{made.decided:,}", retired=f"{made.retired:,}")
        self.desk.messages.done(text, undo=back if made.change_sets else None)
        self.look()
        self.desk.changes.registry.emit()


def _wait(progress: Progress, seconds: float) -> None:
    """Waits for a source that does not answer now, and can be cancelled while it does."""
    progress.phase(_("The source does not answer; asked again in {n} s").format(n=f"{seconds:.0f}"))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress.checkpoint()
        time.sleep(_LOOK)


def _take_back(workspace: Workspace, made: Decided, progress: Progress) -> None:
    for number in reversed(made.change_sets):
        undo(workspace, number, reason=_("Undone"), progress=progress)


def _read(workspace: Workspace, system: str) -> _Read:
    found = [one for one in gone(workspace, limit=_MOST) if one.system == system]
    named = names(workspace, found)
    questions = [Question(one, *named.get(one.entity, (one.key, ""))) for one in found]
    return _Read(runs(workspace, system=system), questions)


def _run_fields() -> list[Field]:
    modes = {"full": _("everything"), "incremental": _("changes")}
    return [
        Field(_("begun"), lambda r: local_time(r.started_at)),
        Field(_("kind"), lambda r: name_of("resource", r.resource)),
        Field(_("extent"), lambda r: modes.get(r.mode, r.mode)),
        Field(_("state"), lambda r: run_state(r)[1], status=lambda r: run_state(r)[0]),
        Field(_("read"), lambda r: r.read, "number"),
        Field(_("with the source"), lambda r: agreement(r)[1], status=lambda r: agreement(r)[0]),
        Field(_("seconds"), lambda r: "" if r.seconds is None else f"{r.seconds:,.1f}", "number"),
        Field(_("what became of it"), lambda r: became(r.counts)),
        Field(_("done by"), lambda r: r.actor),
    ]


def became(counts: Mapping[str, object] | None) -> str:
    """What a run changed, in words."""
    words = {"new": _("new"), "changed": _("changed"), "unchanged": _("the same"), "quarantined": _("quarantined"),
             "gone": _("gone there")}  # fmt: skip
    found = counts or {}
    return " · ".join(f"{word} {found[name]:,}" for name, word in words.items() if found.get(name))


def _question_fields() -> list[Field]:
    return [
        Field(_("kind"), lambda q: name_of("resource", q.gone.resource)),
        Field(_("record"), lambda q: q.title),
        Field(_("address"), lambda q: q.place),
        Field(_("at the source"), lambda q: _(_TOLD.get(q.gone.told, q.gone.told))),
        Field(_("found"), lambda q: local_time(q.gone.at)),
    ]
