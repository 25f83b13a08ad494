"""The registry's fingerprint: equal digests mean that two stores hold the same base data."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Select, select

from core.model.ledger import missing, source_record
from core.model.registry import TABLES
from core.model.stewardship import decision


def digest(connection: Connection) -> str:
    """``sha256:`` over every entity's id, content hash, source, date and state, in id order.

    Change-set numbers are left out: a package imported, undone and imported again gives the same digest.
    """
    total = hashlib.sha256()
    for name, table in TABLES.items():
        columns = (
            table.c.id,
            table.c.row_hash,
            table.c.source,
            table.c.collected_at,
            table.c.retired_in.is_(None),
        )
        _feed(connection, total, name, select(*columns).order_by(table.c.id))
    beside = select(
        source_record.c.resource, source_record.c.entity, source_record.c.source, source_record.c.row_hash
    )
    _feed(connection, total, "source_record", beside.order_by(*beside.selected_columns))
    settled = (decision.c.resource, decision.c.entity, decision.c.group_name, decision.c.row)
    decided = select(*settled, decision.c.fingerprint)
    _feed(connection, total, "decision", decided.order_by(decision.c.id))
    gone = select(missing.c.resource, missing.c.entity)
    _feed(connection, total, "missing", gone.order_by(*gone.selected_columns))
    return f"sha256:{total.hexdigest()}"


def _feed(connection: Connection, total: Any, name: str, rows: Select[Any]) -> None:
    total.update(name.encode())
    for batch in connection.execute(rows).partitions(10_000):
        total.update(repr([tuple(row) for row in batch]).encode())
