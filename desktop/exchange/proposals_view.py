"""Missing addresses: proposed here with a reason, followed to the bureau's code, and the rows that lack one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.exchange.address_proposals import Proposal, proposals, propose, similar, withdraw
from core.exchange.missing_addresses import missing
from core.i18n import _
from core.model.names import label as name_of
from core.registry.divisions import communities, division_name
from core.security.workspace import Workspace
from core.stewardship.unmatched import Missing
from core.verification.matching.service import Match
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, empty, label, local_time
from desktop.widgets.tables import Field, RowsModel, table

_LOOKS: dict[str, theme.Status] = {
    "proposed": "waiting", "sent": "waiting", "accepted": "notice", "refused": "error", "arrived": "done",
    "withdrawn": "unchecked",
}  # fmt: skip
_SHORTEST = 6


@dataclass(frozen=True)
class _Read:
    proposals: Sequence[Proposal]
    missing: Sequence[Missing]


class ProposalsView(QWidget):
    """A line to propose with, what was proposed below, and the texts of rows that mean no address."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk, self._from = desk, ""
        self.rows, self.texts = RowsModel(_fields()), RowsModel(_text_fields())
        for model in (self.rows, self.texts):
            model.setParent(self)
        self.view, self.text_view = table(self.rows, stretch=1), table(self.texts, stretch=0)
        self.text, self.reason, self.community = QLineEdit(), QLineEdit(), QComboBox()
        self.different = QCheckBox(_("None of these"))
        self._similar, self._count = label("", "muted", wrap=True), label("", "heading")
        self.act = button(_("Propose"), self.propose, icon="send", kind="primary")
        self.back = button(_("Withdraw"), self.withdraw, icon="undo")
        self._states = QStackedWidget()
        self._build()
        self._connect()

    def _build(self) -> None:
        self.text.setPlaceholderText(_("The whole address, as it stands on the door plate"))
        self.reason.setPlaceholderText(_("How it was found out"))
        self.reason.setFixedWidth(200)
        self.community.addItem(_("Community"), "")
        for code, name in communities().items():
            self.community.addItem(f"{division_name(f'{code[:9]}000')} {name}", code)
        self.community.setFixedWidth(210)
        self.different.setVisible(False)
        form = QHBoxLayout()
        form.setSpacing(theme.S)
        for widget in (self.text, self.community, self.reason, self.act):
            form.addWidget(widget, 1 if widget is self.text else 0)
        hint = QHBoxLayout()
        hint.addWidget(self._similar, 1)
        hint.addWidget(self.different)
        acts = QHBoxLayout()
        acts.setSpacing(theme.S)
        acts.addWidget(label(_("Proposed addresses"), "heading"))
        acts.addStretch(1)
        acts.addWidget(ListExport(self.desk, self.rows, _("Proposed addresses")))
        acts.addWidget(self.back)
        self._states.addWidget(self.view)
        self._states.addWidget(empty("address", _(
            "No address has been proposed yet. GridLink never makes one up: the bureau decides and gives the code."
        )))  # fmt: skip
        for view, widths in (
            (self.view, (140, 300, 120, 190, 130, 110)),
            (self.text_view, (300, 70, 210, 190)),
        ):
            for place, width in enumerate(widths):
                view.setColumnWidth(place, width)
        below = QWidget()
        under = QVBoxLayout(below)
        under.setContentsMargins(0, theme.M, 0, 0)
        under.addWidget(self._count)
        under.addWidget(self.text_view, 1)
        self._below, split = below, QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.addWidget(self._states)
        split.addWidget(below)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for layout in (form, hint, acts):
            column.addLayout(layout)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        for field in (self.text, self.reason):
            field.textChanged.connect(self._ready)
        self.text.textEdited.connect(self._typed)
        self.text.editingFinished.connect(self.ask)
        self.community.currentIndexChanged.connect(self._ready)
        self.view.selectionModel().selectionChanged.connect(lambda _now, _before: self._ready())
        self.text_view.doubleClicked.connect(lambda index: self.take_over(index.row()))
        self._ready()

    def look(self) -> None:
        """Reads what was proposed and what there is to propose."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: _read(workspace), self.show_read)

    def show_read(self, read: _Read) -> None:
        """Shows both lists."""
        self.rows.show_rows(read.proposals)
        self.texts.show_rows(read.missing)
        self._states.setCurrentIndex(0 if read.proposals else 1)
        self._below.setVisible(bool(read.missing))
        self._count.setText(
            _("Addresses in words without a match: {n}. A double click takes one over.").format(
                n=f"{len(read.missing):,}"
            )
        )
        self._ready()

    def ask(self) -> None:
        """Asks which of the addresses that there are may be meant."""
        text, workspace = self.text.text().strip(), self.desk.workspace
        if len(text) >= _SHORTEST:
            self.desk.jobs.read(lambda: similar(workspace, text), self.show_similar)

    def show_similar(self, found: Match) -> None:
        """Names what is similar; proposing then needs the word that it is none of these."""
        listed = _("; ").join(f"{one.address_code} {one.full_text}" for one in found.candidates[:3])
        self._similar.setText(_("Similar: {listed}").format(listed=listed) if listed else "")
        self.different.setVisible(bool(listed))

    def take_over(self, row: int) -> None:
        """Fills the line with the text of rows that lack an address."""
        one: Missing = self.texts.rows[row]
        self.text.setText(one.text)
        self._from = one.origin_ref
        self.community.setCurrentIndex(max(0, self.community.findData(one.community)))
        self.ask()
        self.reason.setFocus()

    def propose(self) -> None:
        """Proposes what stands in the line; it leaves with the next push."""
        workspace, text, community = self.desk.workspace, self.text.text(), self.community.currentData()
        reason, different, ref = self.reason.text(), self.different.isChecked(), self._from
        self.desk.jobs.write(
            lambda: propose(
                workspace, text, community, reason=reason, origin="sheet" if ref else "typed", origin_ref=ref,
                different=different,
            ), self._proposed,
        ).ended.connect(self._refused)  # fmt: skip

    def withdraw(self) -> None:
        """Takes the chosen proposal back while it waits."""
        workspace, number = self.desk.workspace, self._chosen()
        if number:
            self.desk.jobs.write(lambda: withdraw(workspace, number), self._withdrawn)

    def _proposed(self, made: Proposal) -> None:
        workspace = self.desk.workspace
        for field in (self.text, self.reason):
            field.clear()
        self._typed()

        def back() -> None:
            self.desk.jobs.write(lambda: withdraw(workspace, made.number), self._withdrawn)

        self.desk.messages.done(_("Proposed: {text}").format(text=made.full_text), undo=back)
        self._changed()

    def _refused(self, job: Job) -> None:
        """Shows what may be meant instead where the core refused it for that."""
        if job.state == "failed":
            self.ask()

    def _withdrawn(self, _nothing: None) -> None:
        self.desk.messages.done(_("The proposal is withdrawn."))
        self._changed()

    def _changed(self) -> None:
        self.desk.changes.outbox.emit()
        self.look()

    def _typed(self, _text: str = "") -> None:
        """Another text comes from nowhere but the keyboard, and is similar to nothing yet."""
        self._from = ""
        self._similar.setText("")
        self.different.setChecked(False)
        self.different.setVisible(False)

    def _chosen(self) -> str:
        rows = self.view.selectionModel().selectedRows()
        one = self.rows.rows[rows[0].row()] if rows else None
        return str(one.number) if one is not None and one.stage == "proposed" else ""

    def _ready(self, *_what: object) -> None:
        whole = len(self.text.text().strip()) >= _SHORTEST and bool(self.reason.text().strip())
        self.act.setEnabled(whole and bool(self.community.currentData()))
        self.back.setEnabled(bool(self._chosen()))


def _read(workspace: Workspace) -> _Read:
    return _Read(proposals(workspace), missing(workspace))


def _fields() -> list[Field]:
    return [
        Field(_("state"), lambda p: name_of("stage", p.stage), status=lambda p: _LOOKS[p.stage]),
        Field(_("address"), lambda p: p.full_text),
        Field(_("community"), lambda p: division_name(p.community_code)),
        Field(_("code or reason"), lambda p: p.code or p.note),
        Field(_("in this state since"), lambda p: local_time(p.since)),
        Field(_("from"), lambda p: name_of("origin", p.origin)),
        Field(_("proposed by"), lambda p: p.proposed_by),
    ]


def _text_fields() -> list[Field]:
    return [
        Field(_("address in words"), lambda m: m.text),
        Field(_("rows"), lambda m: m.rows, "number"),
        Field(_("community"), lambda m: division_name(m.community) if m.community else "–"),
        Field(_("for example"), lambda m: m.origin_ref, "code"),
    ]
