"""The check sheet of a field audit round: per community a page to print, with what the registry said then."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.i18n import N_, _
from core.jobs import Progress
from core.model.labels import field_title, shown_value
from core.model.names import label
from core.registry.divisions import division_name
from core.security import audit
from core.security.workspace import Workspace, permits
from core.sheets.check_sheets import Line, write_check_sheets
from core.stewardship.audit_items import Item, items
from core.stewardship.field_audit import Round, round_of

VERDICT_WORDS: Final = {"right": N_("right"), "wrong": N_("wrong"), "missing": N_("nothing entered")}
"""The three verdicts as people read them."""


@permits("field_audit.enter")
def write_check_sheet(
    workspace: Workspace, number: int, out: Path, *, community: str = "", progress: Progress | None = None
) -> int:
    """Writes the round's records as check sheets, one a community; returns how many records. Audited."""
    progress = progress or Progress()
    progress.phase(_("Writing {file}").format(file=out.name))
    with workspace.store.read() as connection:
        one = round_of(connection, number)
    listed = items(workspace, number, community=community)
    sheets: dict[str, list[Line]] = {}
    for item in listed:
        name = f"{division_name(item.community_code)} {item.community_code[-6:]}"
        sheets.setdefault(name, []).append(_line(one, item))
    progress.checkpoint()
    write_check_sheets(
        out, sheets, title=one.title, about=_about(one), fields=[field_title(name) for name in one.fields],
        verdicts=[_(word) for word in VERDICT_WORDS.values()], footer=f"{workspace.actor.name}  {workspace.now()[:16]}",
    )  # fmt: skip
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="field_audit.check_sheet",
            subject=f"field_audit:{number}", details={"community": community, "records": len(listed)},
        )  # fmt: skip
    return len(listed)


def _line(one: Round, item: Item) -> Line:
    values = [
        shown_value(name, item.values[name]) if item.values[name] is not None else "" for name in one.fields
    ]
    return Line(item.position, item.title, "" if item.place == item.title else item.place, values)


def _about(one: Round) -> str:
    return _("{kind} · round {number} · seed {seed} · drawn {day} by {who}").format(
        kind=label("resource", one.resource), number=one.id, seed=one.seed, day=one.at[:10], who=one.actor
    )
