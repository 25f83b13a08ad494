"""Commands for what goes back to the sources: proposed addresses, corrections and their answers, states of records."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli.evidencing import exchange
from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.exchange import address_proposals, answers, missing_addresses, states
from core.exchange.address_proposals import ORIGINS, STAGES, Place, Proposal
from core.i18n import _
from core.model.names import label


def add_to(cli: click.Group) -> None:
    """Adds ``proposal``; the rest hangs on the group ``exchange``."""
    cli.add_command(proposal)


@click.group()
def proposal() -> None:
    """Standard addresses that are missing, proposed to the bureau."""


@command("add", proposal)
@click.argument("text")
@click.option("--community", required=True, help="12 digits.")
@click.option("--reason", required=True, help="How it was found out.")
@click.option("--lon", type=float)
@click.option("--lat", type=float)
@click.option("--crs", default="EPSG:4490", show_default=True)
@click.option("--origin", type=click.Choice(ORIGINS), default="typed", show_default=True)
@click.option("--ref", "origin_ref", default="", help="The record or row that it comes from.")
@click.option("--different", is_flag=True, help="It is none of the similar addresses that were named.")
def proposal_add(
    session: Session, *, text: str, community: str, reason: str, lon: float | None, lat: float | None, crs: str,
    origin: str, origin_ref: str, different: bool,
) -> Outcome:  # fmt: skip
    """Proposes an address that no standard address is; it leaves with the next push."""
    place = Place(lon, lat, crs) if lon is not None and lat is not None else None
    made = address_proposals.propose(
        session.workspace(), text, community, reason=reason, place=place, origin=origin, origin_ref=origin_ref,
        different=different,
    )  # fmt: skip
    return _shown([made])


@command("list", proposal)
@click.option("--state", type=click.Choice(STAGES), default=None)
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def proposal_list(session: Session, *, state: str | None, limit: int) -> Outcome:
    """What was proposed and what became of it, the newest first."""
    return _shown(address_proposals.proposals(session.workspace(), stage=state or "", limit=limit))


@command("withdraw", proposal)
@click.argument("number")
def proposal_withdraw(session: Session, *, number: str) -> Outcome:
    """Takes a proposal back that has not left yet."""
    address_proposals.withdraw(session.workspace(), number)
    line = _("Proposal {number} is withdrawn.").format(number=number)
    return Outcome({"number": number, "state": "withdrawn"}, [line])


@command("missing", proposal)
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def proposal_missing(session: Session, *, limit: int) -> Outcome:
    """Addresses in words, in rows that are held back, that mean no standard address."""
    found = missing_addresses.missing(session.workspace(), limit=limit)
    rows = ((m.text, m.rows, m.community, m.origin_ref, " ".join(m.candidates[:3])) for m in found)
    head = (_("address in words"), _("rows"), _("community"), _("for example"), _("similar"))
    return Outcome({"missing": [asdict(m) for m in found]}, table(head, rows))


@command("corrections", exchange)
@click.argument("target")
@click.option("--answer", type=click.Choice(answers.ANSWERS), default=None)
@click.option("--after", type=int, default=0, help="Go on after this number.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def corrections_command(
    session: Session, *, target: str, answer: str | None, after: int, limit: int
) -> Outcome:
    """What went back to a source, and what it made of it by its last extraction."""
    found = answers.corrections(session.workspace(), target, answer=answer or "", after=after, limit=limit)
    rows = (
        (c.delivery.id, c.delivery.key, f.column, f.was, f.now, f.says, label("state", c.delivery.state),
         label("answer", c.answer) if c.answer else "–")
        for c in found for f in c.fields
    )  # fmt: skip
    head = (
        _("number"),
        _("record"),
        _("field"),
        _("was"),
        _("is to be"),
        _("says now"),
        _("state"),
        _("answer"),
    )
    return Outcome({"target": target, "corrections": [asdict(c) for c in found]}, table(head, rows))


@command("states", exchange)
@click.argument("target")
@click.option("--state", default="", help="The receiver's own code.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
def states_command(session: Session, *, target: str, state: str, limit: int) -> Outcome:
    """What has become of records there, as the receiver last told."""
    found = states.listed(session.workspace(), target, state=state, limit=limit)
    data = [{"resource": resource, "key": key, **asdict(one)} for resource, key, one in found]
    head = (_("kind"), _("record"), _("state"), _("since"), _("note"))
    rows = ((label("resource", resource), key, one.meaning, one.at, one.note) for resource, key, one in found)
    return Outcome({"target": target, "states": data}, table(head, rows))


def _shown(found: list[Proposal]) -> Outcome:
    head = (
        _("number"),
        _("address"),
        _("community"),
        _("state"),
        _("code"),
        _("note"),
        _("proposed by"),
        _("at"),
    )
    rows = ((p.number, p.full_text, p.community_code, label("stage", p.stage), p.code, p.note, p.proposed_by,
             p.proposed_at[:10]) for p in found)  # fmt: skip
    return Outcome({"proposals": [asdict(p) for p in found]}, table(head, rows))
