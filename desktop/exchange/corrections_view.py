"""What went back to a source: each corrected field with what it was, is to be and is there now, and its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from core.exchange.answers import Compared, Corrected, corrections
from core.exchange.declaration import Connector
from core.exchange.outbox import send_again
from core.i18n import _
from core.model.labels import field_title, shown_value
from core.model.names import label as name_of
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.exporting import ListExport
from desktop.widgets.message_view import look, state_word
from desktop.widgets.parts import button, empty, label, local_time
from desktop.widgets.tables import Field, RowsModel, table
from desktop.widgets.watermark import Watermark

_FIRST = ("contradicted", "overruled", "", "awaited", "confirmed")
_LOOKS: dict[str, theme.Status] = {
    "contradicted": "error", "overruled": "warning", "awaited": "waiting", "confirmed": "done",
}  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """One field of one correction."""

    one: Corrected
    field: Compared


class CorrectionsView(QWidget):
    """Corrections by their answer, those that somebody must look at first; ``opened`` asks for one message."""

    opened = Signal(int)

    def __init__(self, desk: Desk, it: Connector) -> None:
        super().__init__()
        self.desk, self.it = desk, it
        self.rows = RowsModel(_fields())
        self.rows.setParent(self)
        self.view = table(self.rows, stretch=1)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._told = label("", "muted")
        self.again = button(_("Send again"), self.send_again, icon="refresh")
        self.again.setEnabled(False)
        self._states = QStackedWidget()
        self._build()
        self.view.doubleClicked.connect(
            lambda index: self.opened.emit(self.rows.rows[index.row()].one.delivery.id)
        )
        self.view.selectionModel().selectionChanged.connect(lambda _now, _before: self._ready())

    def _build(self) -> None:
        acts = QHBoxLayout()
        acts.setSpacing(theme.S)
        acts.addWidget(self._told)
        acts.addStretch(1)
        acts.addWidget(
            ListExport(self.desk, self.rows, _("Corrections to {system}").format(system=_(self.it.title)))
        )
        if not self.desk.workspace.actor.may("exchange.push"):
            self.again.hide()
        acts.addWidget(self.again)
        self._states.addWidget(self.view)
        self._states.addWidget(empty("undo", _(
            "Nothing has been corrected against this source yet. What is edited, settled or fixed here goes back to it."
        )))  # fmt: skip
        for place, width in enumerate((70, 150, 76, 80, 80, 80, 124, 116, 130)):
            self.view.setColumnWidth(place, width)
        Watermark(self.view, self.desk.workspace.actor.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(acts)
        column.addWidget(self._states, 1)

    def look(self) -> None:
        """Reads the corrections and the source's answers."""
        workspace, target = self.desk.workspace, self.it.target
        self.desk.jobs.read(lambda: corrections(workspace, target), self.show_corrections)

    def show_corrections(self, found: Sequence[Corrected]) -> None:
        """Shows them, a row a field."""
        ordered = sorted(found, key=lambda one: (_FIRST.index(one.answer), -one.delivery.id))
        self.rows.show_rows([_Line(one, field) for one in ordered for field in one.fields])
        self._states.setCurrentIndex(0 if found else 1)
        counts = Counter[str](one.answer for one in found if one.answer)
        told = (f"{name_of('answer', answer)} {counts[answer]:,}" for answer in _FIRST if counts[answer])
        self._told.setText(" · ".join(told))
        self._ready()

    def chosen(self) -> list[int]:
        """The deliveries of the selected rows that can go again."""
        rows = (
            self.rows.rows[index.row()].one.delivery for index in self.view.selectionModel().selectedRows()
        )
        return sorted({one.id for one in rows if one.state in {"accepted", "rejected"}})

    def send_again(self) -> None:
        """Queues the chosen corrections once more, as the records now stand."""
        workspace, target, ids = self.desk.workspace, self.it.target, self.chosen()
        self.desk.jobs.run(
            _("Queuing again"), lambda _progress: send_again(workspace, target, ids), self._queued
        )

    def _queued(self, count: int) -> None:
        self.desk.messages.done(_("{n} queued again.").format(n=f"{count:,}"))
        self.desk.changes.outbox.emit()
        self.look()

    def _ready(self) -> None:
        count = len(self.chosen())
        self.again.setText(_("Send {n} again").format(n=count) if count else _("Send again"))
        self.again.setEnabled(bool(count))


def _fields() -> list[Field]:
    return [
        Field(_("kind"), lambda x: name_of("resource", x.one.delivery.resource)),
        Field(_("record"), lambda x: "  ".join(filter(None, (x.one.title, x.one.place)))),
        Field(_("field"), lambda x: field_title(x.field.column)),
        Field(_("it said"), lambda x: _value(x.field, x.field.was)),
        Field(_("we say"), lambda x: _value(x.field, x.field.now)),
        Field(_("it says now"), lambda x: _value(x.field, x.field.says)),
        Field(_("answer"), lambda x: name_of("answer", x.one.answer) if x.one.answer else "–",
              status=lambda x: _LOOKS.get(x.one.answer, "unchecked")),
        Field(_("state"), lambda x: state_word(x.one.delivery), status=lambda x: look(x.one.delivery)),
        Field(_("in this state since"), lambda x: local_time(x.one.delivery.since)),
    ]  # fmt: skip


def _value(field: Compared, value: object) -> str:
    return "–" if value in (None, "") else shown_value(field.column, value)
