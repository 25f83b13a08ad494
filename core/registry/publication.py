"""Publication: which registry rows are due at which upstream system, decided with the change itself.

One delivery a record and destination is open (``waiting``, ``sent`` or ``held``) at any time. A newer version
takes the place of one that waits; one that somebody holds stays held, and is replaced when it is let go.
One whose receipt is awaited is left alone, because nobody knows yet whether it arrived: when its receipt
settles it, ``requeue_outdated`` compares it with the registry again and queues what has become due since.
What a receiver should hold is never remembered, always derived: the row as it stands against the deliveries
that were settled. What goes back to a source is derived in the same moments (``corrections``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from core.model.exchange import delivery
from core.model.ledger import setting
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.registry import corrections
from core.registry.corrections import Returned
from core.settings import RESOURCES as RESOURCE_FOLDER, read_toml
from core.store.bulk import chunks

_QUEUED: Final = (
    "target", "resource", "entity", "key", "op", "version", "change_set", "state", "attempts", "due_at", "queued_at",
)  # fmt: skip
_OPEN: Final = ("waiting", "sent", "held")
_SETTLED: Final = ("accepted", "rejected")
_BEGUN: Final = "queued_for."


@dataclass(frozen=True)
class Selection:
    """What one upstream system is to hold: rows of ``resource`` whose columns have one of the values named."""

    target: str
    resource: str
    where: Mapping[str, tuple[str, ...]]

    def fits(self) -> ColumnElement[bool]:
        """The condition on the registry's table; a retired row fits no selection."""
        table = TABLES[self.resource]
        return and_(table.c.retired_in.is_(None), *(table.c[c].in_(v) for c, v in self.where.items()))


@cache
def selections() -> tuple[Selection, ...]:
    """The selections of the connectors in ``resources/connectors`` that changes are queued for from the start."""
    return tuple(s for name, given in _declarations() if given.get("queued") for s in _selected(name, given))


def in_force(connection: Connection) -> tuple[Selection, ...]:
    """The selections that changes of this store are queued for: those from the start, and those begun since."""
    names = {str(name) for name in connection.execute(
        select(setting.c.name).where(setting.c.name.startswith(_BEGUN, autoescape=True))).scalars()}  # fmt: skip
    if not names:
        return selections()
    started = {s.target for s in selections()}
    return selections() + tuple(
        s for name, given in _declarations() if _BEGUN + name in names and name not in started
        for s in _selected(name, given)
    )  # fmt: skip


def returned_in_force(connection: Connection) -> tuple[Returned, ...]:
    """The sources that decisions of this store go back to, from the start or begun since."""
    declared = _returned()
    if not declared:
        return ()
    begun = {_BEGUN + r.target for r, _queued in declared}
    names = set(connection.execute(select(setting.c.name).where(setting.c.name.in_(begun))).scalars())
    return tuple(r for r, queued in declared if queued or _BEGUN + r.target in names)


def receivers(connection: Connection) -> set[str]:
    """The targets that changes are queued for."""
    return {s.target for s in in_force(connection)} | {r.target for r in returned_in_force(connection)}


def begin(connection: Connection, target: str, now: str) -> int:
    """Queues changes for ``target`` from now on, and at once all that it should hold and does not: how many."""
    hold_still(connection)
    if target not in receivers(connection):
        connection.execute(insert(setting).values(name=_BEGUN + target, value=now))
    pushed = sum(
        _queue(connection, s, true(), select(delivery.c.entity).where(_of(s)), now)
        for s in in_force(connection) if s.target == target
    )  # fmt: skip
    back = (r for r in returned_in_force(connection) if r.target == target)
    return pushed + sum(corrections.begin(connection, r, now) for r in back)


@cache
def _declarations() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    names = sorted(path.name for path in (RESOURCE_FOLDER / "connectors").glob("*.toml"))
    return tuple((name.removesuffix(".toml"), read_toml("connectors", name)) for name in names)


def _selected(target: str, declared: Mapping[str, Any]) -> list[Selection]:
    """What a connector's declaration selects of each resource."""
    pushed = declared.get("push", {})
    return [
        Selection(target, resource, {c: tuple(v) for c, v in given.get("where", {}).items()})
        for resource, given in pushed.items()
    ]


@cache
def _returned() -> tuple[tuple[Returned, bool], ...]:
    """What is declared to go back to a source, and whether from the start."""
    return tuple(
        (Returned(target, resource, str(given.get("sender", "bureau")), _corrected(resource, mapped)),
         bool(given.get("queued")))
        for target, given in _declarations()
        for resource, mapped in given.get("propose", {}).items() if mapped.get("what") == "corrections"
    )  # fmt: skip


def _corrected(resource: str, mapped: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that a mapping can correct: all but those that say which record it is."""
    fixed = {*RESOURCES[resource].key, RESOURCES[resource].alternative_key}
    return tuple(f["column"] for f in mapped["fields"].values() if f["column"] not in fixed)


def enqueue(connection: Connection, change_set_id: int, now: str) -> dict[str, int]:
    """Queues what the change set made due, in the caller's transaction: deliveries by target.

    Waiting deliveries of the same records are replaced; awaited ones stay (see the module's text).
    """
    hold_still(connection)
    due: dict[str, int] = {}
    for s in in_force(connection):
        due[s.target] = due.get(s.target, 0) + _enqueue(connection, s, change_set_id, now)
    for r in returned_in_force(connection):
        due[r.target] = due.get(r.target, 0) + corrections.enqueue(connection, r, change_set_id, now)
    return due


def withdraw(connection: Connection, change_set_id: int, now: str) -> int:
    """Takes back what an undone change set had queued; call it once the registry is restored.

    Returns how many records a receiver had been given or may have been given; for those, a correction
    (the restored version, or a retirement) is queued, at once or when the awaited receipt arrives.
    """
    hold_still(connection)
    mine = or_(delivery.c.change_set == change_set_id, delivery.c.reason == _superseded(change_set_id))
    waiting = and_(delivery.c.change_set == change_set_id, delivery.c.state.in_(("waiting", "held")))
    connection.execute(
        update(delivery)
        .where(waiting)
        .values(state="withdrawn", settled_at=now, reason=f"undone:{change_set_id}")
    )
    for s in in_force(connection):
        _queue(connection, s, TABLES[s.resource].c.id.in_(_entities(s, mine)), _entities(s, mine), now)
    for r in returned_in_force(connection):
        corrections.begin(
            connection, r, now
        )  # the words may have changed too: everything decided is weighed anew
    gone = and_(delivery.c.change_set == change_set_id, delivery.c.state.in_(("accepted", "sent")))
    return connection.execute(select(func.count()).select_from(delivery).where(gone)).scalar_one()


def requeue_outdated(connection: Connection, target: str, entities: Collection[int], now: str) -> int:
    """Queues those of ``entities`` whose newest settled delivery is not what the registry now says."""
    hold_still(connection)
    pushed = sum(
        _queue(connection, s, TABLES[s.resource].c.id.in_(some), select(delivery.c.entity).where(
            delivery.c.target == target, delivery.c.entity.in_(some)), now)
        for s in in_force(connection) if s.target == target
        for some in chunks(list(entities))
    )  # fmt: skip
    back = (r for r in returned_in_force(connection) if r.target == target)
    return pushed + sum(corrections.refresh(connection, r, list(entities), now) for r in back)


def hold_still(connection: Connection) -> None:
    """Lets one transaction at a time decide what is due (a row lock; SQLite has one writer anyway).

    Without it an import and a receipt in two sessions could each miss what the other commits.
    """
    connection.execute(select(setting.c.value).where(setting.c.name == "store_id").with_for_update()).all()


def key_text(resource: Resource) -> ColumnElement[str]:
    """The entity's key text as SQL over the registry's table."""
    table = TABLES[resource.name]
    first: ColumnElement[Any] = table.c[resource.key[0]]
    if resource.alternative_key:
        first = func.coalesce(func.nullif(first, ""), table.c[resource.alternative_key])
    for name in resource.key[1:]:
        first = first + ":" + table.c[name]
    return first


def _enqueue(connection: Connection, s: Selection, change_set_id: int, now: str) -> int:
    table = TABLES[s.resource]
    touched = table.c.changed_in == change_set_id
    entities = select(table.c.id).where(touched)
    if _any(connection, and_(delivery.c.target == s.target, delivery.c.state == "waiting")):
        replaced = _of(s, delivery.c.state == "waiting", delivery.c.entity.in_(entities))
        reason = _superseded(change_set_id)
        connection.execute(
            update(delivery).where(replaced).values(state="superseded", settled_at=now, reason=reason)
        )
    return _queue(connection, s, touched, entities, now)


def _queue(
    connection: Connection, s: Selection, among: ColumnElement[bool], entities: Select[Any], now: str
) -> int:
    """Queues due upserts ``among`` the registry's rows and due retirements of ``entities``: how many."""
    mine = delivery.c.target == s.target
    queries = [_upserts(s, among, now, known=_any(connection, mine),
                        settled=_any(connection, and_(mine, delivery.c.state.in_(_SETTLED))))]  # fmt: skip
    if _any(connection, and_(delivery.c.target == s.target, delivery.c.state == "accepted")):
        queries.append(_retirements(s, entities, now))
    keep = {"preserve_rowcount": True}  # PostgreSQL's driver forgets the count of an INSERT otherwise
    inserts = [insert(delivery).from_select(_QUEUED, query) for query in queries]
    return sum(connection.execute(one, execution_options=keep).rowcount for one in inserts)


def _upserts(
    s: Selection, among: ColumnElement[bool], now: str, *, known: bool, settled: bool
) -> Select[Any]:
    table = TABLES[s.resource]
    query = select(
        literal(s.target), literal(s.resource), table.c.id, key_text(RESOURCES[s.resource]), literal("upsert"),
        table.c.row_hash, table.c.changed_in, literal("waiting"), literal(0), literal(now), literal(now),
    ).where(among, s.fits())  # fmt: skip
    if known:
        query = query.where(~_is_open(s, table.c.id))
    if settled:
        query = query.where(~_last_settled_says(s))
    return query.order_by(table.c.id)


def _is_open(s: Selection, entity: ColumnElement[Any]) -> ColumnElement[bool]:
    other = delivery.alias()
    return exists(select(other.c.id).where(
        other.c.entity == entity, other.c.target == s.target, other.c.resource == s.resource,
        other.c.state.in_(_OPEN)))  # fmt: skip


def _last_settled_says(s: Selection) -> ColumnElement[bool]:
    """Whether the newest settled delivery of the row already was this very version.

    It counts even where the receiver rejected it: the same words again would be rejected again.
    """
    table, last, other = TABLES[s.resource], delivery.alias(), delivery.alias()
    newest = select(func.max(other.c.id)).where(
        other.c.entity == table.c.id, other.c.target == s.target, other.c.resource == s.resource,
        other.c.state.in_(_SETTLED),
    ).correlate(table).scalar_subquery()  # fmt: skip  # two levels in: it is not found by itself
    return exists(select(last.c.id).where(
        last.c.id == newest, last.c.op == "upsert", last.c.version == table.c.row_hash))  # fmt: skip


def _retirements(s: Selection, entities: Select[Any], now: str) -> Select[Any]:
    """Records that the receiver accepted and that no longer belong there, unless that was already said."""
    table, held, later = TABLES[s.resource], delivery.alias(), delivery.alias()
    belongs = exists(select(table.c.id).where(table.c.id == held.c.entity, s.fits()))
    said = exists(select(later.c.id).where(
        later.c.entity == held.c.entity, later.c.target == s.target, later.c.resource == s.resource,
        later.c.id > held.c.id,
        or_(later.c.state.in_((*_OPEN, "accepted")),
            and_(later.c.state == "rejected", later.c.op == "retire"))))  # fmt: skip
    changed_in = select(table.c.changed_in).where(table.c.id == held.c.entity).scalar_subquery()
    return select(
        literal(s.target), literal(s.resource), held.c.entity, held.c.key, literal("retire"), held.c.version,
        func.coalesce(changed_in, held.c.change_set), literal("waiting"), literal(0), literal(now), literal(now),
    ).where(
        held.c.target == s.target, held.c.resource == s.resource, held.c.state == "accepted",
        held.c.op == "upsert", held.c.entity.in_(entities), ~belongs, ~said,
    )  # fmt: skip


def _of(s: Selection, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(delivery.c.target == s.target, delivery.c.resource == s.resource, *conditions)


def _entities(s: Selection, mine: ColumnElement[bool]) -> Select[Any]:
    return select(delivery.c.entity).where(_of(s, mine))


def _any(connection: Connection, condition: ColumnElement[bool]) -> bool:
    return connection.execute(select(delivery.c.id).where(condition).limit(1)).first() is not None


def _superseded(change_set_id: int) -> str:
    return f"superseded:{change_set_id}"
