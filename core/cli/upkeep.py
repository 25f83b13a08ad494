"""Commands for the upkeep of grids: what is due again, and who keeps what."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from core.cli.output import Outcome, table
from core.cli.session import FILE, Session, command, written
from core.i18n import _
from core.stewardship import upkeep
from core.stewardship.exporting_lists import export_overdue
from core.stewardship.upkeep import KEPT_UP, Filters


def add_to(cli: click.Group) -> None:
    """Adds ``overdue`` and ``hand-over``."""
    for one in (overdue, hand_over):
        cli.add_command(one)


@command("overdue")
@click.option("--grid", default="", help="Only this grid; lists the records in it too.")
@click.option("--community", default="", help="12 digits.")
@click.option("--maintainer", default="")
@click.option("--limit", type=click.IntRange(min=0), default=100, show_default=True, help="Records a kind.")
@click.option("--out", type=FILE, help="Write every overdue record as a spreadsheet.")
def overdue(
    session: Session, *, grid: str, community: str, maintainer: str, limit: int, out: Path | None
) -> Outcome:
    """What is due again by the cycle of its grid, by grid and maintainer; the counts are complete."""
    workspace = session.workspace()
    if out is not None:
        with session.watched() as progress:
            filters = Filters(grid, community, maintainer)
            return written(export_overdue(workspace, filters, out, progress=progress), out)
    grids = upkeep.overdue(workspace, Filters(grid, community, maintainer))
    data: dict[str, object] = {
        "total": sum(one.total for one in grids), "grids": [asdict(one) | {"total": one.total} for one in grids],
    }  # fmt: skip
    head = (_("grid"), _("maintainer"), _("cycle (days)"), *KEPT_UP, _("oldest"))
    rows = (
        (g.grid_code, g.maintainer, g.cycle_days, *(g.overdue.get(r, 0) for r in KEPT_UP), g.oldest) for g in grids
    )
    lines = table(head, rows)
    if grid:
        listed = {resource: upkeep.items(workspace, grid, resource, limit=limit) for resource in KEPT_UP}
        data["items"] = {r: {"total": total, "rows": [asdict(i) for i in some]} for r, (total, some) in listed.items()}
        late = _("{days} days overdue")
        lines += [
            f"{i.resource} {i.title}: {i.collected_at[:10]}, {late.format(days=i.days)}"
            for _total, some in listed.values() for i in some
        ]  # fmt: skip
    return Outcome(data, lines)


@command("hand-over")
@click.option("--grid", default="", help="This grid only; otherwise all of a maintainer's.")
@click.option("--from", "maintainer", default="", help="Who gives the grids away.")
@click.option("--to", default="", help="Who takes them over.")
@click.option("--reason", default="")
@click.option("--undo", is_flag=True, help="Take the last hand-over of --grid back.")
def hand_over(session: Session, *, grid: str, maintainer: str, to: str, reason: str, undo: bool) -> Outcome:
    """Gives grids with their overdue lists to another maintainer."""
    workspace = session.workspace()
    if undo:
        back = upkeep.take_back_hand_over(workspace, grid)
        return Outcome({"grid": grid, "maintainer": back}, [_("{who} keeps {grid} again.").format(who=back, grid=grid)])
    if not grid and not maintainer:
        raise upkeep.HandOverIncomplete(
            _("Nothing handed over: it takes a grid, who takes it over, and a reason."),
            cure=_("Name the grid, or the maintainer who goes, and somebody else who comes."),
        )
    codes = upkeep.hand_over_grids(workspace, Filters(grid=grid, maintainer=maintainer), to, reason=reason)
    line = _("{count} grids handed over to {to}.").format(count=f"{len(codes):,}", to=to)
    return Outcome({"grids": list(codes), "count": len(codes), "to": to}, [line])
