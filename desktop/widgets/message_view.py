"""One message in the drawer: registry and sent side by side, the receiver's word, and the evidence for both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.exchange.intervening import let_go
from core.exchange.message_detail import Detail, Line, Word, delivery_detail
from core.exchange.outbox import Delivery, send_again
from core.i18n import N_, _
from core.model.labels import field_title, shown_value
from core.model.names import label as name_of
from desktop import theme
from desktop.desk import Desk
from desktop.jobs import Job
from desktop.widgets.parts import button, clear, empty, label, local_time, rule, status_word
from desktop.widgets.watermark import Watermark

_LOOKS: dict[str, theme.Status] = {
    "waiting": "waiting", "sent": "waiting", "awaited": "waiting", "accepted": "done", "rejected": "error",
    "held": "warning", "superseded": "unchecked", "withdrawn": "unchecked",
}  # fmt: skip
_PROOFS: dict[str, tuple[theme.Status, str]] = {
    "agrees": ("done", N_("This is what was sent: its digest agrees.")),
    "differs": ("error", N_("This is not what was sent: its digest differs.")),
    "not_kept": ("unchecked", N_("What was sent can no longer be compared; its digest is below.")),
    "not_sent": ("waiting", N_("Not sent; this is how it would leave today.")),
}
_ANSWERS: dict[str, theme.Status] = {
    "awaited": "waiting", "confirmed": "done", "contradicted": "error", "overruled": "warning",
}  # fmt: skip
_ENTRIES = {"sent": N_("sent"), "receipt": N_("receipt"), "void": N_("did not leave")}
_LONG, _WIDE, _TITLES = 12, 0x2E80, 82


def look(one: Delivery) -> theme.Status:
    """The look of a delivery's state."""
    return _LOOKS.get(one.state, "notice")


def state_word(one: Delivery) -> str:
    """What became of a delivery; one that our own gate held back never reached the receiver."""
    held_back = one.state == "rejected" and (one.reason or "").startswith("gate:")
    return _("held back") if held_back else name_of("state", one.state)


class MessageView(QWidget):
    """A delivery to the letter; everything is masked as it was delivered."""

    def __init__(self, desk: Desk, id: int) -> None:
        super().__init__()
        self._desk, self.id = desk, id
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, theme.S, theme.L)
        self._column.setSpacing(theme.S)
        self._column.addWidget(label(_("Reading the message"), "muted"))
        self._column.addStretch(1)
        self._mark = Watermark(self, desk.workspace.actor.name)
        self.look_again()

    def look_again(self) -> None:
        """Reads the message as it stands now."""
        workspace, id = self._desk.workspace, self.id
        self._desk.jobs.read(lambda: delivery_detail(workspace, id), self.show_detail).ended.connect(
            self._ended
        )

    def _ended(self, job: Job) -> None:
        if job.state == "failed":
            clear(self._column)
            self._column.addWidget(empty("exchange", _("This delivery is no longer in the queue.")))

    def show_detail(self, one: Detail) -> None:
        """Shows the message."""
        clear(self._column)
        it = one.delivery
        self._column.addWidget(label(one.system, "muted"))
        self._column.addWidget(label(one.title, "heading", wrap=True))
        self._column.addWidget(status_word(look(it), f"{state_word(it)}  {local_time(it.since)}"))
        if it.reason:
            self._column.addWidget(label(it.message, wrap=True))
            self._column.addWidget(label(it.cure, "muted", wrap=True))
        self._column.addLayout(self._actions(one))
        self._column.addWidget(rule())
        self._column.addLayout(self._mapping(one))
        if one.answer:
            self._column.addWidget(status_word(_ANSWERS[one.answer], name_of("answer", one.answer)))
        status, words = _PROOFS[one.proof]
        self._column.addWidget(status_word(status, _(words)))
        for word in one.words:
            self._word(word)
        self._states(one)
        self._evidence(one)
        self._column.addStretch(1)
        self._mark.raise_()

    def _actions(self, one: Detail) -> QHBoxLayout:
        row, it = QHBoxLayout(), one.delivery
        if it.op != "propose":  # a proposed address is no record yet
            row.addWidget(button(_("Open the record"), partial(self._desk.open_record, it.resource, it.entity),
                                 icon=it.resource))  # fmt: skip
        if self._desk.workspace.actor.may("exchange.push"):
            if it.state in {"rejected", "accepted"}:
                row.addWidget(button(_("Send again"), self.again, icon="refresh"))
            if it.state == "held":
                row.addWidget(button(_("Let it go"), self.let_go, icon="forward"))
        row.addStretch(1)
        self.target = it.target
        return row

    def again(self) -> None:
        """Queues this one record once more, as it now stands."""
        workspace, target, id = self._desk.workspace, self.target, self.id
        self._desk.jobs.run(
            _("Queuing again"), lambda _progress: send_again(workspace, target, [id]), self._queued
        )

    def let_go(self) -> None:
        """Lets this one wait again."""
        workspace, target, id = self._desk.workspace, self.target, self.id
        self._desk.jobs.run(_("Letting go"), lambda _progress: let_go(workspace, target, [id]), self._queued)

    def _queued(self, count: int) -> None:
        self._desk.messages.done(_("{n} queued again.").format(n=f"{count:,}"))
        self._desk.changes.outbox.emit()
        self.look_again()

    def _mapping(self, one: Detail) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.S)
        grid.setVerticalSpacing(theme.XS)
        sent = _("as it would leave") if one.proof == "not_sent" else _("sent")
        here = _("it said") if one.was else _("registry today")
        for place, title in enumerate((_("column here"), here, sent)):
            grid.addWidget(label(title, "muted"), 0, place)
        lines = [line for line in one.lines if not one.was or line.column in one.was]
        for row, line in enumerate(lines, 1):
            held = shown_value(line.column, one.was[line.column] if one.was else line.value)
            named = label(field_title(line.column), "muted", wrap=True)
            named.setFixedWidth(_TITLES)
            grid.addWidget(named, row, 0)
            grid.addWidget(_value(held), row, 1)
            grid.addWidget(_sent(line), row, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        return grid

    def _word(self, word: Word) -> None:
        self._column.addWidget(rule())
        self._column.addWidget(label(_("Receipt"), "heading"))
        item = word.item
        accepted = item.get("status") == "accepted"
        said = _("accepted as {number}").format(number=item.get("number", "")) if accepted else _said(item)
        self._column.addWidget(status_word("done" if accepted else "error", said))
        self._column.addWidget(label(_("received {at}").format(at=local_time(word.at)), "muted"))
        signed: dict[bool | None, tuple[theme.Status, str]] = {
            True: ("done", _("Signed by the receiver; checked just now.")),
            False: ("error", _("The signature does not hold: this is no evidence.")),
            None: ("unchecked", _("The receiver's key is not set, so the signature was not checked.")),
        }
        self._column.addWidget(status_word(*signed[word.signed]))

    def _states(self, one: Detail) -> None:
        """What has become of the record there, the newest first, by the receiver's clock."""
        if not one.states:
            return
        self._column.addWidget(rule())
        self._column.addWidget(label(_("What became of it there"), "heading"))
        for place, state in enumerate(one.states):
            at = local_time(state.at) if len(state.at) > len("2026-11-25") else state.at or local_time(state.heard_at)
            text = "  ".join(filter(None, (state.meaning, at, state.code, state.note)))
            status: theme.Status = "unchecked" if place else ("done" if state.ends else "waiting")
            self._column.addWidget(status_word(status, text))

    def _evidence(self, one: Detail) -> None:
        self._column.addWidget(rule())
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        numbers = "  ".join(
            f"{_(_ENTRIES.get(kind, kind))} {', '.join(map(str, found))}"
            for kind, found in one.entries.items()
        )
        rows = ((_("message number"), one.message_id), (_("digest"), one.digest),
                (_("batch"), one.words[0].batch if one.words else ""), (_("in the message log"), numbers))  # fmt: skip
        for row, (title, text) in enumerate(pair for pair in rows if pair[1]):
            grid.addWidget(label(title, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(_code(text), row, 1)
        grid.setColumnStretch(1, 1)
        self._column.addLayout(grid)


def _said(item: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (str(item.get("message", "")), str(item.get("code", "")))))


def _sent(line: Line) -> QLabel:
    """Under which name it left, and as what where that is not what the registry says anyway."""
    text = "" if line.sent is None else str(line.sent)
    same, same_word = bool(text) and text == str(line.value), _("the same")
    made = label(f"{line.name}  {same_word if same else _short(text)}", "muted" if same or not text else "")
    made.setFont(theme.monospace())
    made.setToolTip(f"{line.name} = {text}" if text else _("left out: empty"))
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _short(text: str) -> str:
    """The text as far as there is room; a Chinese character takes two places."""
    room, kept = _LONG, ""
    for character in text:
        room -= 2 if ord(character) > _WIDE else 1
        if room < 0:
            return f"{kept}…"
        kept += character
    return text


def _value(text: str) -> QLabel:
    made = label(_short(text))
    made.setToolTip(text)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _code(text: str) -> QLabel:
    made = _value(text)
    made.setFont(theme.monospace())
    return made
