"""How each upstream system stands, read at once: its declaration, its settings, its outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from core.exchange.attention import Alarm, Kind, attention
from core.exchange.configuration import Probe, probe, receipts_are_files
from core.exchange.declaration import Connector
from core.exchange.declared import all_in_force
from core.exchange.declared_texts import DIRECTIONS
from core.exchange.extraction.gone import gone
from core.exchange.extraction.runs import Run, runs
from core.exchange.outbox import OutboxState, outbox
from core.exchange.rounds.duties import ACT_WORDS, Duty, duties, is_automatic
from core.exchange.standing import Way, ways
from core.exchange.trust import Certificate, expiring
from core.exchange.uses import last_uses
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
    ``certificate`` one that ends soon or has ended, ``channel`` how the way to it is, ``alarms`` what somebody should
    know before it stops the work, ``duties`` what runs by itself (none where that is switched off: ``automatic``),
    ``used`` when something last came from it, or over it for others,
    ``by_files`` whether its receipts come as files.
    """

    it: Connector
    probe: Probe
    outbox: OutboxState | None
    runs: Sequence[Run] = ()
    questions: int = 0
    certificate: Certificate | None = None
    channel: Way | None = None
    alarms: Sequence[Alarm] = ()
    duties: Sequence[Duty] = ()
    automatic: bool = True
    used: str = ""
    by_files: bool = False

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
    alarms, own, used = attention(workspace).alarms, duties(workspace), last_uses(workspace)
    automatic = is_automatic(workspace)
    made = [
        Standing(
            it, probe(workspace, it.target), boxes.get(it.target), _newest(workspace, it),
            asked[it.target], ending.get(it.target), known[it.target],
            [one for one in alarms if one.target == it.target], [one for one in own if one.target == it.target],
            automatic, used.get(it.target, ""), receipts_are_files(workspace.store, it.target),
        )
        for it in all_in_force(workspace.store)
    ]  # fmt: skip
    return sorted(
        made, key=lambda one: (not one.configured, one.outbox is None, "push" not in one.it.direction)
    )


def state_of(one: Standing) -> tuple[theme.Status, str]:
    """The look and the word of a system; green is only what has really been exercised."""
    if not one.configured:
        return "unchecked", _("not configured")
    return next(chain(_stopped(one), _needs_somebody(one)), None) or _used(one)


def _stopped(one: Standing) -> Iterator[tuple[theme.Status, str]]:
    """Why nothing goes at all, where that is so."""
    if one.certificate is not None and one.certificate.standing == "expired":
        yield "error", _("needs you: a certificate has expired")
    held = one.channel.channel if one.channel else None
    if held is None:
        return
    if any(alarm.kind == "evidence" and alarm.stops for alarm in one.alarms):
        yield "error", _("needs you: receipts are missing")
    if held.paused_at:
        yield (
            "warning",
            _("paused by {who} since {at}").format(who=held.paused_by, at=local_time(held.paused_at)),
        )
    if held.needs_somebody:
        yield "error", _("needs you: {n} attempts in a row failed").format(n=held.failures)
    if held.trouble:
        yield "error", _("in trouble since {at}").format(at=local_time(held.trouble_at or ""))


def _needs_somebody(one: Standing) -> Iterator[tuple[theme.Status, str]]:
    """What waits for a steward."""
    box, compared = one.outbox, one.channel.compared if one.channel else None
    if box and _alarm(one, "evidence"):
        yield "warning", _("needs you: sending stops in {n} hours").format(n=box.evidence_hours_left)
    if _alarm(one, "silent"):
        yield "warning", _("needs you: it heard nothing from us")
    if box and box.rejected:
        yield "warning", _("needs you: {n} rejected or held back").format(n=f"{box.rejected:,}")
    if compared is not None and not compared.agrees:
        yield "warning", _("needs you: {n} differ").format(n=f"{compared.differences:,}")
    if one.questions:
        yield "warning", _("needs you: {n} gone at the source").format(n=f"{one.questions:,}")
    if (missed := _alarm(one, "missed")) is not None:
        yield "warning", _words(one, missed)
    if _alarm(one, "failing") is not None:
        yield "error", _("needs you: what runs by itself fails")


def _alarm(one: Standing, kind: Kind) -> Alarm | None:
    return next((alarm for alarm in one.alarms if alarm.kind == kind), None)


def _words(one: Standing, alarm: Alarm) -> str:
    """An alarm without the system's name, which stands above it."""
    return alarm.text.removeprefix(one.title).lstrip("：: ")


def line_of(one: Standing) -> str:
    """What to do about it, or what is known of it."""
    if not one.configured:
        return one.probe.cure
    if one.certificate is not None:
        text = _("The certificate “{subject}” ends on {day}: ask the operator for the next one.")
        return text.format(subject=one.certificate.subject, day=local_time(one.certificate.ends)[:10])
    told = next((alarm for alarm in one.alarms if alarm.kind in {"evidence", "silent", "failing"}), None)
    return _channel_line(one) or (_words(one, told) if told else _work_line(one))


def itself_of(one: Standing) -> str:
    """When something last ran by itself for a system and when something does next, if a client is open then."""
    if not one.configured or not one.duties:
        return ""
    if not one.automatic:
        return _("nothing runs by itself: switched off")
    if all(duty.paused for duty in one.duties):
        return _("nothing runs by itself: paused")
    coming = [duty for duty in one.duties if duty.next_at]
    if not coming and any(duty.act == "extract" and duty.last is None for duty in one.duties):
        return _("by itself once somebody has extracted for the first time")
    if not coming:
        return _("by itself when something is due")
    first = min(coming, key=lambda duty: duty.next_at or "")
    act = _(ACT_WORDS[first.act])
    return _("by itself: {act}, now").format(act=act) if first.due else _("by itself: {act}, {at}").format(
        act=act, at=local_time(first.next_at or "")[5:])  # fmt: skip


def duties_of(one: Standing) -> str:
    """Every duty of a system with its last and its next time, a line each."""
    lines = []
    for duty in one.duties:
        last = local_time(duty.last) if duty.last else _("never")
        coming = local_time(duty.next_at) if duty.next_at and one.automatic else "–"
        text = _("{act}: last {last}, next {next}").format(act=_(ACT_WORDS[duty.act]), last=last, next=coming)
        lines += [text, *([f"  {duty.message}"] if duty.message else [])]
    return "\n".join([*lines, _("Only while a client is open, or a scheduled task goes the round.")])


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
    if (one.it.push or one.it.proposes("corrections")) and one.outbox is None:
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
    if last:
        return "done", _("last receipt {at}").format(at=local_time(last))
    if one.used:
        return "done", _("something last came {at}").format(at=local_time(one.used))
    return "unchecked", _("configured, never used")


def _newest(workspace: Workspace, it: Connector) -> Sequence[Run]:
    """The newest run of each kind."""
    newest: dict[str, Run] = {}
    for run in runs(workspace, system=it.target) if it.extract else ():
        newest.setdefault(run.resource, run)
    return list(newest.values())
