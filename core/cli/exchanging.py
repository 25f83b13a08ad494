"""Commands that push to upstream systems, show what is due to them, and make the acceptance report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FOLDER, Session, command
from core.exchange.push import push
from core.i18n import _
from core.reports.acceptance import write_acceptance


def add_to(cli: click.Group) -> None:
    """Adds ``push``, ``connector`` and ``report``."""
    for one in (push_command, connector, report):
        cli.add_command(one)


@click.group()
def connector() -> None:
    """Upstream systems."""


@click.group()
def report() -> None:
    """Reports."""


@command("push")
@click.argument("target", required=False)
def push_command(session: Session, target: str | None) -> Outcome:
    """Sends what is due; an item leaves only on the receiver's receipt."""
    with session.watched() as progress:
        results = {
            name: asdict(r) for name, r in push(session.workspace(), target, progress=progress).items()
        }
    return by_target(results)


def by_target(results: dict[str, dict[str, object]]) -> Outcome:
    """Figures by target, their totals, and a table of them."""
    head = (_("target"), _("sent"), _("accepted"), _("rejected"), _("waiting"))
    rows = (
        (name, *(figures[k] for k in ("sent", "accepted", "rejected", "waiting")))
        for name, figures in results.items()
    )
    lines = table(head, rows)
    return Outcome({**totals(results), "targets": results, **results}, lines)


def totals(results: dict[str, dict[str, object]]) -> dict[str, int]:
    """The four figures over all targets."""
    keys = ("sent", "accepted", "rejected", "waiting")
    return {key: sum(int(str(figures[key])) for figures in results.values()) for key in keys}


@command("acceptance", report)
@click.option("--out", type=FOLDER, required=True)
def report_acceptance(session: Session, out: Path) -> Outcome:
    """The acceptance report (xlsx and PDF) from live data, each figure with its evidence."""
    with session.watched() as progress:
        made = write_acceptance(session.workspace(), out, progress=progress)
    data = made.as_dict()
    rows = ((i["id"], i["title"], i["value"], i["target"], _met(i["met"])) for i in data["indicators"])
    lines = table((_("no."), _("indicator"), _("value"), _("target"), _("met")), rows)
    return Outcome(data, [*lines, *(str(path) for path in data["files"])])


def _met(met: bool | None) -> str:
    return _("not yet supported by data") if met is None else (_("yes") if met else _("no"))
