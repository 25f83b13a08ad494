"""Dropping again what left as a file and whose receipt never came: under its own key, so that nothing doubles."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from core.exchange.declared import current
from core.exchange.gates import gates_of
from core.exchange.leasing import Leased
from core.model.exchange import delivery
from core.model.registry import TABLES
from core.registry import publication
from core.registry.publication import Selection
from core.store.bulk import chunks


def drop_again(connection: Connection, target: str, ids: Collection[int], *, now: str) -> int:
    """Puts those of the deliveries that are awaited and that nobody works on back to waiting; returns how many.

    The receiver takes each key once, so what did arrive is only receipted again. A record that has since been
    taken back, or become again what was accepted before, stays awaited: without this receipt nobody knows
    whether the receiver must be told.
    """
    moved = _back_again(connection, target, ids, now=now)
    for s in (s for s in publication.in_force(connection) if s.target == target):
        left = and_(
            delivery.c.target == target, delivery.c.resource == s.resource, delivery.c.state == "sent",
            delivery.c.lease_until.is_(None), _is_safe(s),
        )  # fmt: skip
        again = update(delivery).values(state="waiting", due_at=now, batch=None)
        for some in chunks(list(ids)):
            moved += connection.execute(again.where(left, delivery.c.id.in_(some))).rowcount
    return moved


def _back_again(connection: Connection, target: str, ids: Collection[int], *, now: str) -> int:
    """What goes back to a source and still says what the registry holds."""
    moved, again = 0, update(delivery).values(state="waiting", due_at=now, batch=None)
    columns = [delivery.c[name] for name in Leased._fields]
    for resource, gate in gates_of(current(connection, target)).items():
        left = and_(
            delivery.c.target == target, delivery.c.resource == resource, delivery.c.state == "sent",
            delivery.c.lease_until.is_(None), delivery.c.op.in_(("correct", "propose")),
        )  # fmt: skip
        for some in chunks(list(ids)):
            items = connection.execute(select(*columns).where(left, delivery.c.id.in_(some))).all()
            safe = gate.inspect(connection, [Leased(*row) for row in items]) if items else None
            here = [item.id for item, _record in safe.ready] if safe else []
            moved += connection.execute(again.where(left, delivery.c.id.in_(here))).rowcount if here else 0
    return moved


def _is_safe(s: Selection) -> ColumnElement[bool]:
    """Whether the same will leave again, or something newer about the same record."""
    table, before = TABLES[s.resource], delivery.alias()
    mine = and_(table.c.id == delivery.c.entity, s.fits())
    belongs = exists(select(table.c.id).where(mine))
    settled = exists(select(before.c.id).where(
        before.c.target == delivery.c.target, before.c.resource == delivery.c.resource,
        before.c.entity == delivery.c.entity, before.c.state == "accepted", before.c.version == table.c.row_hash,
    ).correlate(delivery, table))  # fmt: skip
    goes = exists(select(table.c.id).where(mine, or_(table.c.row_hash == delivery.c.version, ~settled)))
    return or_(and_(delivery.c.op == "upsert", goes), and_(delivery.c.op == "retire", ~belongs))
