"""Commands for who works in which grids, and who looked outside them."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.i18n import _
from core.security import own_grids


@click.group("assign")
def assign() -> None:
    """Grids in which accounts work."""


def add_to(cli: click.Group) -> None:
    """Adds ``assign list``, ``assign add``, ``assign remove`` and ``assign entries``."""
    cli.add_command(assign)


@command("list", assign)
@click.argument("account", default="")
def list_(session: Session, *, account: str) -> Outcome:
    """Who works in which grids; accounts without any work in the whole district."""
    rows = own_grids.assignments(session.workspace(), account)
    head = (_("account"), _("grid"), _("at"), _("by"))
    shown = table(head, [(row.account, row.grid_code, row.at, row.actor) for row in rows])
    return Outcome({"assignments": [asdict(row) for row in rows]}, shown if rows else [_("Nothing found.")])


@command("add", assign)
@click.argument("account")
@click.argument("grids", nargs=-1, required=True)
def add(session: Session, *, account: str, grids: tuple[str, ...]) -> Outcome:
    """Lets an account work in these grids too; elsewhere it then has to state a reason."""
    count = own_grids.assign(session.workspace(), account, grids)
    line = _("{account} works in {count} more grids.").format(account=account, count=count)
    return Outcome({"account": account, "added": count}, [line])


@command("remove", assign)
@click.argument("account")
@click.argument("grids", nargs=-1)
def remove(session: Session, *, account: str, grids: tuple[str, ...]) -> Outcome:
    """Takes these grids from an account, all where none is named."""
    count = own_grids.unassign(session.workspace(), account, grids)
    line = _("{account} works in {count} fewer grids.").format(account=account, count=count)
    return Outcome({"account": account, "removed": count}, [line])


@command("entries", assign)
@click.argument("account", default="")
def entries(session: Session, *, account: str) -> Outcome:
    """Who opened grids outside the own ones, for which reason and until when; for the auditor."""
    rows = own_grids.entries(session.workspace(), account)
    head = (_("account"), _("grid"), _("at"), _("until"), _("stated reason"))
    shown = table(head, [(row.account, row.grid_code, row.at, row.until, row.reason) for row in rows])
    return Outcome({"entries": [asdict(row) for row in rows]}, shown if rows else [_("Nothing found.")])
