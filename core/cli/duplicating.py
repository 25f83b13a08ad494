"""Commands for records that may be one and the same."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command, written
from core.i18n import _
from core.stewardship import duplicates as looking
from core.stewardship.duplicates import COMPARED
from core.stewardship.exporting_lists import export_duplicates

_RESOURCE = click.Choice(list(COMPARED))


def add_to(cli: click.Group) -> None:
    """Adds ``duplicates`` and ``keep-apart``."""
    for one in (duplicates, keep_apart):
        cli.add_command(one)


@command("duplicates")
@click.option("--resource", type=_RESOURCE, default="organisation", show_default=True)
@click.option("--find", "search", is_flag=True, help="Look through the whole registry first.")
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True)
@click.option("--out", type=FILE, help="Write all of them as a spreadsheet.")
def duplicates(session: Session, *, resource: str, search: bool, limit: int, out: Path | None) -> Outcome:
    """Records that may be one and the same, with what agrees and differs; the total is complete."""
    workspace = session.workspace()
    if search:
        with session.watched() as progress:
            looking.find(workspace, resource, progress=progress)
    if out is not None:
        return written(export_duplicates(workspace, resource, out), out)
    total, pairs = looking.candidates(workspace, resource, limit=limit)
    lines = [_("{shown} of {total} shown:").format(shown=f"{len(pairs):,}", total=f"{total:,}")]
    for pair in pairs:
        lines += ["", f"{pair.left} {pair.titles[0]} ≟ {pair.right} {pair.titles[1]}"]
        marks = {"agrees": "=", "differs": "≠", "silent": "·"}
        rows = ((marks[pair.reasons[f]], f, a or "", b or "") for f, (a, b) in pair.values.items())
        lines += table(("", _("field"), "1", "2"), rows)
    return Outcome({"total": total, "rows": [asdict(pair) for pair in pairs], "shown": len(pairs)}, lines)


@command("keep-apart")
@click.argument("resource", type=_RESOURCE)
@click.argument("left", type=int)
@click.argument("right", type=int)
@click.option("--reason", default="")
def keep_apart(session: Session, resource: str, left: int, right: int, *, reason: str) -> Outcome:
    """Remembers that two candidates (by their numbers) are not the same, until a compared field changes."""
    number = looking.keep_apart(session.workspace(), resource, [(left, right)], reason=reason)
    return Outcome({"change_set": number}, [_("Remembered: change set {number}.").format(number=number)])
