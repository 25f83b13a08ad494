"""Commands for who works in which grids, and who looked outside them."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.i18n import _
from core.model.names import label
from core.security import assigning as assigned, own_grids
from core.stewardship.grid_keeping import grids_kept


@click.group("assign")
def assign() -> None:
    """Grids in which accounts work."""


def add_to(cli: click.Group) -> None:
    """Adds ``assign``: ``list``, ``add``, ``remove``, ``hanging``, ``grids`` and ``entries``."""
    cli.add_command(assign)


@command("list", assign)
@click.argument("account", default="")
def list_(session: Session, *, account: str) -> Outcome:
    """Who works in which grids; accounts without any work in the whole district."""
    rows = assigned.assignments(session.workspace(), account)
    head = (_("account"), _("grid"), _("at"), _("by"))
    shown = table(head, [(row.account, row.grid_code, row.at, row.actor) for row in rows])
    return Outcome({"assignments": [asdict(row) for row in rows]}, shown if rows else [_("Nothing found.")])


@command("add", assign)
@click.argument("account")
@click.argument("grids", nargs=-1, required=True)
def add(session: Session, *, account: str, grids: tuple[str, ...]) -> Outcome:
    """Lets an account work in these grids too; elsewhere it then has to state a reason."""
    count = assigned.assign(session.workspace(), account, grids)
    line = _("{account} works in {count} more grids.").format(account=account, count=count)
    return Outcome({"account": account, "added": count}, [line])


@command("remove", assign)
@click.argument("account")
@click.argument("grids", nargs=-1)
def remove(session: Session, *, account: str, grids: tuple[str, ...]) -> Outcome:
    """Takes these grids from an account, all where none is named."""
    count = assigned.unassign(session.workspace(), account, grids)
    line = _("{account} works in {count} fewer grids.").format(account=account, count=count)
    return Outcome({"account": account, "removed": count}, [line])


@command("grids", assign)
@click.option("--community", default="", help="12 digits.")
@click.option("--gaps", is_flag=True, help="Only grids without an officer, a maintainer or an update cycle.")
def grids(session: Session, *, community: str, gaps: bool) -> Outcome:
    """Every governance grid with its maintainer, update cycle and officers; gaps are counted."""
    held = [one for one in grids_kept(session.workspace()) if community in {"", one.community_code}]
    rows = [one for one in held if not gaps or not one.kept or not one.accounts]
    counts = {
        "total": len(held), "unassigned": sum(not one.accounts for one in held),
        "without_maintainer": sum(not one.kept for one in held),
    }  # fmt: skip
    head = (_("grid"), _("name"), _("maintainer"), _("cycle (days)"), _("officers"), _("addresses"))
    shown = table(head, [
        (r.grid_code, r.name, r.maintainer or "–", r.cycle_days, ", ".join(r.accounts) or "–", r.addresses)
        for r in rows
    ])  # fmt: skip
    told = _("{total} grids, {unassigned} without an officer, {without_maintainer} without maintainer or cycle.")
    return Outcome({"grids": [asdict(one) for one in rows], **counts}, [*shown, told.format(**counts)])


@command("hanging", assign)
@click.option("--mend", is_flag=True, help="Give each account the grid in which most addresses lie now.")
def hanging(session: Session, *, mend: bool) -> Outcome:
    """Assignments to grids that are no longer in use, and where their addresses went."""
    workspace = session.workspace()
    rows = assigned.hanging(workspace)
    able = [row for row in rows if mend and row.successors]  # without a grid an account would work everywhere
    for row in able:
        assigned.exchange(workspace, row.account, [row.grid_code], row.successors[:1])
    head = (_("account"), _("grid"), _("name"), _("its addresses lie in"))
    shown = table(head, [(r.account, r.grid_code, r.name, ", ".join(r.successors) or "–") for r in rows])
    if rows and not mend:
        shown.append(_("“gridlink assign hanging --mend” gives each account the first of them instead."))
    data = {"hanging": [asdict(row) for row in rows], "mended": len(able)}
    return Outcome(data, shown if rows else [_("Nothing found.")])


@command("entries", assign)
@click.argument("account", default="")
def entries(session: Session, *, account: str) -> Outcome:
    """Who opened which records and lists outside the own grids, for which reason, until when; for the auditor."""
    rows = own_grids.entries(session.workspace(), account)
    head = (_("account"), _("record"), _("grid"), _("at"), _("until"), _("stated reason"))
    shown = table(head, [(r.account, _what(r), r.grid_code, r.at, r.until, r.reason) for r in rows])
    return Outcome({"entries": [asdict(row) for row in rows]}, shown if rows else [_("Nothing found.")])


def _what(entry: own_grids.Entry) -> str:
    kind = label("resource", entry.resource) if entry.resource else ""
    return f"{kind} {_('list') if entry.entity is None else entry.entity}".strip()
