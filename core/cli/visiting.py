"""Commands for visits: picked records handed to a named officer, handed over, taken back."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.i18n import _
from core.registry.at_home import at_home
from core.registry.where import select_where
from core.stewardship import visits

_NUMBER = click.IntRange(min=1)


def add_to(cli: click.Group) -> None:
    """Adds ``visit``: ``hand-out``, ``list``, ``hand-over`` and ``withdraw``."""
    cli.add_command(visit)


@click.group("visit")
def visit() -> None:
    """Field work: picked records handed to an officer with a deadline and a reason."""


@command("hand-out", visit)
@click.argument("kind", type=click.Choice(visits.VISITED))
@click.option("--to", required=True, help="The account that looks at them.")
@click.option("--due", required=True, help="The day until which, as in 2026-11-25.")
@click.option("--reason", default="", help="What the visit is for.")
@click.option("--title", default="", help="What the visit is called; its reason if not given.")
@click.option("--where", "conditions", multiple=True, help="A condition (use=rented); may be repeated.")
def hand_out(
    session: Session, *, kind: str, to: str, due: str, reason: str, title: str, conditions: tuple[str, ...]
) -> Outcome:
    """Hands all records of a kind that fulfil every condition to an officer; “field-audit sheet” prints them."""
    workspace = session.workspace()
    selection = at_home(workspace, select_where(kind, conditions))
    with session.watched() as progress:
        one = visits.hand_out(
            workspace, selection, to, due=due, reason=reason, title=title, progress=progress
        )
    line = _("Visit {number}: {items} records handed to {who} until {day}.").format(
        number=one.id, items=f"{one.items:,}", who=one.assignee, day=one.due_on
    )
    return Outcome(asdict(one), [line])


@command("list", visit)
@click.option("--mine", is_flag=True, help="Only those handed to yourself.")
def listed(session: Session, *, mine: bool) -> Outcome:
    """Visits, who has them, until when, and how far they have come."""
    rows = visits.visits(session.workspace(), mine=mine)
    head = (
        _("number"),
        _("title"),
        _("resource"),
        _("officer"),
        _("due"),
        _("records"),
        _("checked"),
        _("closed"),
    )
    shown = table(head, [
        (r.id, r.title, r.resource, r.assignee, r.due_on, r.items, r.checked, r.closed_at[:10]) for r in rows
    ])  # fmt: skip
    data = {"visits": [asdict(one) for one in rows], "total": len(rows)}
    return Outcome(data, shown if rows else [_("Nothing found.")])


@command("hand-over", visit)
@click.argument("number", type=_NUMBER)
@click.option("--to", required=True, help="The account that takes it over.")
@click.option("--due", default="", help="Another day until which; the same if not given.")
@click.option("--reason", default="", help="Why it is handed over.")
def hand_over(session: Session, *, number: int, to: str, due: str, reason: str) -> Outcome:
    """Gives an open visit to another officer; what was entered stays."""
    one = visits.hand_over(session.workspace(), number, to, due=due, reason=reason)
    line = _("Visit {number} is {who}'s now, until {day}.").format(
        number=number, who=one.assignee, day=one.due_on
    )
    return Outcome(asdict(one), [line])


@command("withdraw", visit)
@click.argument("number", type=_NUMBER)
def withdraw(session: Session, *, number: int) -> Outcome:
    """Takes a visit back of which nothing was entered yet."""
    visits.withdraw(session.workspace(), number)
    return Outcome(
        {"visit": number, "withdrawn": True}, [_("Visit {number} withdrawn.").format(number=number)]
    )
