"""One finding in the drawer with what to do about it, and the preview of a correction in bulk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.model.names import label as name_of
from core.stewardship.failing_rows import FailingRow, failing_row
from core.stewardship.findings import Listed
from core.stewardship.fixes import FixPreview
from core.verification.catalogue import rule as rule_of
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.found_rows import status_of, told_of
from desktop.widgets.parts import button, label, rule, status_word
from desktop.widgets.tables import Field, RowsModel, table

_DAYS = (30, 90, 180, 366)
_TOKEN, _BESIDE = 24, 12
_PLACES = {
    "quarantine": N_("The row as it waits in quarantine"), "registry": N_("The record as the registry has it"),
    "gone": N_("The row is no longer here."),
}  # fmt: skip


class Ignore(Protocol):
    """Ignores a finding, or its whole rule, with a reason."""

    def __call__(self, one: Listed, reason: str, *, whole_rule: bool, days: int) -> None:
        """Does it."""


class FindingView(QWidget):
    """What is wrong, where, whose it is, and the three things to do: correct, open, ignore."""

    def __init__(self, desk: Desk, one: Listed, ignore: Ignore, fix: Callable[[str], None]) -> None:
        super().__init__()
        self.reason: QLineEdit | None = None
        self._desk = desk
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        column.addWidget(status_word(status_of(one.severity), name_of("state", one.severity)))
        column.addWidget(label(told_of(one)[0], "heading", wrap=True))
        column.addWidget(label(told_of(one)[1], wrap=True))
        column.addLayout(_facts(one))
        known = rule_of(one.rule)
        if known is not None:
            column.addWidget(label(_("Source: {text}").format(text=_(known.source)), "muted", wrap=True))
        self._row = QVBoxLayout()
        column.addLayout(self._row)
        workspace = desk.workspace
        desk.jobs.read(lambda: failing_row(workspace, one.number), self._show_row)
        column.addWidget(rule())
        may = desk.workspace.actor.may("finding.work") and one.state == "open"
        if known is not None and known.fix is not None and may:
            column.addWidget(button(_("Preview the correction of all such rows"), lambda: fix(one.rule), icon="wand"))
        if one.entity is not None and not one.key.startswith("#"):
            entity = one.entity
            column.addWidget(button(_("Open the record"), lambda: desk.open_record(one.resource, entity), icon="eye"))
        if may:
            column.addWidget(rule())
            column.addLayout(self._ignoring(one, ignore))
        column.addStretch(1)

    def _show_row(self, found: FailingRow) -> None:
        """The whole row with its bad cell marked, and what it clashes with."""
        self._row.addWidget(rule())
        self._row.addWidget(label(_(_PLACES[found.place]), "muted", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        shown = {name: value for name, value in found.values.items() if value is not None or name == found.field}
        for row, (name, value) in enumerate(shown.items()):
            grid.addWidget(label(field_title(name), "muted"), row, 0)
            grid.addWidget(_cell(name, value, bad=name == found.field), row, 1)
        self._row.addLayout(grid)
        if found.beside:
            self._row.addWidget(label(_("What it clashes with"), "muted"))
        for other in found.beside[:_BESIDE]:
            act = partial(self._desk.open_record, other.resource, other.entity)
            self._row.addWidget(button(other.title or "–", act, kind="link"))

    def _ignoring(self, one: Listed, ignore: Ignore) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(theme.S)
        box.addWidget(label(_("Known and accepted for now? It comes back by itself."), "muted", wrap=True))
        self.days = QComboBox()
        for days in _DAYS:
            self.days.addItem(_("for {n} days").format(n=days), days)
        self.days.setCurrentIndex(1)
        self.reason = reason = QLineEdit()
        reason.setPlaceholderText(_("Reason"))
        self.whole_rule = QCheckBox(_("Everything that this rule finds"))
        self.act = button(
            _("Ignore"),
            lambda: ignore(
                one, reason.text(), whole_rule=self.whole_rule.isChecked(), days=self.days.currentData()
            ),
        )
        self.act.setEnabled(False)
        reason.textChanged.connect(lambda text: self.act.setEnabled(bool(text.strip())))
        for widget in (reason, self.days, self.whole_rule, self.act):
            box.addWidget(widget)
        return box


class FixView(QWidget):
    """What a correction would change, before it does, and the button that does it with the count."""

    def __init__(self, found: FixPreview, apply: Callable[[], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        rows = found.registry + found.quarantine
        text = _("{registry} rows in the registry and {held} in quarantine; {rest} need somebody to look.")
        told = text.format(
            registry=f"{found.registry:,}", held=f"{found.quarantine:,}", rest=f"{found.not_curable:,}"
        )
        column.addWidget(label(told, wrap=True))
        model = RowsModel([
            Field(_("key"), lambda c: c.key, "code"), Field(_("field"), lambda c: field_title(c.field)),
            Field(_("before"), lambda c: c.before), Field(_("after"), lambda c: c.after),
        ])  # fmt: skip
        model.show_rows(found.changes)
        self._model, view = model, table(model, stretch=0)
        view.setMinimumHeight(320)
        column.addWidget(view, 1)
        if len(found.changes) < rows:
            column.addWidget(label(_("The first {n} changes are shown.").format(n=f"{len(found.changes):,}"), "muted"))
        self.act = button(_("Correct {n} rows").format(n=f"{rows:,}"), apply, icon="wand", kind="primary")
        self.act.setEnabled(rows > 0)
        column.addWidget(self.act)
        column.addWidget(label(_("It is one change set and can be undone."), "muted"))


def _shortened(key: str) -> str:
    """A token is too long for the drawer and says nothing to anybody; other keys stay whole."""
    return f"{key[:_TOKEN]}…" if len(key) > 2 * _TOKEN else key


def _cell(name: str, value: object, *, bad: bool) -> QLabel:
    text = name_of("sender", str(value)) if name == "source" and value else shown_value(name, value) or _("empty")
    if name.endswith("_token") and len(text) > _TOKEN:
        text = f"{text[:_TOKEN]}…"
    made = label(f"✗ {text}" if bad else text, wrap=True)
    if bad:
        colour = theme.tokens().error
        made.setObjectName("bad")
        made.setStyleSheet(f"border: 1px solid {colour}; border-radius: 3px; padding: 1px 4px; color: {colour};"
                           " font-weight: 600;")  # fmt: skip
    return made


def _facts(one: Listed) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.M)
    grid.setColumnStretch(1, 1)
    where = _("{package}, line {line}").format(package=one.package, line=one.line) if one.package else _(
        "verification of the registry")  # fmt: skip
    told = (
        (_("kind"), name_of("resource", one.resource)), (_("key"), _shortened(one.key)),
        (_("field"), field_title(one.field)),
        (_("value"), shown_value(one.field, one.value)), (_("department"), name_of("sender", one.sender)),
        (_("collector"), one.collector), (_("grid"), one.grid), (_("found"), f"{one.day} · {where}"),
    )  # fmt: skip
    for row, (name, value) in enumerate((n, v) for n, v in told if v):
        grid.addWidget(label(name, "muted"), row, 0)
        grid.addWidget(label(value, wrap=True), row, 1)
    return grid
