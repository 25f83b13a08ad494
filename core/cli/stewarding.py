"""Commands for the steward's day: verify the registry, work off findings, ignore, correct in bulk, propose."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command, written
from core.i18n import _
from core.model.resources import RESOURCES, SENDERS
from core.registry import ledger
from core.stewardship import findings as workbench, fixes, ignoring, proposals, verifying
from core.stewardship.exporting import export_findings
from core.stewardship.exporting_lists import export_proposals
from core.stewardship.failing_rows import export_rows, failing_row
from core.stewardship.findings import GROUPS, Filters, State

_PREVIEW = 20


def add_to(cli: click.Group) -> None:
    """Adds ``verify``, ``findings``, ``finding``, ``fix``, the commands of ignoring, and ``hazard-proposals``."""
    for one in (verify, findings, finding, fix, ignore, ignored, show_again, hazard_proposals):
        cli.add_command(one)


@command("verify")
@click.option("--scope", multiple=True, help="A resource, or the code of a community, sub-district or grid.")
def verify(session: Session, scope: tuple[str, ...]) -> Outcome:
    """Verifies what the registry holds by every rule; replaces what an earlier run found there."""
    workspace = session.workspace()
    with session.watched() as progress:
        result = verifying.verify_registry(workspace, verifying.scope_of(workspace, scope), progress=progress)
    lines = table((_("resource"), _("rows checked")), result.checked.items())
    lines += table((_("rule"), _("count")), result.by_rule.items()) if result.by_rule else []
    told = _("{total} findings in {rows} rows; {listed} more stand from imports; {proposals} new proposals.")
    rows = sum(result.checked.values())
    lines.append(told.format(
        total=f"{result.total:,}", rows=f"{rows:,}", listed=f"{result.listed:,}", proposals=f"{result.proposals:,}",
    ))  # fmt: skip
    return Outcome(asdict(result), lines)


@command("findings")
@click.option("--package", default="", help="Only this package's: its name, file name or id.")
@click.option("--rule", default="")
@click.option("--resource", type=click.Choice(list(RESOURCES)))
@click.option("--severity", type=click.Choice(["error", "warning", "notice"]))
@click.option("--sender", type=click.Choice(SENDERS))
@click.option("--grid", default="")
@click.option("--community", default="", help="12 digits.")
@click.option("--collector", default="")
@click.option("--day", default="", help="YYYY-MM-DD: when it was found.")
@click.option("--key", default="")
@click.option("--state", type=click.Choice(get_args(State)), default="all", show_default=True)
@click.option("--group", type=click.Choice(GROUPS), help="Also count by this.")
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True)
@click.option("--out", type=FILE, help="Write all of them as a spreadsheet.")
@click.option("--rows", "whole", is_flag=True, help="With --out and --resource: each with its row whole.")
@click.option("--column", "columns", multiple=True, help="With --rows: only these columns.")
def findings(
    session: Session, *, group: str | None, limit: int, package: str, state: State, out: Path | None, whole: bool,
    columns: tuple[str, ...], **where: Any,
) -> Outcome:  # fmt: skip
    """What verification found; totals are complete, rows are limited and say so."""
    workspace = session.workspace()
    if package:
        ledger.require_package(workspace, package)
    filters = Filters(package=package, state=state, **{name: value or "" for name, value in where.items()})
    if out is not None:
        with session.watched() as progress:
            if whole:
                return written(export_rows(workspace, filters, out, columns=columns, progress=progress), out)
            return written(export_findings(workspace, filters, out, progress=progress), out)
    by_rule = {one.value: one.count for one in workbench.groups(workspace, "rule", filters)}
    rows = [asdict(row) for row in workbench.listed(workspace, filters, limit=limit)]
    states, total = workbench.counts(workspace, filters), sum(by_rule.values())
    data = {"total": total, "by_rule": by_rule, "states": asdict(states), "rows": rows, "shown": len(rows)}
    lines = table((_("rule"), _("count")), by_rule.items())
    if group:
        grouped = [asdict(one) for one in workbench.groups(workspace, group, filters)]
        data["groups"] = grouped
        lines += ["", *table((group, _("count"), _("errors")), (tuple(one.values()) for one in grouped))]
    lines.append(_("{open} open, {ignored} ignored, {fixed} corrected.").format(
        open=f"{states.open:,}", ignored=f"{states.ignored:,}", fixed=f"{states.fixed:,}"))  # fmt: skip
    lines.append(_("{shown} of {total} shown:").format(shown=f"{len(rows):,}", total=f"{total:,}"))
    lines += [f"{r['resource']} {r['key']} {r['field']}: {r['message']} {r['cure']}" for r in rows]
    return Outcome(data, lines)


@command("finding")
@click.argument("number", type=click.IntRange(min=1))
def finding(session: Session, number: int) -> Outcome:
    """The row of one finding, whole, and the rows that it was held against."""
    one = failing_row(session.workspace(), number)
    lines = [f"{one.resource} {one.key} · {one.rule} · {one.field} ({one.place})"]
    lines += [f"  {name}: {value}" for name, value in one.values.items() if value is not None]
    lines += [f"≟ {row.resource} {row.title}" for row in one.beside]
    return Outcome(asdict(one), lines)


@command("fix")
@click.option("--rule", required=True, help="A rule that knows its cure (see rules: fixable).")
@click.option("--apply", "applied", is_flag=True, help="Really correct; without it, only show what would change.")
@click.option("--reason", default="")
def fix(session: Session, *, rule: str, applied: bool, reason: str) -> Outcome:
    """Corrects what a rule knows how to correct, in the registry and in quarantine, as one undoable change set."""
    workspace = session.workspace()
    if not applied:
        preview = fixes.preview(workspace, rule)
        head = _("{registry} rows in the registry and {held} in quarantine would be corrected; {rest} could not.")
        lines = [head.format(
            registry=f"{preview.registry:,}", held=f"{preview.quarantine:,}", rest=f"{preview.not_curable:,}"
        )]  # fmt: skip
        lines += [f"{c.resource} {c.key} · {c.field}: {c.before} → {c.after}" for c in preview.changes[:_PREVIEW]]
        return Outcome({"applied": False, **asdict(preview)}, lines)
    with session.watched() as progress:
        result = fixes.apply(workspace, rule, reason=reason, progress=progress)
    told = _("{corrected} corrected, {released} let in from quarantine, {held} still held: change set {number}.")
    line = told.format(
        corrected=f"{result.corrected:,}", released=f"{result.released:,}", held=f"{result.held:,}",
        number=result.change_set,
    )  # fmt: skip
    return Outcome({"applied": True, **asdict(result)}, [line])


@command("ignore")
@click.option("--rule", required=True)
@click.option("--resource", type=click.Choice(list(RESOURCES)))
@click.option("--key", default="")
@click.option("--field", default="")
@click.option("--sender", type=click.Choice(SENDERS))
@click.option("--grid", "grid_code", default="")
@click.option("--community", "community_code", default="")
@click.option("--reason", default="")
@click.option("--until", default="", help="YYYY-MM-DD, at most a year ahead.")
def ignore(session: Session, *, reason: str, until: str, **what: Any) -> Outcome:
    """Ignores findings of a rule in a scope until a day, with a reason; the ignored count stays in sight."""
    workspace = session.workspace()
    number = ignoring.ignore(
        workspace, ignoring.Ignored(**{name: value or "" for name, value in what.items()}), reason=reason, until=until
    )
    now = workbench.counts(workspace)
    line = _("Ignored under number {number} until {until}; {ignored} findings are ignored now.").format(
        number=number, until=until, ignored=f"{now.ignored:,}"
    )
    return Outcome({"number": number, "ignored": now.ignored}, [line])


@command("ignored")
def ignored(session: Session) -> Outcome:
    """Everything that was ever ignored: who, why and until when."""
    rows = [dict(row._mapping) for row in ignoring.ignorings(session.workspace())]
    head = (_("number"), _("rule"), _("until"), _("who"), _("reason"), _("withdrawn"))
    shown = ((r["id"], r["rule"], r["until"], r["actor"], r["reason"], r["withdrawn_at"] or "") for r in rows)
    return Outcome({"rows": rows, "total": len(rows)}, table(head, shown))


@command("show-again")
@click.argument("number", type=click.IntRange(min=1))
def show_again(session: Session, number: int) -> Outcome:
    """Shows again what was ignored under a number."""
    ignoring.stop_ignoring(session.workspace(), number)
    return Outcome({"number": number}, [_("Shown again.")])


@command("hazard-proposals")
@click.option("--state", type=click.Choice(["open", "accepted", "dismissed"]), default="open", show_default=True)
@click.option("--accept", type=int, help="The number of one that is to be visited.")
@click.option("--dismiss", type=int, help="The number of one that is none.")
@click.option("--reason", default="")
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True)
@click.option("--out", type=FILE, help="Write all of them as a spreadsheet.")
def hazard_proposals(
    session: Session, *, state: str, accept: int | None, dismiss: int | None, reason: str, limit: int,
    out: Path | None,
) -> Outcome:  # fmt: skip
    """Houses in which the ordinance's rules suggest to look for a hazard; accept or dismiss one with a reason."""
    workspace = session.workspace()
    if out is not None:
        return written(export_proposals(workspace, out, state=state), out)
    number = accept or dismiss
    if number:
        proposals.decide_proposal(workspace, number, accept=bool(accept), reason=reason)
        return Outcome({"number": number, "accepted": bool(accept)}, [_("Decided.")])
    total, rows = proposals.proposals(workspace, state=state, limit=limit)
    data = [dict(row._mapping) for row in rows]
    shown = ((r["id"], r["house_code"], r["kind"], r["rule"], r["at"][:10]) for r in data)
    lines = [_("{shown} of {total} shown:").format(shown=f"{len(data):,}", total=f"{total:,}")]
    lines += table((_("number"), _("house"), _("kind"), _("rule"), _("since")), shown)
    return Outcome({"total": total, "rows": data, "shown": len(data)}, lines)
