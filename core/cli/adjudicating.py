"""Commands for what several departments contradict each other about."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command, written
from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import entity_id
from core.model.resources import RESOURCES, SENDERS
from core.stewardship import adjudication, conflicts as listing
from core.stewardship.conflicts import Filters
from core.stewardship.exporting_lists import export_conflicts

_RESOURCE = click.Choice(list(RESOURCES))
_PREVIEW = 20


class ChoiceUnclear(GridLinkError):
    """A choice on the command line is not ``field=department`` or ``field=value``."""

    code = "choice_unclear"


def add_to(cli: click.Group) -> None:
    """Adds ``conflicts`` and ``settle``."""
    for one in (conflicts, settle):
        cli.add_command(one)


@command("conflicts")
@click.option("--resource", type=_RESOURCE)
@click.option("--group", default="", help="Only this field group, such as contact or naming.")
@click.option("--source", type=click.Choice(SENDERS), help="Only where this department takes part.")
@click.option("--community", default="", help="Only inside this community (12 digits).")
@click.option("--key", default="", help="One record whole: its key, together with --resource.")
@click.option(
    "--state", type=click.Choice(["conflict", "agreed", "settled"]), default="conflict", show_default=True
)
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True)
@click.option("--out", type=FILE, help="Write all of them as a spreadsheet.")
def conflicts(
    session: Session, key: str, state: str, *, limit: int, out: Path | None, **where: str | None
) -> Outcome:
    """Where departments contradict each other; totals are complete, rows are limited and say so."""
    workspace = session.workspace()
    if key and where["resource"]:
        return _one(listing.case(workspace, where["resource"], entity_id(key)))
    if out is not None:
        return written(export_conflicts(workspace, _filters(where), out, state=state), out)
    page = listing.conflicts(workspace, _filters(where), state=state, limit=limit)
    rows = [asdict(row) for row in page.rows]
    by_group = [{"resource": r, "group": g, "count": n} for (r, g), n in page.by_group.items()]
    lines = table((_("resource"), _("field group"), _("count")), (tuple(one.values()) for one in by_group))
    lines.append(_("{shown} of {total} shown:").format(shown=f"{len(rows):,}", total=f"{page.total:,}"))
    lines += [f"{r.resource} {r.title} · {r.group}: {' ≠ '.join(r.sources)} ({r.at[:10]})" for r in page.rows]
    return Outcome({"total": page.total, "by_group": by_group, "rows": rows, "shown": len(rows)}, lines)


@command("settle")
@click.option("--resource", type=_RESOURCE)
@click.option("--key", default="", help="The record's key.")
@click.option("--choose", multiple=True, help="FIELD=DEPARTMENT, once for each field.")
@click.option("--value", multiple=True, help="FIELD=VALUE where no department is right.")
@click.option("--all", "every", is_flag=True, help="Every conflict of the filter; shows what would change.")
@click.option("--by", default="authority", show_default=True, help="authority, newest, or a department.")
@click.option("--group", default="")
@click.option("--source", type=click.Choice(SENDERS))
@click.option("--community", default="")
@click.option("--apply", "applied", is_flag=True, help="With --all: really settle.")
@click.option("--reason", default="")
def settle(
    session: Session, *, key: str, choose: tuple[str, ...], value: tuple[str, ...], every: bool, by: str,
    applied: bool, reason: str, **where: str | None,
) -> Outcome:  # fmt: skip
    """Settles one record field by field, or with --all every conflict of a filter, as one undoable change set."""
    workspace = session.workspace()
    if every and not applied:
        preview = adjudication.preview_all(workspace, _filters(where), by)
        lines = [_("{total} to settle, {changing} would change:").format(
            total=f"{preview.total:,}", changing=f"{preview.changing:,}")]  # fmt: skip
        shown = preview.changes[:_PREVIEW]
        lines += [f"{c.resource} {c.title} · {c.field}: {c.before} → {c.after} ({c.source})" for c in shown]
        return Outcome({"applied": False, **asdict(preview)}, lines)
    if every:
        with session.watched() as progress:
            result = adjudication.settle_all(workspace, _filters(where), by, reason=reason, progress=progress)
    else:
        resource = where["resource"]
        if not resource or not key:
            raise ChoiceUnclear(
                _("Which record is to be settled?"),
                cure=_("Name it with --resource and --key, or give --all."),
            )
        result = adjudication.settle(
            workspace, resource, entity_id(key), choices=_pairs(choose), values=_typed(resource, _pairs(value)),
            reason=reason,
        )  # fmt: skip
    line = _("{settled} settled, {changed} records changed: change set {number}.").format(
        settled=f"{result.settled:,}", changed=f"{result.changed:,}", number=result.change_set
    )
    told = [f"{one.severity} {one.rule} {one.field}: {one.message} {one.cure}" for one in result.remarks]
    return Outcome({"applied": True, **asdict(result)}, [line, *told])


def _one(case: listing.Case) -> Outcome:
    names = [source.name for source in case.sources]
    head = ("", _("field"), _("registry"), *names)
    rows = (
        ("≠" if f.differs else "", f.name, f.now or "", *(f.said[name] or "" for name in names))
        for f in case.fields
    )
    return Outcome(asdict(case), [case.title, *table(head, rows)])


def _filters(where: dict[str, str | None]) -> Filters:
    return Filters(**{name: where.get(name) or "" for name in ("resource", "group", "source", "community")})


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(one.split("=", 1) for one in given if "=" in one)
    unclear = [one for one in given if "=" not in one]
    if unclear:
        raise ChoiceUnclear(
            _("“{choice}” says nothing of a field.").format(choice=unclear[0]),
            cure=_("Write FIELD=DEPARTMENT or FIELD=VALUE."),
        )
    return pairs


def _typed(resource: str, values: dict[str, str]) -> dict[str, Any]:
    """Values as the registry stores them; a value that cannot be read raises ``ChoiceUnclear``."""
    kinds = {c.name: c.kind for c in RESOURCES[resource].columns}
    made: dict[str, Any] = {}
    for name, text in values.items():
        kind = kinds.get(name)
        try:
            made[name] = {"integer": int, "year": int, "number": float}.get(kind or "", str)(text)
        except ValueError as trouble:
            raise ChoiceUnclear(
                _("“{value}” cannot be the value of {field}.").format(value=text, field=name),
                cure=_("Write a number."),
            ) from trouble
    return made
