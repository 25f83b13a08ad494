"""Which systems have a record: the answer for each in one line, its receipt one click further."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.exchange.connectors import connectors
from core.exchange.tracing import Trace, history_of
from core.i18n import N_, _
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.message_view import MessageView, look, state_word
from desktop.widgets.parts import button, clear, label, local_time, status_word

_ANSWERS: dict[str, tuple[theme.Status, str]] = {
    "has_it": ("done", N_("has this record as it stands")),
    "has_older": ("warning", N_("has an older version of this record")),
    "under_way": ("waiting", N_("under way, no receipt yet")),
    "rejected": ("error", N_("did not take it")),
    "held": ("warning", N_("held back by us")),
    "taken_back": ("unchecked", N_("was told that it is gone")),
    "not_queued": ("unchecked", N_("has not been sent it")),
    "corrected": ("done", N_("took our correction")),
    "not_meant": ("unchecked", N_("does not get records like this one")),
}


def deliveries_of(desk: Desk, resource: str, entity: int) -> DeliveriesPart | None:
    """The part for a record; None where the user may not read it or no system takes records of this kind."""
    meant = any(resource in one.leaving for one in connectors())
    return (
        DeliveriesPart(desk, resource, entity)
        if meant and desk.workspace.actor.may("exchange.read")
        else None
    )


class DeliveriesPart(QWidget):
    """What became of one record at every system that takes its kind."""

    def __init__(self, desk: Desk, resource: str, entity: int) -> None:
        super().__init__()
        self._desk = desk
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.XS)
        workspace = desk.workspace
        desk.jobs.read(lambda: history_of(workspace, resource, entity), self.show_traces)

    def show_traces(self, traces: Sequence[Trace]) -> None:
        """Shows the answers; every message of a system is listed below it."""
        clear(self._column)
        if traces:
            self._column.addWidget(label(_("Deliveries"), "heading"))
        for one in traces:
            status, words = _ANSWERS[one.answer]
            self._column.addWidget(label(one.title, "muted"))
            self._column.addWidget(status_word(status, _(words)))
            if one.receipt is not None:
                text = _("Receipt {number}, {at}").format(
                    number=one.receipt.receipt_no or "", at=local_time(one.receipt.settled_at or "")
                )
                self._column.addWidget(self._link(text, one.receipt.id, "done"))
            for other in one.deliveries:
                if one.receipt is None or other.id != one.receipt.id:
                    text = f"{state_word(other)}  {local_time(other.since)}"
                    self._column.addWidget(self._link(text, other.id, look(other)))

    def _link(self, text: str, id: int, icon: str) -> QWidget:
        return button(text, partial(self.open, id), icon=icon, kind="link", tip=_("Open the message"))

    def open(self, id: int) -> None:
        """Shows one message in the drawer."""
        self._desk.show_drawer(_("Message"), MessageView(self._desk, id))
