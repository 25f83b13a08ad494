"""Rejections as findings: what an upstream system would not have is on the steward's list, with its own words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from core.exchange.leasing import Leased
from core.exchange.receipts import Item
from core.model.exchange import delivery
from core.model.ledger import finding
from core.model.registry import TABLES
from core.store.bulk import chunks

RULE: Final = "upstream.rejected"
_LONGEST = 200


def enter(connection: Connection, target: str, refused: Sequence[tuple[Leased, Item]]) -> None:
    """Puts a finding on the list for each record that the receiver rejected."""
    said: dict[str, dict[int, Any]] = {}
    for resource in {leased.resource for leased, _item in refused}:
        table = TABLES[resource]
        ids = [leased.entity for leased, _item in refused if leased.resource == resource]
        query = select(table.c.id, table.c.source, table.c.collector)
        said[resource] = {
            row[0]: row
            for some in chunks(ids)
            for row in connection.execute(query.where(table.c.id.in_(some)))
        }
    rows = [
        _finding(target, leased, item, said[leased.resource].get(leased.entity)) for leased, item in refused
    ]
    if rows:
        connection.execute(insert(finding), rows)


def clear(connection: Connection, target: str, entities: Collection[int]) -> None:
    """Marks earlier rejections of records as corrected, by the change set of what was settled last."""
    if not entities or not _any_open(connection, target):
        return
    for some in chunks(list(entities)):
        query = select(finding.c.id, delivery.c.change_set).join(
            delivery, and_(delivery.c.entity == finding.c.entity, delivery.c.target == target)
        ).where(_open(target), finding.c.entity.in_(some)).order_by(delivery.c.id)  # fmt: skip
        newest = {row[0]: row[1] for row in connection.execute(query)}
        rows = [{"to_id": number, "to_fixed": change} for number, change in newest.items()]
        if rows:
            corrected = update(finding).where(finding.c.id == bindparam("to_id"))
            connection.execute(corrected.values(fixed_in=bindparam("to_fixed")), rows)


def _finding(target: str, leased: Leased, item: Item, row: Any) -> dict[str, Any]:
    """The finding of one rejection; ``value`` holds the target, its code and its words."""
    value = f"{target} {item.code} {item.message}".strip()[:_LONGEST]
    return {
        "change_set": 0, "resource": leased.resource, "line": 0, "key": leased.key, "rule": RULE, "severity": "error",
        "field": "", "value": value, "entity": leased.entity, "sender": row[1] if row else None,
        "collector": row[2] if row else None,
    }  # fmt: skip


def _any_open(connection: Connection, target: str) -> bool:
    return connection.execute(select(finding.c.id).where(_open(target)).limit(1)).first() is not None


def _open(target: str) -> ColumnElement[bool]:
    mine = finding.c.value.startswith(f"{target} ", autoescape=True)
    return and_(finding.c.rule == RULE, finding.c.fixed_in.is_(None), mine)
