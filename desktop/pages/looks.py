"""Records looked at: the auditor's list of who had personal data shown, when, and for which stated reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout

from core.i18n import N_, _
from core.security.looks import Look, Which, action_name, looks
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.parts import empty, label, local_time, segment
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_CHOICES: dict[Which, str] = {
    "revealed": N_("Seen unmasked"),
    "outside": N_("Outside the own grids"),
    "all": N_("All reading and searching"),
}
_MOST = 500


class LooksPage(Page):
    """Reveals first; all reading on demand."""

    name, title, icon, permission = "looks", N_("Records looked at"), "eye", "audit.read"
    section = "administration"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.which: Which = "revealed"
        self.model = RowsModel([
            Field(_("when"), lambda one: local_time(one.at)), Field(_("who"), lambda one: one.actor),
            Field(_("what"), lambda one: action_name(one.action)), Field(_("stated reason"), lambda one: one.reason),
            Field(_("shown"), lambda one: one.shown, "number"),
            Field(_("whose or what for"), lambda one: one.subject),
            Field(_("audit entry"), lambda one: one.number, "number"),
        ])  # fmt: skip
        self.view = table(self.model, stretch=3)
        for place, width in enumerate((140, 120, 190, 300, 84, 280, 90)):
            self.view.setColumnWidth(place, width)
        self.actor = QLineEdit()
        self.actor.setPlaceholderText(_("Account, whole name"))
        self.actor.setClearButtonEnabled(True)
        self.actor.setFixedWidth(200)
        self.actor.editingFinished.connect(self.refresh)
        self._count = label("", "muted")
        self._states = QStackedWidget()
        self._states.addWidget(self.view)
        self._states.addWidget(empty("eye", _(
            "Nothing of this kind is on record. Whoever has an identity shown states a reason; it stands here."
        )))  # fmt: skip
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(self._segments())
        outer.addWidget(self._states, 1)
        Watermark(self.view, desk.workspace.actor.name)

    def refresh(self) -> None:
        """Reads the list again."""
        workspace, which, actor = self.desk.workspace, self.which, self.actor.text().strip()
        self.desk.jobs.read(lambda: looks(workspace, which, actor=actor, limit=_MOST), self._show)

    def _segments(self) -> QHBoxLayout:
        row, self._group = QHBoxLayout(), QButtonGroup(self)
        row.setSpacing(0)
        for which, title in _CHOICES.items():
            made = segment(_(title), partial(self._choose, which), chosen=which == self.which)
            self._group.addButton(made)
            row.addWidget(made)
        row.addStretch(1)
        row.addWidget(self._count)
        row.addSpacing(theme.S)
        row.addWidget(self.actor)
        return row

    def _choose(self, which: Which) -> None:
        self.which = which
        self.refresh()

    def _show(self, found: Sequence[Look]) -> None:
        self.model.show_rows(found)
        self._states.setCurrentIndex(0 if found else 1)
        text = _("the latest {n}") if len(found) == _MOST else _("{n} entries")
        self._count.setText(text.format(n=f"{len(found):,}") if found else "")
