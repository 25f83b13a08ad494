"""Grids and officers: who works in which grid, who keeps it, and the gaps, worked off many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
)

from core.i18n import N_, _
from core.security.assigning import Hanging, assign, exchange, hanging, unassign, workers
from core.stewardship.grid_keeping import KeptGrid, grids_kept
from core.stewardship.upkeep import Filters, hand_over_grids, take_back_hand_over
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.grid_officers import Officer, OfficerPanel
from desktop.widgets.grid_tree import GridTree
from desktop.widgets.parts import button, empty, label, segment
from desktop.widgets.tables import Field, RowsModel, table

_ALL, _UNASSIGNED, _UNKEPT, _HANGING = "all", "unassigned", "unkept", "hanging"
_CHOICES = {
    _ALL: N_("All grids"), _UNASSIGNED: N_("Without officer"), _UNKEPT: N_("Without maintainer"),
    _HANGING: N_("Grid no longer in use"),
}  # fmt: skip


@dataclass(frozen=True)
class _Read:
    grids: Sequence[KeptGrid]
    officers: Sequence[str]
    hanging: Sequence[Hanging]


class GridAssignmentPage(Page):
    """The district's grids as a tree at the left, the officers and what can be done at the right."""

    name, title, icon, permission = "grid_assignment", N_("Grids and officers"), "grid", "grid.assign"
    section = "administration"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.which, self._read = _ALL, _Read((), (), ())
        self.tree, self.panel = GridTree(), OfficerPanel(may_name=desk.workspace.actor.may("grid.hand_over"))
        self.hanging = RowsModel([
            Field(_("account"), lambda one: one.account), Field(_("grid"), lambda one: one.grid_code, "code"),
            Field(_("name"), lambda one: one.name),
            Field(_("its addresses lie in"), lambda one: ", ".join(one.successors) or "–", "code"),
        ])  # fmt: skip
        self.hanging_view = table(self.hanging, stretch=3)
        self.text = QLineEdit()
        self.text.setPlaceholderText(_("Grid, community, maintainer or officer"))
        self.text.setClearButtonEnabled(True)
        self.text.setFixedWidth(260)
        self.text.textChanged.connect(lambda _text: self._draw())
        self.told = label("", "muted")
        words = _("Give each officer the grid that took its place")
        self.mend = button(words, self.mend_all, icon="wand", kind="primary")
        self._states, self._buttons = QStackedWidget(), dict[str, QPushButton]()
        self._build()
        self.tree.picked.connect(self._picked)
        self.panel.give.connect(self.give)
        self.panel.take.connect(self.take)
        self.panel.name_maintainer.connect(self.name_maintainer)
        self.panel.show_grids.connect(self.text.setText)
        for keys, act in {"A": self.panel.give_now, "Del": self.panel.take_now}.items():
            QShortcut(QKeySequence(keys), self.tree).activated.connect(act)
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self.text.setFocus)

    def _build(self) -> None:
        for place, width in enumerate((140, 170, 200)):
            self.hanging_view.setColumnWidth(place, width)
        split = QSplitter()
        split.setHandleWidth(1)
        split.addWidget(self.tree)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setSizes([940, 292])
        first = button(_("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary")
        if not self.desk.workspace.actor.may("package.check"):
            first.hide()  # to show what has no place yet would open a window of its own
        for state in (
            split, self.hanging_view,
            empty("grid", _("No grid is known yet. Grids come with the governance platform's packages and bring "
                            "maintainer and cycle."), first),
            empty("check", _("There is none of these: this list is worked off.")),
        ):  # fmt: skip
            self._states.addWidget(state)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.M, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        outer.addLayout(self._segments())
        outer.addWidget(self._states, 1)

    def _segments(self) -> QHBoxLayout:
        row, self._group = QHBoxLayout(), QButtonGroup(self)
        row.setSpacing(0)
        for which, title in _CHOICES.items():
            made = segment(_(title), partial(self.choose, which), chosen=which == self.which)
            self._group.addButton(made)
            self._buttons[which] = made
            row.addWidget(made)
        row.addSpacing(theme.M)
        row.addWidget(self.told)
        row.addStretch(1)
        row.addWidget(self.mend)
        row.addSpacing(theme.S)
        row.addWidget(self.text)
        return row

    # --- what is shown ---

    def refresh(self) -> None:
        """Reads grids, officers and what hangs beside the window."""
        workspace = self.desk.workspace
        self.desk.jobs.read(
            lambda: _Read(grids_kept(workspace), workers(workspace), hanging(workspace)), self._show
        )

    def choose(self, which: str) -> None:
        """Shows all grids, or one kind of gap."""
        self.which = which
        self._buttons[which].setChecked(True)
        self._draw()

    def _show(self, found: _Read) -> None:
        self._read = found
        me = self.desk.workspace.actor.name  # nobody assigns grids to himself
        by_officer: dict[str, list[KeptGrid]] = {name: [] for name in found.officers if name != me}
        for grid in found.grids:
            for name in grid.accounts:
                if name != me:
                    by_officer.setdefault(name, []).append(grid)
        self.panel.show_officers([
            Officer(name, len(held), sum(one.addresses for one in held)) for name, held in by_officer.items()
        ])  # fmt: skip
        counts = {
            _ALL: len(found.grids), _UNASSIGNED: len(self._of(_UNASSIGNED)), _UNKEPT: len(self._of(_UNKEPT)),
            _HANGING: len(found.hanging),
        }  # fmt: skip
        for which, made in self._buttons.items():
            made.setText(f"{_(_CHOICES[which])}  {counts[which]:,}")
        self._draw()

    def _of(self, which: str) -> list[KeptGrid]:
        if which == _UNASSIGNED:
            return [one for one in self._read.grids if not one.accounts]
        return [one for one in self._read.grids if which != _UNKEPT or not one.kept]

    def _draw(self) -> None:
        hangs = self.which == _HANGING
        self.mend.setVisible(hangs and any(one.successors for one in self._read.hanging))
        self.text.setVisible(not hangs)
        if hangs:
            self.hanging.show_rows(self._read.hanging)
            self.told.setText(_("An import or an edit retired these grids; their officers see nothing of them."))
            self._states.setCurrentIndex(1 if self._read.hanging else 3)
            return
        shown = self.tree.show_grids(self._of(self.which), self.text.text(), unfold=self.which != _ALL)
        self._states.setCurrentIndex(0 if shown or self.text.text() else 3 if self._read.grids else 2)
        self._picked()

    def _picked(self) -> None:
        grids = self.tree.chosen()
        self.panel.show_picked(grids)
        addresses = sum(one.addresses for one in grids)
        hint = _("Choose grids, communities or sub-districts, with Ctrl or Shift several.")
        told = _("{n} grids with {addresses} addresses chosen").format(n=f"{len(grids):,}", addresses=f"{addresses:,}")
        self.told.setText(told if grids else hint)

    # --- what is done ---

    def give(self, account: str) -> None:
        """Lets an officer work in the chosen grids; can be undone."""
        workspace = self.desk.workspace
        codes = [one.grid_code for one in self.tree.chosen() if account not in one.accounts]
        told = _("{account} works in {count} more grids.").format(account=account, count=f"{len(codes):,}")
        self._do(lambda: assign(workspace, account, codes), lambda: unassign(workspace, account, codes), told)

    def take(self, account: str) -> None:
        """Takes the chosen grids from an officer; can be undone."""
        workspace, held = self.desk.workspace, [one for one in self._read.grids if account in one.accounts]
        codes = [one.grid_code for one in self.tree.chosen() if account in one.accounts]
        told = _("{account} works in {count} fewer grids.").format(account=account, count=f"{len(codes):,}")
        if len(codes) == len(held):
            told = _("{account} has no grid left and works in the whole district now.").format(account=account)
        self._do(lambda: unassign(workspace, account, codes), lambda: assign(workspace, account, codes), told)

    def name_maintainer(self, to: str, reason: str) -> None:
        """Names who keeps the chosen grids; can be undone."""
        workspace, codes = self.desk.workspace, [one.grid_code for one in self.tree.chosen() if one.maintainer != to]
        told = _("{n} grids are kept by {who} now.").format(n=f"{len(codes):,}", who=to)
        self._do(
            lambda: [hand_over_grids(workspace, Filters(grid=code), to, reason=reason) for code in codes],
            lambda: [take_back_hand_over(workspace, code) for code in codes], told,
        )  # fmt: skip

    def mend_all(self) -> None:
        """Each officer gets, for a grid that is gone, the one in which most of its addresses lie now."""
        workspace, able = self.desk.workspace, [one for one in self._read.hanging if one.successors]
        told = _("{n} assignments follow their addresses.").format(n=f"{len(able):,}")
        self._do(
            lambda: [exchange(workspace, one.account, [one.grid_code], one.successors[:1]) for one in able], None, told,
        )  # fmt: skip

    def _do(self, act: Callable[[], object], back: Callable[[], object] | None, told: str) -> None:
        def undone() -> None:
            self.desk.jobs.write(back or act, lambda _none: self.refresh())

        def done(_none: object) -> None:
            self.desk.messages.done(told, undo=undone if back is not None else None)
            self.refresh()

        self.desk.jobs.write(act, done)
