"""How each upstream system stands, read at once: its declaration, its settings, its outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.exchange.configuration import Probe, probe
from core.exchange.connectors import connectors
from core.exchange.declaration import Connector
from core.exchange.declared_texts import DIRECTIONS
from core.exchange.extraction.gone import gone
from core.exchange.extraction.runs import Run, runs
from core.exchange.outbox import OutboxState, outbox
from core.exchange.standing import Way, ways
from core.exchange.trust import Certificate, expiring
from core.i18n import N_, _
from core.security.workspace import Workspace
from desktop import theme
from desktop.widgets.parts import local_time

KINDS = {
    "https": "HTTPS", "rest": "REST", "sftp": "SFTP", "ferry": N_("ferry folders"),
    "database": N_("database views"), "files": N_("exported files"),
}  # fmt: skip

_MOST = 5000
_TROUBLES = {
    "unreachable": N_("It cannot be reached."), "refused": N_("It refuses to talk to us."),
    "rejected": N_("It does not take our messages as they are."),
    "unclear": N_("It breaks off, or answers without a receipt."),
    "evidence_unwritable": N_("The message log cannot be written."),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """What is known of one system; ``outbox`` is None where nothing is queued for it.

    ``runs`` are the newest of each kind that is extracted, ``questions`` what is gone at the source and undecided,
    ``certificate`` one that ends soon or has ended, ``channel`` how the way to it is.
    """

    it: Connector
    probe: Probe
    outbox: OutboxState | None
    runs: Sequence[Run] = ()
    questions: int = 0
    certificate: Certificate | None = None
    channel: Way | None = None

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
    """Every declared system; those that are set up come first. Nothing is asked over the network."""
    boxes, ending, known = outbox(workspace), expiring(workspace), ways(workspace)
    asked = Counter(one.system for one in gone(workspace, limit=_MOST))
    made = [
        Standing(
            it, probe(workspace, it.target, try_now=False), boxes.get(it.target), _newest(workspace, it),
            asked[it.target], ending.get(it.target), known[it.target],
        )
        for it in connectors()
    ]  # fmt: skip
    return sorted(
        made, key=lambda one: (not one.configured, one.outbox is None, "push" not in one.it.direction)
    )


def state_of(one: Standing) -> tuple[theme.Status, str]:
    """The look and the word of a system; green is only what has really been exercised."""
    if not one.configured:
        return "unchecked", _("not configured")
    for found in (_stopped(one), _needs_somebody(one)):
        if found is not None:
            return found
    return _used(one)


def _stopped(one: Standing) -> tuple[theme.Status, str] | None:
    """Why nothing goes at all, where that is so."""
    if one.certificate is not None and one.certificate.standing == "expired":
        return "error", _("needs you: a certificate has expired")
    held = one.channel.channel if one.channel else None
    if held is None:
        return None
    if held.paused_at:
        return "warning", _("paused by {who} since {at}").format(
            who=held.paused_by, at=local_time(held.paused_at)
        )
    if held.needs_somebody:
        return "error", _("needs you: {n} attempts in a row failed").format(n=held.failures)
    if held.trouble:
        return "error", _("in trouble since {at}").format(at=local_time(held.trouble_at or ""))
    return None


def _needs_somebody(one: Standing) -> tuple[theme.Status, str] | None:
    """What waits for a steward."""
    if one.outbox and one.outbox.rejected:
        return "warning", _("needs you: {n} rejected or held back").format(n=f"{one.outbox.rejected:,}")
    compared = one.channel.compared if one.channel else None
    if compared is not None and not compared.agrees:
        return "warning", _("needs you: {n} differ").format(n=f"{compared.differences:,}")
    if one.questions:
        return "warning", _("needs you: {n} gone at the source").format(n=f"{one.questions:,}")
    return None


def line_of(one: Standing) -> str:
    """What to do about it, or what is known of it."""
    if not one.configured:
        return one.probe.cure
    if one.certificate is not None:
        text = _("The certificate “{subject}” ends on {day}: ask the operator for the next one.")
        return text.format(subject=one.certificate.subject, day=local_time(one.certificate.ends)[:10])
    return _channel_line(one) or _work_line(one)


def _channel_line(one: Standing) -> str:
    held = one.channel.channel if one.channel else None
    if held is None or one.channel is None:
        return ""
    if held.paused_at:
        return _("Reason: {reason}. What is due goes on being queued.").format(
            reason=held.paused_reason or "–"
        )
    if held.trouble:
        kind = held.trouble.partition(":")[0]
        words = _(_TROUBLES[kind]) if kind in _TROUBLES else held.trouble
        return _("{trouble} Tried again after {at}; push to try now.").format(
            trouble=words, at=local_time(held.retry_at or "")
        )
    return (
        _("Outside the operator's hours; it goes on by itself.")
        if one.channel.closed == "outside_hours"
        else ""
    )


def _work_line(one: Standing) -> str:
    if one.outbox and one.outbox.rejected:
        return _("Each of them says why, and what to do.")
    compared = one.channel.compared if one.channel else None
    if compared is not None:
        text = _("Reconciled {at}: ours {ours}, theirs {theirs}.")
        return text.format(
            at=local_time(compared.at), ours=f"{compared.ours:,}", theirs=f"{compared.theirs:,}"
        )
    if one.questions:
        return _("Nothing is retired before somebody decides.")
    if one.it.push and one.outbox is None:
        return _("Nothing is queued for it yet: that begins when somebody says so.")
    return "" if _used(one)[0] != "unchecked" else _("Try it out before it is used for the first time.")


def _used(one: Standing) -> tuple[theme.Status, str]:
    """What was really exercised last: the newest receipt, or the newest run of every kind."""
    if one.runs:
        failed = [run for run in one.runs if run.state != "applied" or run.agreed is not True]
        at = local_time(max(run.started_at for run in one.runs))
        if failed:
            return "error", _("last extraction {at} did not end well").format(at=at)
        return "done", _("last extraction {at} agrees").format(at=at)
    last = one.outbox.last_receipt if one.outbox else None
    return ("done", _("last receipt {at}").format(at=local_time(last))) if last else (
        "unchecked", _("configured, never used"))  # fmt: skip


def _newest(workspace: Workspace, it: Connector) -> Sequence[Run]:
    """The newest run of each kind."""
    newest: dict[str, Run] = {}
    for run in runs(workspace, system=it.target) if it.extract else ():
        newest.setdefault(run.resource, run)
    return list(newest.values())
