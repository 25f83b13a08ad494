"""Rules: the catalogue as people read it, how often each fired, and another severity for the district."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.model.names import label as name_of
from core.registry.rule_settings import settings, switch
from core.security.workspace import Workspace
from core.stewardship.exporting import export_rules
from core.stewardship.findings import fired
from core.verification.catalogue import catalogue, in_general
from core.verification.context import thresholds
from core.verification.declaration import Dimension, Example, Rule, Severity
from core.verification.engine import OFF
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.found_rows import status_of
from desktop.widgets.parts import button, head, label, local_time, rule as line, status_word
from desktop.widgets.tables import Field, RowsModel, table

_DIMENSIONS: Mapping[str, str] = {
    Dimension.CONFORMITY: N_("conformity"), Dimension.COMPLETENESS: N_("completeness"),
    Dimension.ACCURACY: N_("accuracy"), Dimension.CONSISTENCY: N_("consistency"),
    Dimension.TIMELINESS: N_("timeliness"), Dimension.ACCESSIBILITY: N_("accessibility"),
}  # fmt: skip
_EVERYTHING = 10


@dataclass(frozen=True)
class _Line:
    rule: Rule
    severity: str
    fired: int
    setting: Any = None

    @property
    def meaning(self) -> str:
        return in_general(self.rule.id)[0]


class RulesPage(Page):
    """What is checked, why, and how often it was broken."""

    name, title, icon, permission = "rules", N_("Rules"), "rules", "finding.read"
    section = "findings"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._lines: list[_Line] = []
        self.model = RowsModel([
            Field(_("severity"), lambda r: severity_name(r.severity),
                  status=lambda r: "unchecked" if r.severity == OFF else status_of(r.severity)),
            Field(_("meaning"), lambda r: r.meaning), Field(_("kind"), lambda r: _kinds(r.rule)),
            Field(_("dimension"), lambda r: _(_DIMENSIONS[r.rule.dimension])),
            Field(_("fired"), lambda r: r.fired or "–", "number"), Field(_("rule"), lambda r: r.rule.id, "code"),
        ])  # fmt: skip
        self.view = table(self.model, stretch=1)
        for place, width in enumerate((84, 400, 170, 90, 70, 240)):
            self.view.setColumnWidth(place, width)
        self.view.selectionModel().currentRowChanged.connect(lambda now, _before: self._open(now.row()))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(_("Filter"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(240)
        self.filter.textChanged.connect(lambda _text: self._narrow())
        self._count = label("", "muted")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(
            head("", self._count, self.filter, button(_("Export…"), self.export, icon="print"))
        )
        outer.addWidget(self.view, 1)

    def refresh(self) -> None:
        """Reads how often each rule fired, and what the administrator switched."""
        self.desk.jobs.read(lambda: _read(self.desk.workspace), self._show)

    def export(self) -> None:
        """Writes the catalogue into a spreadsheet."""
        name, _kind = QFileDialog.getSaveFileName(self, _("Export the rules"), "rules.xlsx", "*.xlsx")
        if name:
            workspace = self.desk.workspace
            self.desk.jobs.run(
                _("Exporting the rules"), lambda _p: export_rules(workspace, Path(name)),
                lambda n: self.desk.messages.done(_("{n} rules written to {file}.").format(n=n, file=name)),
            )  # fmt: skip

    def switch(self, rule_id: str, severity: str, reason: str) -> None:
        """Gives a rule another severity from the next verification on."""
        workspace = self.desk.workspace
        self.desk.jobs.run(
            _("Switching the rule"), lambda _p: switch(workspace, rule_id, severity, reason=reason),
            lambda _r: self._switched(),
        )  # fmt: skip

    def _show(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._narrow()

    def _switched(self) -> None:
        self.desk.messages.done(_("Switched; it counts from the next verification on."))
        self.refresh()

    def _narrow(self) -> None:
        wanted = self.filter.text().strip().lower()
        rows = [one for one in self._lines if wanted in f"{one.meaning} {one.rule.id} {_kinds(one.rule)}".lower()]
        self.model.show_rows(rows)
        self._count.setText(_("{n} rules").format(n=f"{len(rows):,}"))

    def _open(self, place: int) -> None:
        if 0 <= place < len(self.model.rows):
            self.desk.show_drawer(_("Rule"), RuleView(self.desk, self.model.rows[place], self))


class RuleView(QWidget):
    """One rule whole: meaning, cure, source, thresholds, what passes and what fails, and its severity."""

    def __init__(self, desk: Desk, one: _Line, page: RulesPage) -> None:
        super().__init__()
        rule, column = one.rule, QVBoxLayout(self)
        column.setSpacing(theme.M)
        column.addWidget(status_word(
            "unchecked" if one.severity == OFF else status_of(one.severity), severity_name(one.severity)))  # fmt: skip
        column.addWidget(label(one.meaning, "heading", wrap=True))
        column.addWidget(label(in_general(rule.id)[1], wrap=True))
        told = [(_("source"), _(rule.source)), (_("passes"), _example(rule.passes)), (_("fails"), _example(rule.fails)),
                (_("thresholds"), _thresholds(rule)), (_("in the district"), _switched(one))]  # fmt: skip
        for name, text in told:
            if text:
                column.addWidget(label(name, "muted"))
                column.addWidget(label(text, wrap=True))
        if rule.fix is not None:
            column.addWidget(status_word("done", _("Can be corrected in bulk on the Findings page.")))
        if desk.workspace.actor.may("rule.configure") and not (rule.guard or rule.binding):
            column.addWidget(line())
            self._switching(column, one, page)
        column.addStretch(1)

    def _switching(self, column: QVBoxLayout, one: _Line, page: RulesPage) -> None:
        column.addWidget(label(_("Another severity for this district"), "muted"))
        choice, reason = QComboBox(), QLineEdit()
        for severity in (*Severity, OFF):
            choice.addItem(severity_name(severity), str(severity))
        choice.setCurrentIndex(choice.findData(one.severity))
        reason.setPlaceholderText(_("Reason"))
        act = button(_("Switch"), lambda: page.switch(one.rule.id, choice.currentData(), reason.text()))
        act.setEnabled(False)
        reason.textChanged.connect(lambda text: act.setEnabled(bool(text.strip())))
        for widget in (choice, reason, act):
            column.addWidget(widget)


def severity_name(severity: str) -> str:
    """A severity, or that the rule is off, as people read it."""
    return _("Off") if severity == OFF else name_of("state", severity)


def _read(workspace: Workspace) -> list[_Line]:
    often, switched = fired(workspace), {row.rule: row for row in settings(workspace)}
    return [
        _Line(one, switched[one.id].severity if one.id in switched else str(one.severity), often.get(one.id, 0),
              switched.get(one.id))
        for one in catalogue()
    ]  # fmt: skip


def _thresholds(rule: Rule) -> str:
    """Each threshold as it is in force, and the rule's own where the district has another (``thresholds.toml``)."""
    now = thresholds().get(rule.id, {})
    told = []
    for name, own in rule.parameters.items():
        value = now.get(name, own)
        usual = _(" (usually {value})").format(value=f"{own:g}") if value != own else ""
        told.append(f"{name} = {value:g}{usual}")
    return "\n".join(told)


def _switched(one: _Line) -> str:
    """Who switched the rule, when and why."""
    if one.setting is None:
        return ""
    return _("{severity} since {at}, {who}: {reason}").format(
        severity=severity_name(one.setting.severity), at=local_time(one.setting.at), who=one.setting.actor,
        reason=one.setting.reason,
    )  # fmt: skip


def _kinds(rule: Rule) -> str:
    if len(rule.resources) >= _EVERYTHING:
        return _("every kind")
    return "、".join(name_of("resource", name) for name in rule.resources)


def _example(one: Example) -> str:
    return ", ".join(f"{field_title(k.lstrip('_'))} = {shown_value(k, v)}" for k, v in one.row.items())
