"""A model over any number of deliveries: it holds their ids and the few rows that are in sight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from shiboken6 import isValid

from core.exchange.outbox import Delivery
from core.exchange.queue import Queued, Wanted, by_number, newest, numbers
from core.i18n import _
from core.model.names import label
from desktop.desk import Desk
from desktop.exchange.brief import BRIEF
from desktop.widgets.message_view import look, state_word
from desktop.widgets.parts import local_time
from desktop.widgets.tables import Field, cell, heading

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
PAGE, KEPT = 200, 24


def outcome(one: Delivery) -> str:
    """The receiver's number, or why there is none."""
    return one.message or one.receipt_no or ""


def _became(one: Queued) -> str:
    """What has become of it there, where the receiver tells, before its number."""
    return "  ".join(filter(None, (one.there, outcome(one.delivery))))


def fields() -> list[Field]:
    """The columns of a queue."""
    return [
        Field(_("state"), lambda q: _brief(q.delivery), status=lambda q: look(q.delivery)),
        Field(_("kind"), lambda q: label("resource", q.delivery.resource)),
        Field(_("record"), lambda q: q.title if len(q.title) < 40 else f"{q.title[:16]}…"),
        Field(_("address"), lambda q: q.place),
        Field(_("in this state since"), lambda q: local_time(q.delivery.since)),
        Field(_("attempts"), lambda q: q.delivery.attempts or None, "number"),
        Field(_("receipt or reason"), _became),
    ]


def _brief(one: Delivery) -> str:
    """The state in a short word, as the segments have it; what our own gate held back is said so."""
    return state_word(one) if one.state == "rejected" else _(BRIEF[one.state])


class QueueModel(QAbstractTableModel):
    """Deliveries of a filter, the newest first."""

    told = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self.wanted, self.fields = desk, Wanted(""), fields()
        self.numbers: Sequence[int] = []
        self._pages: OrderedDict[int, Sequence[Queued]] = OrderedDict()
        self._asked: set[int] = set()
        self._turn, self._complete = 0, False

    def open(self, wanted: Wanted) -> None:
        """Shows another filter's deliveries, the newest at once and the rest when all are known.

        The same filter's keep their place.
        """
        fresh = wanted != self.wanted
        self.wanted = wanted
        self._turn += 1
        self._complete = False
        turn, workspace = self._turn, self._desk.workspace
        if fresh and len(wanted.text.strip()) < 2:
            self._desk.jobs.read(lambda: newest(workspace, wanted), lambda found: self._begun(turn, found))
        self._desk.jobs.read(lambda: numbers(workspace, wanted), lambda found: self._told(turn, found))

    def row(self, place: int) -> Queued | None:
        """The delivery at a row, None while it is still on its way."""
        page = self._pages.get(place // PAGE)
        return page[place % PAGE] if page is not None and place % PAGE < len(page) else None

    def _begun(self, turn: int, found: Sequence[int]) -> None:
        if isValid(self) and turn == self._turn and not self._complete:
            self._replace(found)

    def _told(self, turn: int, found: Sequence[int]) -> None:
        if not isValid(self) or turn != self._turn:
            return
        held = len(self.numbers)
        if held and list(found[:held]) == list(self.numbers):
            self._pages.clear()
            self._asked.clear()
            self.dataChanged.emit(self.index(0, 0), self.index(held - 1, self.columnCount() - 1))
            if len(found) > held:
                self.beginInsertRows(_NOWHERE, held, len(found) - 1)
                self.numbers = found
                self.endInsertRows()
        else:
            self._replace(found)
        self._complete = True
        self.told.emit(len(found))

    def _replace(self, found: Sequence[int]) -> None:
        self.beginResetModel()
        self.numbers = found
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()

    def _read(self, page: int) -> None:
        if page in self._asked or page in self._pages:
            return
        self._asked.add(page)
        wanted, turn = self.numbers[page * PAGE : (page + 1) * PAGE], self._turn
        workspace = self._desk.workspace
        self._desk.jobs.read(
            lambda: by_number(workspace, wanted), lambda rows: self._arrived(turn, page, rows)
        )

    def _arrived(self, turn: int, page: int, rows: Sequence[Queued]) -> None:
        if not isValid(self) or turn != self._turn:
            return
        self._asked.discard(page)
        self._pages[page] = rows
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        last = min(len(self.numbers), (page + 1) * PAGE) - 1
        self.dataChanged.emit(self.index(page * PAGE, 0), self.index(last, self.columnCount() - 1))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.numbers)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.fields)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.fields):
            return None
        return heading(self.fields[section], role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        one = self.row(index.row())
        if one is None:
            self._read(index.row() // PAGE)
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 2 else None
        return cell(self.fields[index.column()], one, role)
