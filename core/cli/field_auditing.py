"""Commands for the field audit: drawing a round, its check sheet, results, and what they say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command
from core.errors import GridLinkError
from core.i18n import _
from core.stewardship import audit_items, check_sheets, coefficients, field_audit as auditing, sampling
from core.stewardship.coefficients import MEASURE_NAMES, MEASURES
from core.stewardship.estimating import Coefficient

_NUMBER = click.IntRange(min=1)


class ResultUntold(GridLinkError):
    """Neither a filled check sheet nor one record with what was found was given."""

    code = "audit_result_untold"


def add_to(cli: click.Group) -> None:
    """Adds ``field-audit``."""
    cli.add_command(field_audit)


@click.group("field-audit")
def field_audit() -> None:
    """A sample that chance chose, compared with what is really there."""


@command("draw", field_audit)
@click.argument("resource", type=click.Choice(sampling.AUDITED))
@click.option("--per-community", type=_NUMBER, default=10, show_default=True)
@click.option("--seed", default="", help="Left to chance if not given; the same seed and list draw the same sample.")
@click.option("--title", default="")
@click.option("--field", "fields", multiple=True, help="What is compared; a choice of ours if not given.")
def draw(
    session: Session, resource: str, *, per_community: int, seed: str, title: str, fields: tuple[str, ...]
) -> Outcome:
    """Draws a round: so many records of every community, by the seed alone."""
    workspace = session.workspace()
    with session.watched() as progress:
        one = auditing.draw(
            workspace, resource, per_community=per_community, seed=seed, title=title, fields=fields, progress=progress
        )
    line = _("Round {number}: {items} records drawn from {size} in {communities} communities, seed {seed}.").format(
        number=one.id, items=f"{one.items:,}", size=f"{sum(one.strata.values()):,}", communities=len(one.strata),
        seed=one.seed,
    )  # fmt: skip
    return Outcome(asdict(one), [line])


@command("list", field_audit)
def listed(session: Session) -> Outcome:
    """Every round and how far it has come."""
    rounds = auditing.rounds(session.workspace())
    head = (_("number"), _("title"), _("resource"), _("records"), _("checked"), _("seed"), _("closed"))
    rows = ((r.id, r.title, r.resource, r.items, r.checked, r.seed, r.closed_at[:10]) for r in rounds)
    return Outcome({"rounds": [asdict(one) for one in rounds], "total": len(rounds)}, table(head, rows))


@command("items", field_audit)
@click.argument("number", type=_NUMBER)
@click.option("--community", default="", help="12 digits.")
def items(session: Session, number: int, community: str) -> Outcome:
    """The records of a round, with what the registry said of them when they were drawn."""
    found = audit_items.items(session.workspace(), number, community=community)
    head = (_("number"), _("community"), _("no."), _("record"), _("result"))
    rows = ((i.id, i.community_code, i.position, i.title, i.found or "–") for i in found)
    return Outcome({"items": [asdict(one) for one in found], "total": len(found)}, table(head, rows))


@command("sheet", field_audit)
@click.argument("number", type=_NUMBER)
@click.option("--community", default="", help="12 digits.")
@click.option("--out", type=FILE, required=True, help="Where the .xlsx goes.")
def sheet(session: Session, number: int, community: str, out: Path) -> Outcome:
    """The check sheet of a round, to print or to fill in."""
    rows = check_sheets.write_check_sheet(session.workspace(), number, out, community=community)
    line = _("Check sheet with {rows} records written to {path}.").format(rows=f"{rows:,}", path=out)
    return Outcome({"round": number, "rows": rows, "path": str(out)}, [line])


@command("enter", field_audit)
@click.option("--file", type=FILE, help="A filled check sheet.")
@click.option("--round", "number", type=_NUMBER, help="The round of one record.")
@click.option("--item", type=_NUMBER, help="The number of the record.")
@click.option("--found/--not-found", default=True, help="Whether it is there at all.")
@click.option("--result", multiple=True, help="FIELD=right|wrong|missing, once for each field.")
@click.option("--remark", default="")
def enter(
    session: Session, *, file: Path | None, number: int | None, item: int | None, found: bool,
    result: tuple[str, ...], remark: str,
) -> Outcome:  # fmt: skip
    """Enters results: a filled check sheet, or what was found of one record."""
    workspace = session.workspace()
    if file is not None:
        entered = check_sheets.enter_check_sheet(workspace, file)
        line = _("{answered} of {rows} records answered, {fresh} of them new.").format(
            answered=f"{entered.answered:,}", rows=f"{entered.rows:,}", fresh=f"{entered.fresh:,}"
        )
        return Outcome(asdict(entered), [line])
    if not number or not item:
        raise ResultUntold(
            _("There is nothing to enter."), cure=_("Give --file, or --round and --item with what was found.")
        )
    results = dict(one.partition("=")[::2] for one in result)
    where = audit_items.FOUND if found else audit_items.NOT_FOUND
    fresh = audit_items.enter(workspace, number, item, where, results, remark=remark)
    return Outcome({"round": number, "item": item, "fresh": int(fresh)}, [_("Entered.")])


@command("result", field_audit)
@click.argument("number", type=_NUMBER)
def result(session: Session, number: int) -> Outcome:
    """The coefficients of a round with their 95 % intervals, as a whole and by community."""
    told = coefficients.coefficients(session.workspace(), number)
    lines = [_("{covered} of {size} records lie in communities where something was looked at.").format(
        covered=f"{told.covered:,}", size=f"{told.size:,}")]  # fmt: skip
    names = [_(MEASURE_NAMES[one]) for one in MEASURES]
    whole = zip(names, (_share(told.measures[one]) for one in MEASURES), strict=True)
    lines += table((_("measure"), _("coefficient")), whole)
    rows = (
        (c.community_code, c.checked, c.drawn, *(_share(c.measures[m]) for m in MEASURES)) for c in told.communities
    )
    return Outcome(asdict(told), [*lines, "", *table((_("community"), _("checked"), _("drawn"), *names), rows)])


@command("reproduce", field_audit)
@click.argument("number", type=_NUMBER)
def reproduce(session: Session, number: int) -> Outcome:
    """Draws a round again from today's registry and says whether it is the same sample."""
    again = auditing.reproduce(session.workspace(), number)
    said = {True: _("The same sample."), False: _("Another sample: somebody changed it."),
            None: _("The list has changed since; nothing can be said.")}  # fmt: skip
    return Outcome({"round": number, **asdict(again)}, [said[again.same_sample]])


@command("close", field_audit)
@click.argument("number", type=_NUMBER)
def close(session: Session, number: int) -> Outcome:
    """Closes a round: nothing can be entered any more."""
    return Outcome(asdict(auditing.close(session.workspace(), number)), [_("Closed.")])


def _share(one: Coefficient | None) -> str:
    return "–" if one is None else f"{one.value:.1%} ({one.low:.1%} – {one.high:.1%})"
