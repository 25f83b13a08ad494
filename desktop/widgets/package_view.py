"""One package in the Inbox: a candidate with its ladder, an imported one with its findings, a refused one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.i18n import _
from core.model import names as labels
from core.model.labels import field_title
from core.packages.ladder import Step
from core.registry.held_rows import HeldRows, held_rows
from core.registry.ledger import Finding, FindingsPage, findings
from core.verification.catalogue import describe, in_general
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.bars import ChangeBars
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button, card, clear, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.trial_view import TrialView

_PAGE, _WORDS = 500, 16
_LOOKS: dict[str, theme.Status] = {"passed": "done", "failed": "error", "not_reached": "unchecked"}


class CandidateView(QWidget):
    """The ladder of checks, what would change, and the button to import."""

    def __init__(
        self, desk: Desk, candidate: Any, take: Callable[[Any], None], forget: Callable[[Any], None]
    ) -> None:
        super().__init__()
        column = _column(self)
        trial = candidate.trial
        actions = [button(_("Leave it"), lambda: forget(candidate))]
        if trial is not None and not trial.repeat:
            rows = sum(counts.read for counts in trial.resources.values())
            text = _("Import {n} rows").format(n=f"{rows:,}")
            actions.append(button(text, lambda: take(candidate), icon="import", kind="primary"))
            self.act = actions[-1]
        column.addLayout(_title(candidate.path.name, str(candidate.path.parent), actions))
        if trial is not None and trial.repeat:
            column.addWidget(status_word("notice", _("Already imported, byte for byte the same.")))
        for loss in (one for one in trial.losses if one["too_much"]) if trial is not None else ():
            self._ask(column, candidate, loss)
        body = QHBoxLayout()
        body.setSpacing(theme.L)
        if candidate.steps:
            body.addWidget(_ladder(candidate.steps), 0, Qt.AlignmentFlag.AlignTop)
        if trial is not None and not trial.repeat:
            self.rows = TrialView(desk, candidate.watched)
            beside, below = QVBoxLayout(), QVBoxLayout()
            beside.setSpacing(theme.L)
            below.addWidget(self.rows)
            beside.addWidget(_would_change(trial, self.rows.open))
            beside.addWidget(card(below), 1)
            body.addLayout(beside, 1)
            column.addLayout(body, 1)
        else:
            body.addStretch(1)
            column.addLayout(body)
            column.addStretch(1)

    def _ask(self, column: QVBoxLayout, candidate: Any, loss: dict[str, Any]) -> None:
        """A snapshot that loses much waits for a reason; a typing error at the sender looks just like this."""
        text = _("{kind}: {missing} of {of} that its sender reported before are no longer named.").format(
            kind=labels.label("resource", loss["resource"]), missing=f"{loss['missing']:,}", of=f"{loss['of']:,}"
        )
        column.addWidget(status_word("warning", text))
        self.act.setEnabled(False)
        reason = QLineEdit()
        reason.setPlaceholderText(_("Why is that right? The import waits for a reason."))

        def said(words: str) -> None:
            candidate.confirmed = words.strip()
            self.act.setEnabled(bool(candidate.confirmed))

        reason.textChanged.connect(said)
        column.addWidget(reason)


class ImportedView(QWidget):
    """What an imported package changed, what was found in it, and how to take it back."""

    def __init__(self, desk: Desk, row: Any, take_back: Callable[[int, str], None]) -> None:
        super().__init__()
        self._desk, self._row = desk, row
        column = _column(self)
        actions = []
        if row.state == "imported" and desk.workspace.actor.may("package.undo"):
            tip = _(
                "Its rows leave the registry, the versions they replaced return; the package can be imported again."
            )
            actions = [
                button(_("Undo import"), lambda: take_back(row.change_set, row.name), icon="undo", tip=tip)
            ]
        line = _("{sender}, no. {sequence}, {mode}; change set {change_set}; imported {at}").format(
            sender=labels.label("sender", row.sender), sequence=row.sequence, mode=labels.label("state", row.mode),
            change_set=row.change_set, at=local_time(row.imported_at),
        )  # fmt: skip
        column.addLayout(_title(row.name, line, actions))
        if row.state == "undone":
            column.addWidget(status_word("unchecked", _("Undone: nothing of it is in the registry.")))
        for warning in row.warnings:
            column.addWidget(status_word("warning", warning["message"]))
        inner = QVBoxLayout()
        inner.setSpacing(theme.M)
        inner.addWidget(label(_("What it changed"), "heading"))
        inner.addWidget(ChangeBars(row.resources))
        self._held = QVBoxLayout()
        inner.addLayout(self._held)
        column.addWidget(card(inner))
        self._found = QVBoxLayout()
        self._found.setSpacing(theme.M)
        column.addWidget(card(self._found), 1)
        self._rule = ""
        if row.state == "imported":
            self._found.addWidget(label(_("Reading the findings"), "muted"))
            self._read()
            number, workspace = row.change_set, desk.workspace
            desk.jobs.read(lambda: held_rows(workspace, number), self._show_held)
        else:
            self._found.addWidget(label(_("The findings went with the import."), "muted"))

    def _read(self, rule: str = "") -> None:
        self._rule = rule
        name, workspace = self._row.uuid, self._desk.workspace
        self._desk.jobs.read(
            lambda: findings(workspace, package_name=name, rule=rule, limit=_PAGE), self._show
        )

    def _show_held(self, held: HeldRows) -> None:
        """How many rows still wait in quarantine, and how many a correction has let in since."""
        if not held.rows:
            return
        row = QHBoxLayout()
        if held.waiting:
            row.addWidget(status_word("error", _("{n} rows in quarantine").format(n=f"{held.waiting:,}")))
        if held.released:
            row.addWidget(status_word("done", _("{n} rows released from quarantine").format(n=f"{held.released:,}")))
        row.addStretch(1)
        row.addWidget(button(_("Show these rows"), partial(self._open_held, held), kind="link"))
        self._held.addLayout(row)

    def _open_held(self, held: HeldRows) -> None:
        self._desk.show_drawer(_("Quarantine"), HeldView(self._desk, self._row.change_set, held))

    def _show(self, page: FindingsPage) -> None:
        clear(self._found)
        if not page.total and not self._rule:
            self._found.addWidget(label(_("Findings"), "heading"))
            self._found.addWidget(status_word("done", _("Every row was checked; nothing was found.")))
            self._found.addStretch(1)
            return
        top = QHBoxLayout()
        top.addWidget(label(_("Findings: {n}").format(n=f"{page.total:,}"), "heading"))
        top.addStretch(1)
        if len(page.rows) < page.total:
            top.addWidget(label(_first(len(page.rows), page.total), "muted"))
        if self._rule:
            top.addWidget(button(_("All rules"), self._read, kind="link"))
        uuid, name, tip = self._row.uuid, self._row.name, _("Every finding of this package: filter, correct, export")
        there = button(_("Open in Findings"), lambda: self._desk.show_findings(uuid, name), icon="findings", tip=tip)
        top.addWidget(there)
        self._found.addLayout(top)
        if not self._rule:
            self._found.addLayout(self._groups(page))
        model = RowsModel(_finding_fields())
        model.show_rows(page.rows)
        view = table(model, stretch=5)
        view.setMinimumHeight(260)
        for place, width in enumerate((150, 90, 170, 120, 130)):
            view.setColumnWidth(place, width)
        self._model = model
        self._found.addWidget(view, 1)

    def _groups(self, page: FindingsPage) -> QGridLayout:
        """Rules by how often they fired; a click shows that rule's rows."""
        grid = QGridLayout()
        ordered = sorted(page.by_rule.items(), key=lambda item: -item[1])
        for place, (rule, count) in enumerate(ordered):
            words = in_general(rule)[0]
            short = words if len(words) <= _WORDS else f"{words[:_WORDS]}…"
            made = button(f"{short}  {count:,}", partial(self._read, rule), kind="link", tip=f"{words}\n{rule}")
            grid.addWidget(made, place // 3, place % 3)
        return grid


class HeldView(QWidget):
    """An import's quarantine: what still waits, and what was let in when."""

    def __init__(self, desk: Desk, number: int, held: HeldRows) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        model = RowsModel([
            Field(_("state"), lambda r: _("released") if r.released_in else _("waiting"),
                  status=lambda r: "done" if r.released_in else "error"),
            Field(_("resource"), lambda r: labels.label("resource", r.resource)),
            Field(_("line"), lambda r: r.line, "number"), Field(_("key"), lambda r: r.key, "code"),
            Field(_("released"), lambda r: local_time(r.released_at)),
            Field(_("what is wrong"), lambda r: r.message),
        ])  # fmt: skip
        model.show_rows(held.rows)
        self._model, view = model, table(model)
        for place, width in enumerate((84, 76, 50, 150, 130, 320)):
            view.setColumnWidth(place, width)
        view.setMinimumHeight(420)
        bar, total, workspace = QHBoxLayout(), held.waiting + held.released, desk.workspace
        if len(held.rows) < total:
            bar.addWidget(label(_first(len(held.rows), total), "muted"))
        bar.addStretch(1)
        self.export = ListExport(
            desk, model, _("Quarantine"), everything=lambda: held_rows(workspace, number, limit=None).rows
        )
        bar.addWidget(self.export)
        column.addLayout(bar)
        column.addWidget(view, 1)


class RefusedView(QWidget):
    """Why a package was refused, and that nothing of it was taken."""

    def __init__(self, row: Any) -> None:
        super().__init__()
        column = _column(self)
        column.addLayout(_title(row.file_name, local_time(row.at), []))
        inner = QVBoxLayout()
        inner.addWidget(status_word("error", _("Refused; nothing of it was taken.")))
        inner.addWidget(label(row.message, wrap=True))
        code = label(row.code, "muted")
        code.setFont(theme.monospace())
        inner.addWidget(code)
        column.addWidget(card(inner))
        column.addStretch(1)


def _first(shown: int, total: int) -> str:
    return _("the first {shown} of {total} are shown").format(shown=f"{shown:,}", total=f"{total:,}")


def _would_change(trial: Any, opened: Callable[[str, str], object]) -> QWidget:
    inner = QVBoxLayout()
    inner.setSpacing(theme.M)
    inner.addWidget(label(_("What it would change"), "heading"))
    inner.addWidget(ChangeBars({name: asdict(counts) for name, counts in trial.resources.items()}, opened))
    for warning in trial.warnings:
        inner.addWidget(status_word("warning", warning["message"]))
    found = sum(trial.findings.values())
    word = (
        _("{n} findings").format(n=f"{found:,}") if found else _("Every row was checked; nothing was found.")
    )
    inner.addWidget(status_word("warning" if found else "done", word))
    return card(inner)


def _ladder(steps: list[Step]) -> QWidget:
    inner = QVBoxLayout()
    inner.setSpacing(theme.S)
    inner.addWidget(label(_("Checks"), "heading"))
    words = {"passed": _("passed"), "failed": _("failed"), "not_reached": _("not reached")}
    for step in steps:
        row = QHBoxLayout()
        row.addWidget(label(step.title))
        row.addStretch(1)
        row.addWidget(status_word(_LOOKS[step.state], words[step.state]))
        inner.addLayout(row)
        for message in step.messages:
            trouble = label(message, wrap=True)
            trouble.setStyleSheet(f"color: {theme.tokens().error};")
            inner.addWidget(trouble)
    made = card(inner)
    made.setMinimumWidth(268)
    return made


def _finding_fields() -> list[Field]:
    def look(row: Finding) -> theme.Status:
        return row.severity if row.severity in {"error", "warning", "notice"} else "notice"  # type: ignore[return-value]  # just checked

    return [
        Field(_("severity"), lambda r: labels.label("state", r.severity), status=look),
        Field(_("resource"), lambda r: labels.label("resource", r.resource)),
        Field(_("key"), lambda r: r.key, "code"),
        Field(_("field"), lambda r: field_title(r.field)),
        Field(_("value"), lambda r: r.value, "code"),
        Field(_("what and how to mend it"),
              lambda r: " ".join(describe(r.rule, field=field_title(r.field), value=r.value))),
    ]


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(theme.L, 0, 0, 0)
    column.setSpacing(theme.L)
    return column


def _title(title: str, line: str, actions: list[Any]) -> QHBoxLayout:
    row = QHBoxLayout()
    words = QVBoxLayout()
    words.setSpacing(2)
    name: QLabel = label(title, "heading")
    words.addWidget(name)
    words.addWidget(label(line, "muted", wrap=True))
    row.addLayout(words, 1)
    for action in actions:
        row.addWidget(action)
    return row
