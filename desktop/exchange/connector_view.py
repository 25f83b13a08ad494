"""The connector of one system: what is declared, changed and tried before it counts, and its settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.exchange.configuration import ConnectorNotConfigured
from core.exchange.connectors import FOLDER
from core.exchange.declaration import Connector
from core.exchange.declaring import (
    Change,
    Declaration,
    back_to_shipped,
    change_declaration,
    declaration,
    history,
)
from core.exchange.trust import Trust, trust
from core.exchange.trying import Trial, try_connector
from core.i18n import N_, _
from core.model.names import label as name_of
from core.security.workspace import Workspace
from desktop import theme
from desktop.desk import Desk
from desktop.exchange.codes_view import CodesView
from desktop.exchange.declaration_text import DeclarationText
from desktop.exchange.draft import Draft
from desktop.exchange.endpoint_form import EndpointForm
from desktop.exchange.history_view import HistoryView
from desktop.exchange.limits_form import LimitsForm
from desktop.exchange.mapping_view import MappingView
from desktop.widgets.parts import button, card, clear, label, status_word

_SIDE = 380
_STEPS = {"send": N_("Sending"), "extract": N_("Reading")}
_PATIENCE = 400
"""Milliseconds after the last key before a typed text is checked."""


class ConnectorView(QWidget):
    """What is declared and what is set; nothing of it is a secret. What is changed counts when somebody says so."""

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.may = desk.workspace.actor.may("exchange.configure")
        self.path = FOLDER / f"{it.target}.toml"
        self.draft = Draft(it.target)
        self.draft.setParent(self)
        self.mapping = MappingView(self.draft, may=self.may)
        self.codes, self.limits = CodesView(self.draft, may=self.may), LimitsForm(self.draft, may=self.may)
        self.text, self.history = DeclarationText(may=self.may), HistoryView()
        self.form = EndpointForm(desk, it)
        self.form.saved.connect(self.look)
        self.faults, self.tried = QVBoxLayout(), QVBoxLayout()
        self.try_button = button(
            _("Try it out"), self.try_out, icon="refresh", tip=_("Asks the system; sends no data")
        )
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Why: which of the operator's documents"))
        self.keep_button = button(_("Put in force"), self.keep, icon="done", kind="primary")
        self.discard_button = button(_("Discard"), self.draft.discard)
        self.back_button = button(_("Back to shipped"), self.back, icon="undo")
        self._told, self._state = label("", "muted"), QVBoxLayout()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_PATIENCE)
        self._build()
        self._connect()

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(status_word("notice", _(self.it.note)))
        row = QHBoxLayout()
        whole.addLayout(row, 1)
        row.setSpacing(theme.L)
        left = QVBoxLayout()
        left.addWidget(self._declared(), 1)
        left.addLayout(self.faults)
        if self.may:
            left.addLayout(self._bar())
        row.addLayout(left, 1)
        side = QVBoxLayout()
        side.setSpacing(theme.M)
        top = QHBoxLayout()
        top.addWidget(label(_("Settings"), "heading"))
        top.addStretch(1)
        top.addWidget(self.try_button)
        self.try_button.setVisible(self.form.may)
        side.addLayout(top)
        side.addLayout(self.tried)
        side.addWidget(self.form)
        side.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(card(side))
        area.setFixedWidth(_SIDE)
        row.addWidget(area)

    def _declared(self) -> QWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setObjectName("files")
        self.tabs.tabBar().setDrawBase(False)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, theme.S, 0, 0)
        where = self._where = label("", "muted", wrap=True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        check = button(_("Take a file…"), self._ask, icon="folder", tip=_("Names every fault with its line"))
        line = QHBoxLayout()
        line.addWidget(where, 1)
        line.addWidget(check)
        column.addLayout(line)
        column.addWidget(self.text, 1)
        for part, title in (
            (self.mapping, _("Mapping")), (self.codes, _("Error codes")), (self.limits, _("Limits")),
            (holder, _("Declaration")), (self.history, _("History")),
        ):  # fmt: skip
            self.tabs.addTab(part, title)
        return self.tabs

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addLayout(self._state)
        row.addWidget(self._told)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.discard_button)
        self.reason.setFixedWidth(230)
        row.addWidget(self.reason)
        row.addWidget(self.keep_button)
        return row

    def _connect(self) -> None:
        self.draft.changed.connect(self._show_draft)
        self.reason.textChanged.connect(lambda _text: self._ready())
        self._wait.timeout.connect(lambda: self.draft.type(self.text.toPlainText()))
        self.text.textChanged.connect(self._wait.start)
        self._ready()

    def look(self) -> None:
        """Reads the settings again, the declaration that is in force, and its history."""
        workspace, target = self.desk.workspace, self.it.target
        self.desk.jobs.read(lambda: _trust(workspace, target), self.form.show_trust)
        self.desk.jobs.read(lambda: (declaration(workspace, target), history(workspace, target)), self._read)

    def _read(self, found: tuple[Declaration, list[Change]]) -> None:
        now, changes = found
        self.draft.begin(now)
        self.history.show_changes(changes)
        self._show_draft()

    def check(self, path: Path) -> None:
        """Takes a declaration from a file into the draft, with every fault at its line; it does not count yet."""
        try:
            self.draft.type(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            clear(self.faults)
            self.faults.addWidget(status_word("error", str(error)))

    def _show_draft(self) -> None:
        """Brings text, faults and buttons up to the draft; nobody's cursor is moved who is typing there."""
        if self.text.toPlainText() != self.draft.text:
            self.text.blockSignals(True)
            self.text.show_text(self.draft.text, self.draft.faults)
            self.text.blockSignals(False)
        else:
            self.text.mark(self.draft.faults)
        clear(self.faults)
        for line, message in sorted(self.draft.faults.items())[:5]:
            words = _("Line {line}: {problem}").format(line=line, problem=message)
            self.faults.addWidget(button(words, partial(self._go_to, line), icon="error", kind="link"))
        own = self.draft.base.text != self.draft.base.shipped
        where = _("Changed in this store; shipped: {path}") if own else _("As shipped: {path}")
        self._where.setText(where.format(path=self.path.name))
        self._where.setToolTip(str(self.path))
        clear(self._state)
        if self.draft.base.outdated:
            outdated = status_word("warning", _("the shipped declaration is newer"))
            outdated.setToolTip(_("It has changed since this one was made: compare, or go back to it."))
            self._state.addWidget(outdated)
        elif not self.draft.faults:
            self._state.addWidget(status_word("done", _("no fault")))
        self._told.setText(self.draft.told())
        self._ready()

    def _ready(self) -> None:
        self.try_button.setEnabled(self.draft.is_sound)
        if not self.may:
            return  # what has no place in the window must not be shown
        changed = self.draft.is_changed
        self.discard_button.setVisible(changed)
        self.reason.setVisible(changed or self.draft.base.text != self.draft.base.shipped)
        self.keep_button.setVisible(changed)
        self.keep_button.setEnabled(self.draft.is_sound and bool(self.reason.text().strip()))
        self.keep_button.setToolTip("\n".join(
            f"{one.place}: {one.before} → {one.after}" for one in self.draft.differences()[:30]))  # fmt: skip
        self.back_button.setVisible(not changed and self.draft.base.text != self.draft.base.shipped)
        self.back_button.setEnabled(bool(self.reason.text().strip()))
        self.try_button.setText(_("Try the change") if changed else _("Try it out"))

    def _go_to(self, line: int) -> None:
        self.tabs.setCurrentIndex(3)
        self.text.go_to(line)

    def keep(self) -> None:
        """Puts the draft in force from now on, for the reason that was given."""
        workspace, target, draft = self.desk.workspace, self.it.target, self.draft
        text, based_on, reason = draft.text, draft.base.change, self.reason.text()
        self.desk.jobs.write(
            lambda: change_declaration(workspace, target, text, reason=reason, based_on=based_on), self._kept
        )

    def back(self) -> None:
        """Lets the shipped declaration count again."""
        workspace, target, reason = self.desk.workspace, self.it.target, self.reason.text()
        self.desk.jobs.write(lambda: back_to_shipped(workspace, target, reason=reason), self._kept)

    def _kept(self, _number: int) -> None:
        self.reason.clear()
        self.draft.base = Declaration(
            self.it.target, self.draft.text, self.draft.base.shipped, _number, False
        )
        self.look()
        self.desk.messages.done(
            _("The declaration of {system} counts from now on.").format(system=_(self.it.title))
        )
        self.desk.changes.outbox.emit()

    def try_out(self) -> None:
        """Tries everything that the connector is declared for, as it is shown here; no data is sent."""
        workspace, target = self.desk.workspace, self.it.target
        text = self.draft.text if self.draft.is_changed else None
        self.try_button.setEnabled(False)
        title = _("Trying {system}").format(system=_(self.it.title))
        self.desk.jobs.run(
            title, lambda _progress: try_connector(workspace, target, text=text), self._tried
        ).ended.connect(self._ended)

    def _ended(self, _job: object) -> None:
        self._ready()

    def _tried(self, trial: Trial) -> None:
        clear(self.tried)
        for step in trial.steps:
            part, _dot, resource = step.what.partition(".")
            what = f"{_(_STEPS[part])} {name_of('resource', resource)}".strip()
            word = _("{what}: works ({seconds} s)") if step.ok else _("{what}: does not work")
            self.tried.addWidget(
                status_word(
                    "done" if step.ok else "error", word.format(what=what, seconds=f"{step.seconds:.2f}")
                )
            )
            if not step.ok:
                self.tried.addWidget(label(f"{step.message} {step.cure}".strip(), "muted", wrap=True))

    def _ask(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(self, _("A declaration"), "", "*.toml")
        if name:
            self.check(Path(name))


def _trust(workspace: Workspace, target: str) -> Trust | None:
    try:
        return trust(workspace, target)
    except ConnectorNotConfigured:
        return None
