"""Putting addresses on the map, one after the other, by keyboard: proposed, moved, confirmed, next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.atlas.placing import Proposal, Unplaced, place, propose, unplaced
from core.i18n import _
from core.registry.undo import undo_edit
from desktop import theme
from desktop.desk import Desk
from desktop.map.view import MapView
from desktop.widgets.parts import button, label

_STEP = 1e-5
"""Degrees that an arrow key moves the mark: about a metre; ten times that with Shift."""
_BATCH = 50
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip


class PlacingPanel(QWidget):
    """The queue: Enter confirms, N takes the next, arrows move the mark, Ctrl+Z takes the last back."""

    placed = Signal(int)

    def __init__(self, desk: Desk, view: MapView) -> None:
        super().__init__()
        self._desk, self._map = desk, view
        self._rows: list[Unplaced] = []
        self._skipped: set[int] = set()
        self.at: tuple[float, float] | None = None
        self.last: list[int] = []
        self.busy = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.count, self.title = label("", "muted"), label("", "heading", wrap=True)
        self.basis, self.code = label("", "muted", wrap=True), label("", "muted")
        self.code.setFont(theme.monospace())
        self.reasons = QComboBox()
        self.reasons.setEditable(True)
        self.reasons.addItems(
            [_("by its neighbours on the road"), _("seen on site"), _("by the door plate's photo")]
        )
        self.confirm_button = button(
            _("Confirm the place (Enter)"), self.confirm, icon="done", kind="primary"
        )
        self._build()
        self.reload()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.S, 0)
        column.setSpacing(theme.M)
        for part in (
            self.count,
            self.title,
            self.code,
            self.basis,
            label(_("Reason"), "muted"),
            self.reasons,
        ):
            column.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.confirm_button)
        row.addWidget(button(_("Next (N)"), self.skip))
        row.addStretch(1)
        column.addLayout(row)
        if self._desk.workspace.actor.may("registry.edit"):
            column.addWidget(
                button(_("Take the last back (Ctrl+Z)"), self.take_back, icon="undo", kind="link")
            )
        keys = _(
            "Drag the mark or click where the door is; arrow keys move it by a metre, with Shift by ten."
        )
        column.addWidget(label(keys, "muted", wrap=True))
        column.addStretch(1)

    @property
    def current(self) -> Unplaced | None:
        """The address whose place is asked for."""
        return next((row for row in self._rows if row.entity not in self._skipped), None)

    def reload(self) -> None:
        """Reads the queue from its beginning; what was passed over comes last."""
        workspace, most = self._desk.workspace, _BATCH + len(self._skipped)
        self.busy = True
        self._desk.jobs.read(lambda: unplaced(workspace, limit=most), self._told)

    def confirm(self) -> None:
        """Keeps the mark's place as a change set and goes on."""
        row, at = self.current, self.at
        if row is None or at is None or self.busy:
            return
        workspace, reason = self._desk.workspace, self.reasons.currentText()
        self.busy = True
        job = self._desk.jobs.run(
            _("Placing {title}").format(title=row.title),
            lambda _progress: place(workspace, row.entity, *at, reason=reason), self._kept,
        )  # fmt: skip
        job.ended.connect(self._ended)

    def skip(self) -> None:
        """Passes over this address; it stays in the queue."""
        if self.current is not None:
            self._skipped.add(self.current.entity)
        if self.current is None:
            self._skipped.clear()
            self.reload()
        else:
            self._show()

    def take_back(self) -> None:
        """Undoes the last place that was confirmed here."""
        if not self.last:
            return
        number, workspace = self.last[-1], self._desk.workspace
        self._desk.jobs.run(
            _("Undoing"), lambda progress: undo_edit(workspace, number, progress=progress), self._undone
        )

    def dragged(self, lon: float, lat: float) -> None:
        """The hand moved the mark."""
        self.at = (lon, lat)
        self._map.place.proposed = self.at
        self.confirm_button.setEnabled(True)

    def move_mark(self, east: float, north: float) -> None:
        """Moves the mark by so many steps."""
        if self.at is not None:
            self._set(self.at[0] + east * _STEP, self.at[1] + north * _STEP)

    def leave(self) -> None:
        """Takes the mark off the map."""
        if isValid(self._map):
            self._map.propose(None)

    def hideEvent(self, event: QHideEvent) -> None:
        self.leave()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        if self.at is not None:
            self._map.propose(self.at)
        super().showEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is not None:
            times = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.move_mark(step[0] * times, step[1] * times)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.confirm()
        elif event.key() == Qt.Key.Key_N:
            self.skip()
        elif event.key() == Qt.Key.Key_Z and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.take_back()
        else:
            super().keyPressEvent(event)

    def _told(self, found: tuple[int, Sequence[Unplaced]]) -> None:
        total, self._rows = found[0], list(found[1])
        self.busy = False
        self.count.setText(_("{count} addresses have no place").format(count=f"{total:,}"))
        self._show()

    def _show(self) -> None:
        row = self.current
        self.at = None
        self.confirm_button.setEnabled(False)
        if row is None:
            self.title.setText(_("Every address is on the map."))
            self.code.setText("")
            self.basis.setText("")
            self.leave()
            return
        self.title.setText(row.title)
        self.code.setText(row.address_code)
        self.basis.setText(_("Looking for its neighbours"))
        workspace = self._desk.workspace
        self._desk.jobs.read(
            lambda: propose(workspace, row.entity), lambda found: self._proposed(row.entity, found)
        )

    def _proposed(self, entity: int, found: Proposal | None) -> None:
        if self.current is None or self.current.entity != entity:
            return
        if found is None:
            self.basis.setText(
                _("No neighbour on its road is on the map: drag the mark to where the door is.")
            )
            self._set(self._map.place.lon, self._map.place.lat)
            return
        self.basis.setText(_("Proposed: {basis}").format(basis=found.basis))
        self._map.choose(list(found.neighbours))
        self._map.go(found.lon, found.lat, 18)
        self._set(found.lon, found.lat)

    def _set(self, lon: float, lat: float) -> None:
        self.at = (lon, lat)
        self.confirm_button.setEnabled(True)
        self._map.propose(self.at)

    def _kept(self, number: int) -> None:
        self.last.append(number)
        self.placed.emit(number)
        self._desk.changes.registry.emit()

    def _undone(self, _result: object) -> None:
        self.last.pop()
        self._desk.changes.registry.emit()
        self.reload()

    def _ended(self, _job: object) -> None:
        self.busy = False
        self.reload()
