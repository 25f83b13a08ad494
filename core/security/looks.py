"""Who looked at personal data: the audit chain's entries about reading people, as an auditor reads them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, or_, select

from core.i18n import N_, _
from core.model.names import label
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.model.security import audit_entry
from core.security.workspace import Workspace, permits

Which = Literal["revealed", "outside", "all"]
ACTIONS: Final = {
    "identity.revealed": N_("identity shown unmasked"),
    "identity.unknown": N_("identity asked for, none held"),
    "exchange.identity_sent": N_("full identities sent to a system"),
    "entry.granted": N_("record outside the own grids opened"),
    "entry.listed": N_("list beyond the own grids opened"),
    "entry.exported": N_("list beyond the own grids exported"),
    "entry.used": N_("file outside the own grids read"),
    "person.read": N_("person's file opened"),
    "person.list": N_("people of an address or house listed"),
    "person.overdue": N_("overdue people of a grid listed"),
    "person.compare": N_("what departments say of a person compared"),
    "registry.search": N_("searched"),
    "registry.filter": N_("table filtered"),
    "registry.export": N_("table exported"),
    "record.printed": N_("file printed"),
}
_CHOSEN: Final[dict[Which, tuple[str, ...]]] = {
    "revealed": ("identity.revealed", "identity.unknown", "exchange.identity_sent"),
    "outside": ("entry.granted", "entry.used", "entry.listed", "entry.exported"),
    "all": tuple(ACTIONS),
}

_NAMED: Final = {
    "address": "full_text",
    "house": "house_code",
    "person": "house_code",
    "organisation": "name",
}


@dataclass(frozen=True)
class Look:
    """One act of looking; ``reason`` is what was stated, ``shown`` how many people or hits it showed."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    reason: str
    shown: int | None


@permits("audit.read")
def looks(
    workspace: Workspace,
    which: Which = "revealed",
    *,
    actor: str = "",
    before: int | None = None,
    limit: int = 500,
) -> Sequence[Look]:
    """The latest first, at most ``limit`` of those below number ``before``.

    ``revealed`` are shown unmasked or were sent so, ``outside`` lie outside the reader's own grids.
    """
    query = select(audit_entry).where(or_(*(audit_entry.c.action == action for action in _CHOSEN[which])))
    if actor:
        query = query.where(audit_entry.c.actor == actor)
    if before is not None:
        query = query.where(audit_entry.c.number < before)
    with workspace.store.read() as connection:
        rows = connection.execute(query.order_by(audit_entry.c.number.desc()).limit(limit)).mappings().all()
        named = _named(connection, {row["subject"] for row in rows})
    return [_look(row, named) for row in rows]


def action_name(action: str) -> str:
    """An act as people read it."""
    return _(ACTIONS.get(action, action))


def _named(connection: Connection, subjects: Collection[str]) -> Mapping[str, str]:
    """Records as an auditor finds them: an address by its text, a house and its people by the house's code."""
    wanted: dict[str, list[int]] = {}
    for subject in subjects:
        resource, _colon, entity = subject.partition(":")
        if resource in _NAMED and entity.lstrip("-").isdigit():
            wanted.setdefault(resource, []).append(int(entity))
    found: dict[str, str] = {}
    for resource, ids in wanted.items():
        table = TABLES[resource]
        query = select(table.c.id, table.c[_NAMED[resource]]).where(table.c.id.in_(ids))
        kind = label("resource", resource)
        found |= {f"{resource}:{one}": f"{kind} {name}" for one, name in connection.execute(query)}
    return found


def _look(row: Mapping[Any, Any], named: Mapping[str, str]) -> Look:
    details = json.loads(row["details"])
    shown = next((details[name] for name in ("people", "hits", "rows", "shown") if name in details), None)
    return Look(
        row["number"],
        row["at"],
        row["actor"],
        row["action"],
        _subject(named.get(row["subject"], row["subject"]), details),
        details.get("reason", ""),
        shown,
    )


def _subject(subject: str, details: Mapping[str, Any]) -> str:
    """Whose record or which file it was; of a table also its kind and by which filter its rows were chosen."""
    told = (
        _kind(subject),
        _kind(details.get("resource", "")),
        details.get("filter", ""),
        details.get("grid", ""),
    )
    return " · ".join(part for part in told if part)


def _kind(name: str) -> str:
    return label("resource", name) if name in RESOURCES else name
