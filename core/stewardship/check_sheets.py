"""The check sheet of a field audit round: written for whoever goes out, and read back as results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.i18n import _
from core.model.names import label
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.checks import CheckRow, read_checks, write_checks
from core.stewardship.audit_items import FOUND, Entry, enter_all, items
from core.stewardship.field_audit import round_of


@dataclass(frozen=True)
class Entered:
    """What a check sheet said: ``answered`` of its ``rows`` records, ``fresh`` of them said something new."""

    round: int
    rows: int
    answered: int
    fresh: int


@permits("field_audit.enter")
def write_check_sheet(workspace: Workspace, number: int, out: Path, *, community: str = "") -> int:
    """Writes the round's records (of one community) as a sheet to print or fill; returns how many they are."""
    with workspace.store.read() as connection:
        one = round_of(connection, number)
    listed = [item for item in items(workspace, number, community=community) if not item.gone]
    rows = [CheckRow(i.id, i.community_code, i.position, i.title, i.place, i.values) for i in listed]
    lines = [
        _("Field audit: {title}").format(title=one.title),
        _("{resource}, {count} records, chosen by chance (seed {seed}). Nobody may exchange one for another.").format(
            resource=label("resource", one.resource), count=f"{len(rows):,}", seed=one.seed
        ),
        _("Go there and say first whether it is there; if so, of every field whether it is as the registry says."),
        _("“Not recorded” is for what exists there while the registry says nothing."),
        _("Leave rows empty that nobody has looked at. Bring the filled sheet back under Field audit."),
    ]
    write_checks(out, rows, fields=one.fields, number=number, explanation=lines)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="field_audit.sheet",
            subject=f"field_audit:{number}", details={"records": len(rows), "community": community},
        )  # fmt: skip
    return len(rows)


@permits("field_audit.enter")
def enter_check_sheet(workspace: Workspace, path: Path) -> Entered:
    """Enters what a filled check sheet says, all of it or, where a row is not complete, nothing.

    Rows in which nothing was chosen were not looked at and say nothing. Raises ``SheetUnreadable``, ``RoundClosed``,
    ``ItemGone`` or ``ResultUnclear``.
    """
    number, answers = read_checks(path)
    told = [one for one in answers if one.found or one.results or one.remark]
    entries = [
        Entry(one.item, one.found or (FOUND if one.results else ""), one.results, one.remark) for one in told
    ]
    return Entered(number, len(answers), len(told), enter_all(workspace, number, entries))
