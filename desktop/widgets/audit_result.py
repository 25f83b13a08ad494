"""What a field audit says: three coefficients with their intervals, by field and by community."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model.labels import field_title
from core.registry.divisions import division_name
from core.stewardship.coefficients import MEASURE_NAMES, MEASURES, CommunityResult, Result
from core.stewardship.estimating import Coefficient
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import card, head, label
from desktop.widgets.tables import Field, RowsModel, table

_MEANINGS = {
    "existence": N_("the record is there, of those looked at"),
    "completeness": N_("nothing is missing, of those found"),
    "accuracy": N_("there, and nothing wrong, of those looked at"),
}
_STATES: Mapping[str, tuple[str, theme.Status]] = {
    "checked": (N_("looked at"), "done"), "partly": (N_("partly looked at"), "waiting"),
    "not_checked": (N_("not looked at"), "unchecked"), "too_few": (N_("too few to say"), "notice"),
}  # fmt: skip


class AuditResult(QWidget):
    """The coefficients as far as the round has come."""

    def __init__(self, desk: Desk, result: Result) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        figures = QHBoxLayout()
        figures.setSpacing(theme.M)
        for name in MEASURES:
            figures.addWidget(_figure(name, result.measures[name]), 1)
        column.addLayout(figures)
        told = _("{covered} of {size} records lie in communities where somebody looked; intervals of 95 %.")
        column.addWidget(
            label(told.format(covered=f"{result.covered:,}", size=f"{result.size:,}"), "muted", wrap=True)
        )
        self.fields = RowsModel([
            Field(_("field"), lambda r: field_title(r[0])),
            Field(_("completeness"), lambda r: shown(r[1]["completeness"])),
            Field(_("accuracy"), lambda r: shown(r[1]["accuracy"])),
        ])  # fmt: skip
        self.fields.show_rows(list(result.fields.items()))
        self.communities = RowsModel(_community_fields())
        self.communities.show_rows(result.communities)
        lists = QHBoxLayout()
        lists.setSpacing(theme.M)
        lists.addWidget(_listed(desk, _("By field"), self.fields, (0, 136, 136)), 2)
        lists.addWidget(_listed(desk, _("By community"), self.communities, (0, 64, 104, 134, 134)), 3)
        column.addLayout(lists, 1)


def shown(one: Coefficient | None) -> str:
    """A coefficient with its interval, in per cent."""
    return "–" if one is None else f"{one.value:.1%}  ({100 * one.low:.1f}–{100 * one.high:.1f})"


def _community_fields() -> list[Field]:
    def measured(name: str) -> Field:
        return Field(_(MEASURE_NAMES[name]), lambda c: shown(c.measures[name]))

    def state(one: CommunityResult) -> str:
        return _(_STATES[one.state][0])

    return [
        Field(_("community"), lambda c: division_name(c.community_code)),
        Field(_("looked at"), lambda c: f"{c.checked:,} / {c.drawn:,}", "number"),
        Field(_("state"), state, status=lambda c: _STATES[c.state][1]),
        measured("completeness"), measured("accuracy"),
    ]  # fmt: skip


def _listed(desk: Desk, title: str, model: RowsModel, widths: tuple[int, ...]) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.XS)
    row = QHBoxLayout()
    row.addWidget(label(title, "heading"))
    row.addStretch(1)
    row.addWidget(ListExport(desk, model, title))
    column.addLayout(row)
    view = table(model, stretch=0)
    for place, width in enumerate(widths):
        if width:
            view.setColumnWidth(place, width)
    column.addWidget(view, 1)
    return made


def _figure(name: str, one: Coefficient | None) -> QWidget:
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addWidget(label(_(MEASURE_NAMES[name]), "muted"))
    row = head("")
    row.insertWidget(0, label("–" if one is None else f"{one.value:.1%}", "figure"))
    if one is not None:
        row.insertWidget(1, label(f"{one.low:.1%} – {one.high:.1%}", "muted"))
    column.addLayout(row)
    counted = _("from {n} records: {meaning}") if one is not None else _("nobody has looked yet: {meaning}")
    said = counted.format(n=f"{one.counted:,}" if one is not None else "", meaning=_(_MEANINGS[name]))
    column.addWidget(label(said, "muted", wrap=True))
    return card(column)
