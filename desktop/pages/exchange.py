"""Exchange: a card for each upstream system with its honest state, what is due to it, and what it refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.exchange.configuration import Probe, probe
from core.exchange.outbox import Delivery, OutboxState, deliveries, outbox, send_again
from core.exchange.push import PushResult, push
from core.i18n import N_, _
from core.model import names as labels
from core.security.workspace import Workspace
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.parts import button, card, clear, empty, head, label, local_time, status_word
from desktop.widgets.tables import Field, RowsModel, table

_LOOKS: dict[str, tuple[theme.Status, str]] = {
    "not_configured": ("unchecked", N_("not configured")), "never_tried": ("unchecked", N_("configured, never tried")),
    "reachable": ("done", N_("reachable")), "unreachable": ("error", N_("not reachable")),
}  # fmt: skip
_STATES: dict[str, theme.Status] = {
    "waiting": "waiting",
    "sent": "waiting",
    "awaited": "waiting",
    "held": "waiting",
    "superseded": "unchecked",
    "accepted": "done",
    "rejected": "error",
    "withdrawn": "unchecked",
}
_SHOWN = 500


@dataclass(frozen=True)
class System:
    """What is known of one upstream system."""

    state: OutboxState
    probe: Probe
    rows: Sequence[Delivery]


class ExchangePage(Page):
    """What leaves, and what came back."""

    name, title, icon, permission = "exchange", N_("Exchange"), "exchange", "exchange.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.model = RowsModel(_fields())
        self._shown = "rejected"
        self._systems = QVBoxLayout()
        self._systems.setSpacing(theme.M)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.L)
        outer.addLayout(head(_(self.title), button(_("Refresh"), self.refresh, icon="refresh", tip="F5")))
        outer.addLayout(self._systems)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.M)
        outer.addWidget(card(self._list), 1)

    def refresh(self) -> None:
        """Asks each system whether it is there, beside the window."""
        shown = self._shown
        self.desk.jobs.read(lambda: _read(self.desk.workspace, shown), self.show_systems)

    def push(self, target: str) -> None:
        """Sends what is due to one system; an item leaves only on its receipt."""
        title = _("Pushing to {target}").format(target=labels.label("target", target))
        self.desk.jobs.run(
            title, lambda progress: push(self.desk.workspace, target, progress=progress), self._pushed
        ).ended.connect(lambda _job: self.desk.changes.outbox.emit())

    def again(self, target: str) -> None:
        """Queues everything the system rejected once more, as the records now stand."""
        self.desk.jobs.run(
            _("Queuing again"), lambda progress: send_again(self.desk.workspace, target), self._queued
        )

    def choose(self, state: str) -> None:
        """Shows the deliveries of one state."""
        self._shown = state
        self.refresh()

    def _pushed(self, results: dict[str, PushResult]) -> None:
        for target, result in results.items():
            text = _("{target}: {sent} sent, {accepted} accepted, {rejected} rejected, {waiting} waiting.").format(
                target=labels.label("target", target), sent=f"{result.sent:,}", accepted=f"{result.accepted:,}",
                rejected=f"{result.rejected:,}", waiting=f"{result.waiting:,}",
            )  # fmt: skip
            self.desk.messages.done(text)

    def _queued(self, count: int) -> None:
        self.desk.messages.done(_("{n} queued again.").format(n=f"{count:,}"))
        self.desk.changes.outbox.emit()

    def show_systems(self, systems: Sequence[System]) -> None:
        """Shows the cards and, of the first system, the deliveries of the chosen state."""
        clear(self._systems)
        clear(self._list)
        for system in systems:
            self._systems.addWidget(self._card(system))
        if systems:
            self._show_list(systems[0])

    def _card(self, system: System) -> QWidget:
        now = system.state
        status, word = _LOOKS[system.probe.state]
        row = QHBoxLayout()
        row.setSpacing(theme.XL)
        names = QVBoxLayout()
        names.addWidget(label(labels.label("target", now.target), "heading"))
        names.addWidget(status_word(status, _(word)))
        if system.probe.reason:
            names.addWidget(label(f"{system.probe.reason} {system.probe.cure}".strip(), "muted", wrap=True))
        last = (
            _("last receipt {at}").format(at=local_time(now.last_receipt))
            if now.last_receipt
            else _("no receipt yet")
        )
        names.addWidget(label(last, "muted"))
        row.addLayout(names, 1)
        for name in ("waiting", "awaited", "accepted", "rejected"):
            row.addWidget(self._figure(name, getattr(now, name)))
        go = button(
            _("Push {n}").format(n=f"{now.waiting + now.sent + now.awaited:,}"),
            lambda: self.push(now.target),
            icon="send",
            kind="primary",
        )
        configured = system.probe.state != "not_configured"
        due = bool(now.waiting + now.sent + now.awaited)
        go.setEnabled(due and configured and self.desk.workspace.actor.may("exchange.push"))
        row.addWidget(go)
        return card(row)

    def _figure(self, name: str, count: int) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        figure = label(f"{count:,}", "figure")
        if count and name == "rejected":
            figure.setStyleSheet(f"color: {theme.tokens().error};")
        column.addWidget(figure)
        column.addWidget(button(labels.label("state", name), lambda: self.choose(name), kind="link"))
        return box

    def _show_list(self, system: System) -> None:
        total = getattr(system.state, self._shown)
        row = QHBoxLayout()
        title = f"{labels.label('state', self._shown)}: {total:,}"
        row.addWidget(label(title, "heading"))
        row.addStretch(1)
        if len(system.rows) < total:
            text = _("the first {shown} of {total} are shown").format(
                shown=f"{len(system.rows):,}", total=f"{total:,}"
            )
            row.addWidget(label(text, "muted"))
        if self._shown == "rejected" and total:
            row.addWidget(
                button(
                    _("Send {n} again").format(n=f"{total:,}"),
                    lambda: self.again(system.state.target),
                    icon="refresh",
                )
            )
        self._list.addLayout(row)
        if not system.rows:
            words = {"rejected": _("Nothing was rejected."), "waiting": _("Nothing is waiting.")}
            self._list.addWidget(empty("done", words.get(self._shown, _("Nothing in this state."))), 1)
            return
        self.model = RowsModel(_fields())
        self.model.show_rows(system.rows)
        view = table(self.model, stretch=4)
        for place, width in enumerate((130, 420, 90, 150)):
            view.setColumnWidth(place, width)
        self._list.addWidget(view, 1)


def _state(row: Delivery) -> str:
    """What became of a delivery; one that our own gate held back never reached the receiver."""
    held_back = row.state == "rejected" and (row.reason or "").startswith("gate:")
    return _("held back") if held_back else labels.label("state", row.state)


def _fields() -> list[Field]:
    def why(row: Delivery) -> str:
        return f"{row.message} {row.cure}".strip() if row.reason else (row.receipt_no or "")

    return [
        Field(
            _("state"),
            _state,
            status=lambda r: _STATES.get(r.state, "notice"),
        ),
        Field(_("record"), lambda r: r.key, "code"),
        Field(_("attempts"), lambda r: r.attempts, "number"),
        Field(_("queued"), lambda r: local_time(r.queued_at)),
        Field(_("reason or receipt"), why),
    ]


def _read(workspace: Workspace, state: str) -> list[System]:
    known: dict[str, Any] = outbox(workspace)
    return [
        System(now, probe(workspace, target), deliveries(workspace, target, state, limit=_SHOWN))
        for target, now in known.items()
    ]
