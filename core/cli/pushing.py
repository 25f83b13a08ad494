"""Commands for what is on its way: single deliveries, channels, resending and reconciliation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from core.cli.evidencing import exchange
from core.cli.exchanging import by_target
from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.errors import GridLinkError
from core.exchange import channels, intervening, queue
from core.exchange.attention import attention
from core.exchange.outbox import STATES, deliveries, outbox, send_again
from core.exchange.queue import Wanted
from core.exchange.reconciling import Reconciled, last_reconciled, reconcile
from core.i18n import _
from core.security.workspace import Workspace


class NotReconciled(GridLinkError):
    """The receiver does not hold what we have its receipts for."""

    code = "not_reconciled"


def add_to(cli: click.Group) -> None:
    """Adds ``outbox``, ``resend`` and ``reconcile``; the rest hangs on the group ``exchange``."""
    for one in (outbox_command, resend_command, reconcile_command):
        cli.add_command(one)


@command("outbox")
@click.argument("target", required=False)
@click.option("--state", type=click.Choice(STATES), help="List the deliveries in this state.")
@click.option("--after", type=int, default=0, help="Go on after this number.")
@click.option("--limit", type=int, default=200, show_default=True)
def outbox_command(
    session: Session, *, target: str | None, state: str | None, after: int, limit: int
) -> Outcome:
    """What is waiting, sent, accepted and rejected, by target; with --state the deliveries themselves."""
    workspace = session.workspace()
    boxes = outbox(workspace)
    summary = by_target({name: asdict(box) for name, box in boxes.items() if target in {None, name}})
    if state is None:
        alarms = [one for one in attention(workspace).alarms if target in {None, one.target}]
        told = {**summary.data, "alarms": [asdict(one) for one in alarms]}
        return Outcome(told, [*summary.lines, *(one.text for one in alarms)])
    names = [target] if target else list(boxes)
    found = [d for name in names for d in deliveries(workspace, name, state, after=after, limit=limit)]
    rows = [asdict(d) for d in found]
    head = (_("number"), _("target"), _("record"), _("since"), _("attempts"), _("reason"))
    shown = ((d.id, d.target, d.key, d.since, d.attempts, d.message) for d in found)
    return Outcome({**summary.data, "state": state, "deliveries": rows}, table(head, shown))


@command("resend")
@click.argument("target")
@click.option("--id", "numbers", type=int, multiple=True, help="Number of a delivery; may be given again.")
@click.option("--key", "keys", multiple=True, help="Key of a record; may be given again.")
@click.option(
    "--missing", is_flag=True, help="What the last reconciliation did not find there, or found otherwise."
)
@click.option("--awaited", is_flag=True, help="What left as a file and whose receipt never came.")
def resend_command(
    session: Session,
    target: str,
    *,
    numbers: tuple[int, ...],
    keys: tuple[str, ...],
    missing: bool,
    awaited: bool,
) -> Outcome:
    """Queues deliveries anew for the one system that missed them: the rejected ones unless others are named."""
    workspace = session.workspace()
    if awaited:
        numbers += tuple(queue.numbers(workspace, Wanted(target, "awaited")))
    ids = _named(workspace, target, numbers, keys=keys, missing=missing)
    ids = [] if awaited and ids is None else ids  # nothing is awaited: not the rejected ones instead
    queued = send_again(workspace, target, ids)
    line = _("{n} queued again for {target}.").format(n=f"{queued:,}", target=target)
    return Outcome({"target": target, "queued": queued}, [line])


@command("reconcile")
@click.argument("target")
def reconcile_command(session: Session, target: str) -> Outcome:
    """Compares what the system holds with what it has given receipts for, to the record."""
    with session.watched() as progress:
        made = reconcile(session.workspace(), target, progress)
    data = asdict(made) | {"agrees": made.agrees}
    rows = ((d.kind, d.key) for d in made.differences[:50])
    lines = [_told(made), *(table((_("difference"), _("record")), rows) if made.differences else ())]
    cure = _("Send what is missing again with “gridlink resend {target} --missing”.").format(target=target)
    return Outcome(data, lines, None if made.agrees else NotReconciled(_told(made), cure=cure))


@command("pause", exchange)
@click.argument("target")
@click.option("--reason", required=True)
def pause_command(session: Session, target: str, *, reason: str) -> Outcome:
    """Stops sending to a system until it is resumed."""
    channels.pause(session.workspace(), target, reason)
    return Outcome(
        {"target": target, "paused": True}, [_("Sending to {target} is paused.").format(target=target)]
    )


@command("resume", exchange)
@click.argument("target")
def resume_command(session: Session, target: str) -> Outcome:
    """Lets sending to a system go on."""
    channels.resume(session.workspace(), target)
    return Outcome(
        {"target": target, "paused": False}, [_("Sending to {target} goes on.").format(target=target)]
    )


@command("begin", exchange)
@click.argument("target")
def begin_command(session: Session, target: str) -> Outcome:
    """From now on queues changes for a system, and at once what it should hold already."""
    queued = channels.begin_queueing(session.workspace(), target)
    line = _("{n} queued for {target}.").format(n=f"{queued:,}", target=target)
    return Outcome({"target": target, "queued": queued}, [line])


@command("hold", exchange)
@click.argument("target")
@click.option("--id", "numbers", type=int, multiple=True)
@click.option("--key", "keys", multiple=True)
@click.option("--reason", required=True)
def hold_command(
    session: Session, target: str, *, numbers: tuple[int, ...], keys: tuple[str, ...], reason: str
) -> Outcome:
    """Keeps waiting deliveries back until they are let go."""
    workspace = session.workspace()
    held = intervening.hold(workspace, target, _named(workspace, target, numbers, keys=keys) or [], reason)
    return Outcome({"target": target, "held": held}, [_("{n} held.").format(n=held)])


@command("release", exchange)
@click.argument("target")
@click.option("--id", "numbers", type=int, multiple=True)
@click.option("--key", "keys", multiple=True)
def release_command(
    session: Session, target: str, *, numbers: tuple[int, ...], keys: tuple[str, ...]
) -> Outcome:
    """Lets held deliveries wait again."""
    workspace = session.workspace()
    freed = intervening.let_go(workspace, target, _named(workspace, target, numbers, keys=keys) or [])
    return Outcome({"target": target, "released": freed}, [_("{n} let go.").format(n=freed)])


@command("preview", exchange)
@click.argument("target")
@click.option("--limit", type=int, default=20, show_default=True)
def preview_command(session: Session, target: str, *, limit: int) -> Outcome:
    """Shows exactly what would leave now; changes nothing."""
    seen = [asdict(one) for one in intervening.preview(session.workspace(), target, limit=limit)]
    rows = ((p["key"], p["op"], p["message"] or p["record"]) for p in seen)
    return Outcome(
        {"target": target, "records": seen}, table((_("record"), _("act"), _("what would leave")), rows)
    )


def _named(
    workspace: Workspace,
    target: str,
    numbers: tuple[int, ...],
    *,
    keys: tuple[str, ...],
    missing: bool = False,
) -> list[int] | None:
    """The deliveries that were named; None where nothing was."""
    if not (numbers or keys or missing):
        return None
    found: list[int] = list(numbers)
    wanted: list[Any] = list(keys)
    if missing and (last := last_reconciled(workspace, target)) is not None:
        wanted += [d.key for d in last.differences if d.kind in {"missing", "different"}]
    for key in wanted:
        found += intervening.ids_of(workspace, target, key)
    return found


def _told(made: Reconciled) -> str:
    if made.agrees:
        return _("Both sides hold the same {n} records (digest {digest}).").format(
            n=f"{made.ours:,}", digest=made.our_digest[:16]
        )
    return _("We have receipts for {ours} records, the system holds {theirs}; {n} differ.").format(
        ours=f"{made.ours:,}", theirs=f"{made.theirs:,}", n=f"{len(made.differences):,}"
    )
