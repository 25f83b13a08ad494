"""How each upstream system stands, read at once: its declaration, its settings, its outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.exchange.configuration import Probe, probe
from core.exchange.connectors import connectors
from core.exchange.declaration import Connector
from core.exchange.declared_texts import DIRECTIONS
from core.exchange.outbox import OutboxState, outbox
from core.i18n import N_, _
from core.security.workspace import Workspace
from desktop import theme
from desktop.widgets.parts import local_time

KINDS = {
    "https": "HTTPS", "rest": "REST", "sftp": "SFTP", "ferry": N_("ferry folders"),
    "database": N_("database views"), "files": N_("exported files"),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """What is known of one system; ``outbox`` is None where nothing is queued for it."""

    it: Connector
    probe: Probe
    outbox: OutboxState | None

    @property
    def target(self) -> str:
        """The system's id."""
        return self.it.target

    @property
    def title(self) -> str:
        """The system's name."""
        return _(self.it.title)

    @property
    def way(self) -> str:
        """What goes which way, and how."""
        directions = " · ".join(_(DIRECTIONS[one]) for one in self.it.direction)
        return f"{directions} · {_(KINDS[self.it.transport.kind])}"

    @property
    def due(self) -> int:
        """How many deliveries have not left or have no receipt yet."""
        return self.outbox.waiting + self.outbox.sent + self.outbox.awaited if self.outbox else 0

    @property
    def configured(self) -> bool:
        """Whether somebody has said where the system is."""
        return self.probe.state != "not_configured"


def read(workspace: Workspace) -> Sequence[Standing]:
    """Every declared system; those that records are queued for come first. Nothing is asked over the network."""
    boxes = outbox(workspace)
    made = [
        Standing(it, probe(workspace, it.target, try_now=False), boxes.get(it.target)) for it in connectors()
    ]
    return sorted(
        made, key=lambda one: (not one.configured, one.outbox is None, "push" not in one.it.direction)
    )


def state_of(one: Standing) -> tuple[theme.Status, str]:
    """The look and the word of a system; green is only what has really been exercised."""
    if not one.configured:
        return "unchecked", _("not configured")
    last = one.outbox.last_receipt if one.outbox else None
    if one.outbox and one.outbox.rejected:
        return "warning", _("needs you: {n} rejected or held back").format(n=f"{one.outbox.rejected:,}")
    if last:
        return "done", _("last receipt {at}").format(at=local_time(last))
    return "unchecked", _("configured, never used")


def line_of(one: Standing) -> str:
    """What to do about it, or what is known of it."""
    if not one.configured:
        return one.probe.cure
    if one.outbox and one.outbox.rejected:
        return _("Each of them says why, and what to do.")
    return "" if one.outbox and one.outbox.last_receipt else _("Try it out before the first push.")
