"""The command that finds the standard address which a free text means."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.errors import GridLinkError
from core.i18n import _
from core.verification.matching.service import match_file, match_text


class NothingToMatch(GridLinkError):
    """Neither a text nor a file with its column and its output was given."""

    code = "nothing_to_match"


def add_to(cli: click.Group) -> None:
    """Adds ``match``."""
    cli.add_command(match)


@command("match")
@click.argument("text", required=False)
@click.option("--file", type=FILE, help="A CSV file of addresses.")
@click.option("--column", default="", help="The column that holds them.")
@click.option("--out", type=FILE, help="Where the file goes with the answers added.")
def match(session: Session, text: str | None, *, file: Path | None, column: str, out: Path | None) -> Outcome:
    """Free text to standard address: a match, a few to choose from, or none, with reasons."""
    if text is not None:
        answer = match_text(session.workspace(), text)
        lines = [f"{_(answer.decision)} {answer.address_code or ''}".strip(), *answer.reasons]
        lines += [f"  {one.address_code}  {one.full_text}" for one in answer.candidates]
        return Outcome(asdict(answer), lines)
    if file is None or out is None or not column:
        raise NothingToMatch(
            _("There is nothing to match."), cure=_("Give an address, or --file with --column and --out.")
        )
    with session.watched() as progress:
        counts = match_file(session.workspace(), file, column=column, out=out, progress=progress)
    head = (_("match"), _("choose"), _("none"))
    return Outcome(
        {"rows": sum(counts.values()), **counts, "out": str(out)}, table(head, [tuple(counts.values())])
    )
