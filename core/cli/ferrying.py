"""Commands on the grid platform's folders: take in what arrived, hand files over."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.importing import SomeRefused
from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.exchange import ferrying
from core.exchange.ferry_state import folders
from core.exchange.ferrying import Pull
from core.i18n import N_, _

_STATES = {
    "imported": N_("imported"), "repeat": N_("known already"), "refused": N_("not accepted"), "damaged": N_("damaged"),
    "held": N_("held for a steward"),
}  # fmt: skip

_FILES = {
    "complete": N_("arrived, to be fetched"), "arriving": N_("still arriving"),
    "damaged": N_("damaged: the operator sends it again"), "answered": N_("taken in and answered"),
    "unanswered": N_("taken in, not answered yet"), "lying": N_("lies there to be fetched"),
    "fetched": N_("fetched, no receipt yet"), "receipted": N_("receipted by the platform"),
}  # fmt: skip


def add_to(cli: click.Group) -> None:
    """Adds the group ``ferry``."""
    cli.add_command(ferry)


@click.group()
def ferry() -> None:
    """Files that cross the boundary to and from the grid platform."""


@command("pull", ferry)
def ferry_pull(session: Session) -> Outcome:
    """Imports the packages that have arrived complete, answers each with a receipt, and records theirs."""
    with session.watched() as progress:
        pulled = ferrying.pull(session.workspace(), progress=progress)
    rows = (
        (p.file, _(_STATES[p.state]), p.change_set or "", f"{p.message} {p.cure}".strip())
        for p in pulled.files
    )
    lines = table((_("file"), _("state"), _("change set"), _("message")), rows) if pulled.files else []
    told = _("{n} files taken in, {receipts} new receipts of the platform.").format(
        n=len(pulled.files), receipts=pulled.receipts
    )
    return Outcome(pulled.as_dict(), [*lines, told], _trouble(pulled))


@command("send", ferry)
@click.argument("files", type=FILE, nargs=-1, required=True)
def ferry_send(session: Session, files: tuple[Path, ...]) -> Outcome:
    """Hands return packages and lists to the crossing, each with its marker, and enters them in the log."""
    workspace = session.workspace()
    handed = [ferrying.send(workspace, file) for file in files]
    lines = [
        (_("{name} lies there already.") if one.waiting else _("{name} was handed to the crossing.")).format(
            name=one.file
        )
        for one in handed
    ]
    return Outcome({"files": [asdict(one) for one in handed]}, lines)


@command("status", ferry)
def ferry_status(session: Session) -> Outcome:
    """What lies in the folders, what went over them, and which receipts are missing since when."""
    now = folders(session.workspace())
    rows = ((f.way, f.name, _(_FILES[f.state]), f.since[:19], f.answered_at[:19]) for f in now.files)
    lines = table((_("way"), _("file"), _("state"), _("at"), _("receipt")), rows)
    return Outcome(now.as_dict(), lines)


def _trouble(pulled: Pull) -> SomeRefused | None:
    """The files that were not imported, and receipts that are not the platform's, as one error."""
    bad = [one for one in pulled.files if one.state in {"refused", "damaged", "held"}]
    if not bad and not pulled.doubtful:
        return None
    names = [*(one.file for one in bad), *pulled.doubtful]
    cure = next(
        (one.cure for one in bad if one.cure), _("Each has its receipt; ask the operator about the rest.")
    )
    return SomeRefused(
        _("{n} files were not taken: {names}.").format(n=len(names), names=_("; ").join(names)), cure=cure
    )
