"""Commands that extract from upstream sources, show the runs, and answer what is gone at the source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from core.cli.output import Outcome, table
from core.cli.session import Session, command
from core.exchange.extraction.extracting import extract
from core.exchange.extraction.gone import decide_gone, gone
from core.exchange.extraction.runs import Run, runs
from core.i18n import _


def add_to(cli: click.Group) -> None:
    """Adds ``extract`` and ``extraction``."""
    cli.add_command(extract_command)
    cli.add_command(extraction)


@click.group()
def extraction() -> None:
    """Runs of extraction, and records that are gone at the source."""


@command("extract")
@click.argument("system")
@click.option("--full", is_flag=True, help="Everything, not only what changed since the last run.")
def extract_command(session: Session, system: str, full: bool) -> Outcome:
    """Extracts what a source holds; a run that was stopped is taken up where it stood."""
    with session.watched() as progress:
        done = extract(session.workspace(), system, full=full, progress=progress)
    return _shown({"system": system}, done)


@command("runs", extraction)
@click.option("--system", default="")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
def extraction_runs(session: Session, system: str, limit: int) -> Outcome:
    """What was extracted when, from where, by whom, how many, how long, and whether it agreed."""
    return _shown({}, runs(session.workspace(), system=system, limit=limit))


@command("gone", extraction)
@click.option("--state", type=click.Choice(["open", "retired", "kept", "returned"]), default="open")
@click.option("--after", type=int, default=0, help="Questions after this number.")
def extraction_gone(session: Session, state: str, after: int) -> Outcome:
    """Records that the source no longer has; nothing is retired before somebody says so."""
    found = gone(session.workspace(), state=state, after=after)
    rows = ((q.id, q.system, q.resource, q.key, _told(q.told), q.at[:10]) for q in found)
    head = (_("no."), _("system"), _("kind"), _("key"), _("at the source"), _("since"))
    return Outcome({"state": state, "gone": [vars(q) for q in found]}, table(head, rows))


@command("decide", extraction)
@click.argument("numbers", type=int, nargs=-1, required=True)
@click.option("--retire/--keep", required=True, help="Retire the records, or keep them as they are.")
@click.option("--reason", required=True)
def extraction_decide(session: Session, numbers: tuple[int, ...], retire: bool, reason: str) -> Outcome:
    """Answers what is gone at the source; a retirement is a change set and can be undone."""
    with session.watched() as progress:
        made = decide_gone(session.workspace(), numbers, retire=retire, reason=reason, progress=progress)
    return Outcome(
        vars(made), [_("{n} answered, {retired} retired.").format(n=made.decided, retired=made.retired)]
    )


def _told(told: str) -> str:
    return _("marked as deleted") if told == "marked" else _("no longer named")


def _shown(data: dict[str, Any], done: Iterable[Run]) -> Outcome:
    found = list(done)
    head = (_("system"), _("kind"), _("mode"), _("read"), _("new"), _("changed"), _("quarantined"), _("gone"),
            _("agrees"), _("seconds"))  # fmt: skip
    lines = table(head, (_line(run) for run in found))
    return Outcome({**data, "runs": [run.as_dict() for run in found]}, lines)


def _line(run: Run) -> tuple[Any, ...]:
    counts = run.counts or {}
    agreed = "–" if run.agreed is None else (_("yes") if run.agreed else _("no"))
    mode = _("full") if run.mode == "full" else _("what changed")
    figures = (counts.get(name, 0) for name in ("new", "changed", "quarantined", "gone"))
    return (run.system, run.resource, mode, run.read, *figures, agreed, run.seconds or 0)
