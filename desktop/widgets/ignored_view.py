"""What is ignored: which rule, for what, why, by whom and until when; any of it can be shown again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.i18n import _
from core.model.labels import field_title
from core.model.names import label as name_of
from core.verification.catalogue import in_general
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.exporting import ListExport
from desktop.widgets.parts import button
from desktop.widgets.tables import Field, RowsModel, table


class IgnoredView(QWidget):
    """The list in the drawer, the newest first."""

    def __init__(self, desk: Desk, rows: Sequence[Any], today: str, show_again: Callable[[int], None]) -> None:
        super().__init__()

        def state(row: Any) -> str:
            if row.withdrawn_at:
                return _("shown again")
            return _("in force") if row.until >= today else _("expired")

        self.model = RowsModel([
            Field(_("state"), state, status=lambda r: "waiting" if state(r) == _("in force") else "unchecked"),
            Field(_("until"), lambda r: r.until, "code"),
            Field(_("what"), lambda r: in_general(r.rule)[0]),
            Field(_("scope"), _scope), Field(_("reason"), lambda r: r.reason), Field(_("who"), lambda r: r.actor),
        ])  # fmt: skip
        self.model.show_rows(rows)
        self.view = table(self.model)
        for place, width in enumerate((90, 92, 220, 160, 160, 90)):
            self.view.setColumnWidth(place, width)
        self.view.setMinimumHeight(320)
        self.act = button(_("Show again"), lambda: show_again(int(self._chosen().id)), icon="eye")
        self.act.setEnabled(False)
        may = desk.workspace.actor.may("finding.work")
        self.view.selectionModel().currentRowChanged.connect(
            lambda _now, _before: self.act.setEnabled(may and state(self._chosen()) == _("in force"))
        )
        row = QHBoxLayout()
        row.addWidget(self.act)
        row.addStretch(1)
        row.addWidget(ListExport(desk, self.model, _("Ignored findings")))
        column = QVBoxLayout(self)
        column.setSpacing(theme.M)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def _chosen(self) -> Any:
        return self.model.rows[max(0, self.view.currentIndex().row())]


def _scope(row: Any) -> str:
    told = [
        name_of("resource", row.resource) if row.resource else "", row.key or "",
        field_title(row.field) if row.field else "", name_of("sender", row.sender) if row.sender else "",
        row.grid_code or row.community_code or "",
    ]  # fmt: skip
    return " · ".join(part for part in told if part) or _("everything that this rule finds")
