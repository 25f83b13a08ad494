"""Reconciliation with one target: ours and theirs, and what differs to the record; green only where both agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from core.exchange.declaration import Connector
from core.exchange.outbox import send_again
from core.exchange.queue import names
from core.exchange.reconciling import Difference, Reconciled, last_reconciled, reconcile
from core.exchange.standing import kinds, missed
from core.i18n import N_, _
from core.jobs import Progress
from core.model.names import label as name_of
from core.security.workspace import Workspace
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, card, clear, empty, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_KINDS: dict[str, tuple[theme.Status, str]] = {
    "missing": ("error", N_("not there")), "surplus": ("error", N_("only there")),
    "different": ("error", N_("there otherwise")), "unproven": ("warning", N_("what we sent is no longer known")),
    "under_way": ("waiting", N_("a receipt is awaited")),
}  # fmt: skip


@dataclass(frozen=True)
class Differing:
    """A difference with the name of its record here."""

    difference: Difference
    resource: str
    title: str
    place: str


@dataclass(frozen=True)
class _About:
    """What the names of records are looked up by."""

    resource: str
    entity: int


class ReconciliationView(QWidget):
    """What the receiver says that it holds against what we have its receipts for."""

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.made: Reconciled | None = None
        self.model = RowsModel(_fields())
        self.model.setParent(self)
        self.view = table(self.model, stretch=3)
        self.view.doubleClicked.connect(lambda index: self._open(index.row()))
        may = desk.workspace.actor.may("exchange.push")
        self.run_button = button(_("Reconcile now"), self.run, icon="refresh", kind="primary")
        self.run_button.setVisible(may)
        self.again_button = button("", self.again, icon="send")
        self.again_button.setVisible(False)
        self._sums, self._states = QHBoxLayout(), QStackedWidget()
        self._none = QVBoxLayout()
        self._build()

    def _build(self) -> None:
        self._sums.setSpacing(theme.XL)
        top = QHBoxLayout()
        top.addLayout(self._sums)
        top.addStretch(1)
        top.addWidget(self.again_button)
        top.addWidget(
            ListExport(self.desk, self.model, _("Differences {system}").format(system=_(self.it.title)))
        )
        top.addWidget(self.run_button)
        nothing = QWidget()
        nothing.setLayout(self._none)
        self._states.addWidget(self.view)
        self._states.addWidget(nothing)
        for place, width in enumerate((150, 80, 170, 300, 240)):
            self.view.setColumnWidth(place, width)
        Watermark(self.view, self.desk.workspace.actor.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addWidget(card(top))
        column.addWidget(self._states, 1)

    def look(self) -> None:
        """Reads the last reconciliation."""
        workspace, target = self.desk.workspace, self.it.target
        self.desk.jobs.read(lambda: _last(workspace, target), self._show)

    def run(self) -> None:
        """Asks the system what it holds and compares, in a job that can be cancelled."""
        workspace, target = self.desk.workspace, self.it.target
        self.run_button.setEnabled(False)
        title = _("Reconciling with {system}").format(system=_(self.it.title))
        self.desk.jobs.run(
            title, lambda progress: _now(workspace, target, progress), self._ran
        ).ended.connect(self._ended)

    def again(self) -> None:
        """Queues what is missing there or otherwise there once more, for this one system."""
        workspace, target, made = self.desk.workspace, self.it.target, self.made
        if made is not None:
            self.desk.jobs.run(
                _("Queuing again"),
                lambda _progress: send_again(workspace, target, missed(workspace, made)),
                self._queued,
            )

    def _queued(self, count: int) -> None:
        self.desk.messages.done(_("{n} queued again.").format(n=f"{count:,}"))
        self.desk.changes.outbox.emit()

    def _ended(self, _job: object) -> None:
        self.run_button.setEnabled(True)

    def _ran(self, found: tuple[Reconciled | None, Sequence[Differing]]) -> None:
        self._show(found)
        self.desk.changes.outbox.emit()

    def _show(self, found: tuple[Reconciled | None, Sequence[Differing]]) -> None:
        made, rows = found
        self.made = made
        clear(self._sums)
        clear(self._none)
        self.model.show_rows(rows)
        self._states.setCurrentIndex(0 if rows else 1)
        if made is None:
            self._sums.addWidget(status_word("unchecked", _("never reconciled")))
            self._none.addWidget(empty("exchange", _(
                "Reconciling asks the system what it holds and compares it with our receipts, to the record."
            )))  # fmt: skip
            return
        self._summary(made)
        if not rows:
            self._none.addWidget(empty("done", _("Both sides hold the same: counts and digests agree.")))
        count = sum(1 for d in made.differences if d.entity is not None and d.kind != "under_way")
        self.again_button.setText(_("Send {n} again").format(n=f"{count:,}"))
        self.again_button.setVisible(bool(count) and self.desk.workspace.actor.may("exchange.push"))

    def _summary(self, made: Reconciled) -> None:
        agrees = made.agrees
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(status_word("done" if agrees else "error", _("agrees") if agrees else _("differs")))
        words.addWidget(label(local_time(made.at), "muted"))
        self._sums.addLayout(words)
        for title, count, digest in (
            (_("ours"), made.ours, made.our_digest), (_("theirs"), made.theirs, made.their_digest),
        ):  # fmt: skip
            box = QVBoxLayout()
            box.setSpacing(2)
            box.addWidget(label(f"{title}  {count:,}", "number"))
            code = label(digest[:16], "muted")
            code.setFont(theme.monospace())
            code.setToolTip(digest)
            code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            box.addWidget(code)
            self._sums.addLayout(box)
        differs = label(_("{n} differ").format(n=f"{len(made.differences):,}"), "number")
        self._sums.addWidget(differs, 0, Qt.AlignmentFlag.AlignTop)

    def _open(self, row: int) -> None:
        one = self.model.rows[row]
        if one.resource and one.difference.entity is not None:
            self.desk.open_record(one.resource, one.difference.entity)


def _named(workspace: Workspace, made: Reconciled | None) -> list[Differing]:
    if made is None:
        return []
    of = kinds(workspace, made)
    known = names(workspace, [_About(resource, entity) for entity, resource in of.items()])
    return [
        Differing(d, of.get(d.entity or 0, ""), *known.get(d.entity or 0, (d.key, "")))
        for d in made.differences
    ]


def _last(workspace: Workspace, target: str) -> tuple[Reconciled | None, list[Differing]]:
    made = last_reconciled(workspace, target)
    return made, _named(workspace, made)


def _now(workspace: Workspace, target: str, progress: Progress) -> tuple[Reconciled | None, list[Differing]]:
    made = reconcile(workspace, target, progress)
    return made, _named(workspace, made)


def _fields() -> list[Field]:
    return [
        Field(
            _("difference"),
            lambda d: _(_KINDS[d.difference.kind][1]),
            status=lambda d: _KINDS[d.difference.kind][0],
        ),
        Field(_("kind"), lambda d: name_of("resource", d.resource) if d.resource else ""),
        Field(_("record"), lambda d: d.title),
        Field(_("address"), lambda d: d.place),
        Field(_("key"), lambda d: d.difference.key, "code"),
    ]  # fmt: skip
