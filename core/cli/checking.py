"""Commands that need no store (but for a sheet of the rules): the catalogue of rules, and checking numbers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.errors import GridLinkError
from core.i18n import _
from core.settings import CHINA
from core.stewardship.exporting import export_rules
from core.verification.catalogue import catalogue
from core.verification.checking import KINDS, Kind, check, check_file


class NothingToCheck(GridLinkError):
    """Neither a value nor a file with its column and its output was given."""

    code = "nothing_to_check"


def add_to(cli: click.Group) -> None:
    """Adds ``rules`` and ``check-code``."""
    for one in (rules, check_code):
        cli.add_command(one)


@command("rules")
@click.option("--resource", default="", help="Only the rules about this resource.")
@click.option("--out", type=FILE, help="Write the whole catalogue as a sheet, with how often each rule fired.")
def rules(session: Session, *, resource: str, out: Path | None) -> Outcome:
    """The catalogue: what is checked, how severely, why, and what to do when it fires."""
    chosen = [one.as_dict() for one in catalogue() if not resource or resource in one.resources]
    rows = ((one["id"], one["resource"], one["severity"], one["message"]) for one in chosen)
    lines = table((_("rule"), _("resource"), _("severity"), _("meaning")), rows)
    data: dict[str, Any] = {"rules": chosen, "count": len(chosen)}
    if out is not None:
        data |= {"out": str(out), "rows": export_rules(session.workspace(), out)}
        lines = [_("{rows} rules written to {path}.").format(rows=data["rows"], path=out)]
    return Outcome(data, lines)


@command("check-code")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("value", required=False)
@click.option("--file", type=FILE, help="A CSV file of such numbers.")
@click.option("--column", default="", help="The column that holds them.")
@click.option("--out", type=FILE, help="Where the file goes with the answers added.")
def check_code(
    session: Session, kind: Kind, value: str | None, *, file: Path | None, column: str, out: Path | None
) -> Outcome:
    """Checks a number, or a column of a CSV file: person_id, uscc, org_code or phone."""
    today = datetime.now(UTC).astimezone(CHINA).date()
    if value is not None:
        answer = check(kind, value, today)
        said = [
            _("valid") if answer.valid else _("not valid: {reason}").format(reason=answer.reason),
            *answer.warnings,
        ]
        return Outcome({"kind": kind, "value": value, **asdict(answer)}, said)
    if file is None or out is None or not column:
        raise NothingToCheck(
            _("There is nothing to check."), cure=_("Give a value, or --file with --column and --out.")
        )
    with session.watched() as progress:
        count, valid = check_file(kind, file, column=column, out=out, today=today, progress=progress)
    data = {"kind": kind, "rows": count, "valid": valid, "not_valid": count - valid, "out": str(out)}
    return Outcome(data, table((_("numbers"), _("valid"), _("not valid")), [(count, valid, count - valid)]))
