"""What was found in the field, record by record: the records of a round, and entering results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.registry import HISTORY, TABLES
from core.model.resources import RESOURCES
from core.model.stewardship import audit_item
from core.registry.record import title_of
from core.security import audit
from core.security.masking import mask_text
from core.security.workspace import Workspace, permits
from core.stewardship.field_audit import Round, may_see, require_open, round_of
from core.store import bulk

VERDICTS: Final = ("right", "wrong", "missing")
"""Right: the registry says what is so, nothing included. Wrong: it says something else. Missing: it says nothing
of what is there."""
FOUND, NOT_FOUND = "found", "not_found"


class ResultUnclear(GridLinkError):
    """A result does not say what was found of every field."""

    code = "audit_result_unclear"


class VisitForAnother(GridLinkError):
    """The visit was handed to somebody else."""

    code = "visit_for_another"


class ItemGone(GridLinkError):
    """The round has no such record."""

    code = "audit_item_gone"


@dataclass(frozen=True)
class Item:
    """A record of a round: ``values`` is what the registry said of it when it was drawn, masked as it is there.

    ``found`` is empty until somebody looked. ``gone``: an import was undone and took the record with it;
    ``changed``: the registry says something else by now.
    """

    id: int
    community_code: str
    position: int
    entity: int
    key: str
    title: str
    place: str
    values: Mapping[str, Any]
    gone: bool
    changed: bool
    found: str
    results: Mapping[str, str]
    remark: str
    checked_at: str
    checked_by: str


@dataclass(frozen=True)
class Entry:
    """What somebody found: ``results`` says right, wrong or missing of every field of a record that was found."""

    item: int
    found: str
    results: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""


@permits("field_audit.enter")
def items(workspace: Workspace, number: int, *, community: str = "") -> Sequence[Item]:
    """The round's records by community and position; that records of people were shown is audited."""
    with workspace.store.read() as connection:
        one = _mine(workspace, round_of(connection, number))
        listed = _items(connection, one, community)
    if listed and personal(one):
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="field_audit.read",
                subject=f"field_audit:{number}", details={"community": community, "records": len(listed)},
            )  # fmt: skip
    return listed


@permits("field_audit.enter")
def enter(
    workspace: Workspace, number: int, item: int, found: str, results: Mapping[str, str] | None = None,
    *, remark: str = "",
) -> bool:  # fmt: skip
    """Enters what was found of one record; returns whether it says anything new."""
    return enter_all(workspace, number, [Entry(item, found, results or {}, remark)]) == 1


@permits("field_audit.enter")
def enter_all(workspace: Workspace, number: int, entries: Sequence[Entry]) -> int:
    """Enters results together or, where one of them is unclear, none; returns how many say something new.

    The same result again changes nothing; another one takes its place until the round is closed.
    Raises ``RoundClosed``, ``ItemGone`` or ``ResultUnclear``.
    """
    with workspace.store.write() as connection:
        one = _mine(workspace, require_open(connection, number))
        before = _entered(connection, number)
        fresh = [entry for entry in (_sound(one, e, before) for e in entries) if before[entry.item] != entry]
        for entry in fresh:
            values = {"found": entry.found, "results": dict(entry.results), "remark": entry.remark}
            connection.execute(
                update(audit_item)
                .where(audit_item.c.id == entry.item)
                .values(**values, checked_at=workspace.now(), checked_by=workspace.actor.name)
            )
        if fresh:
            again = sum(1 for entry in fresh if before[entry.item].found)
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="field_audit.entered",
                subject=f"field_audit:{number}",
                details={"entered": len(fresh), "replaced": again, "items": sorted(e.item for e in fresh)[:100]},
            )  # fmt: skip
    return len(fresh)


def _mine(workspace: Workspace, one: Round) -> Round:
    if not may_see(workspace, one):
        raise VisitForAnother(
            _("Visit {number} was handed to {user}.").format(number=one.id, user=one.assignee),
            cure=_("Ask who hands visits out to hand it over."),
        )
    return one


def personal(one: Round) -> bool:
    """Whether the round shows personal fields."""
    return (
        any(RESOURCES[one.resource].by_name[name].personal for name in one.fields) or one.resource == "person"
    )


def _entered(connection: Connection, number: int) -> dict[int, Entry]:
    columns = (audit_item.c.id, audit_item.c.found, audit_item.c.results, audit_item.c.remark)
    rows = connection.execute(select(*columns).where(audit_item.c.round == number))
    return {row.id: Entry(row.id, row.found or "", row.results or {}, row.remark or "") for row in rows}


def _sound(one: Round, entry: Entry, known: Mapping[int, Entry]) -> Entry:
    """The entry as it is kept: checked against the round, with numbers of persons in the remark masked."""
    if entry.item not in known:
        raise ItemGone(
            _("Round {number} has no record {item}.").format(number=one.id, item=entry.item),
            cure=_("Look at the round's records again."),
        )
    remark = mask_text(entry.remark.strip())
    if entry.found == NOT_FOUND:
        return Entry(entry.item, NOT_FOUND, {}, remark)
    wrong = [name for name in one.fields if entry.results.get(name) not in VERDICTS]
    if entry.found != FOUND or wrong or set(entry.results) - set(one.fields):
        raise ResultUnclear(
            _("The result of record {item} is not complete.").format(item=entry.item),
            cure=_(
                "Say whether it was found and, if so, of every field whether it is right, wrong or missing."
            ),
            fields=wrong,
        )
    return Entry(entry.item, FOUND, {name: entry.results[name] for name in one.fields}, remark)


def _items(connection: Connection, one: Round, community: str) -> list[Item]:
    query = select(audit_item).where(audit_item.c.round == one.id)
    if community:
        query = query.where(audit_item.c.community_code == community)
    rows = connection.execute(query.order_by(audit_item.c.community_code, audit_item.c.position)).all()
    ids = [row.entity for row in rows]
    now = _present(connection, one, ids)
    then = now | _superseded(connection, one, [n for n in ids if n not in now or _later(now[n], one)])
    places = _places(connection, then)
    return [_item(row, one, then.get(row.entity), now.get(row.entity), places) for row in rows]


def _item(
    row: Any, one: Round, then: dict[str, Any] | None, now: dict[str, Any] | None, places: Mapping[str, str]
) -> Item:
    held = then or {}
    changed = now is not None and then is not None and any(now[name] != then[name] for name in one.fields)
    return Item(
        id=row.id, community_code=row.community_code, position=row.position, entity=row.entity, key=row.key,
        title=title_of(one.resource, held) if held else row.key,
        place=held.get("full_text") or places.get(held.get("address_code") or held.get("house_code") or "", ""),
        values={name: held.get(name) for name in one.fields}, gone=then is None, changed=changed,
        found=row.found or "", results=row.results or {}, remark=row.remark or "",
        checked_at=row.checked_at or "", checked_by=row.checked_by or "",
    )  # fmt: skip


def _later(held: Mapping[str, Any], one: Round) -> bool:
    return int(held["changed_in"]) > one.drawn_in


def _present(connection: Connection, one: Round, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    table = TABLES[one.resource]
    rows = (
        r for some in bulk.chunks(ids) for r in connection.execute(select(table).where(table.c.id.in_(some)))
    )
    return {row.id: dict(row._mapping) for row in rows}


def _superseded(connection: Connection, one: Round, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What the registry said of ``ids`` when the round was drawn, where it has changed since."""
    past = HISTORY[one.resource]
    query = select(past).where(past.c.superseded_in > one.drawn_in, past.c.changed_in <= one.drawn_in)
    rows = (r for some in bulk.chunks(ids) for r in connection.execute(query.where(past.c.id.in_(some))))
    return {row.id: dict(row._mapping) for row in rows}


def _places(connection: Connection, held: Mapping[int, Mapping[str, Any]]) -> dict[str, str]:
    """The standard address by address code and by house code."""
    address, house = TABLES["address"], TABLES["house"]
    codes = sorted({str(row["address_code"]) for row in held.values() if row.get("address_code")})
    houses = sorted({str(row["house_code"]) for row in held.values() if row.get("house_code")})
    direct = select(address.c.address_code, address.c.full_text)
    through = select(house.c.house_code, address.c.full_text).join(
        address, address.c.address_code == house.c.address_code
    )
    found: dict[str, str] = {}
    for query, column, wanted in (
        (direct, address.c.address_code, codes),
        (through, house.c.house_code, houses),
    ):
        for start in range(0, len(wanted), 5000):
            rows = connection.execute(query.where(column.in_(wanted[start : start + 5000])))
            found |= {row[0]: row[1] for row in rows}
    return found
