"""The registry's tables: one per resource with a twin that keeps superseded versions.

``id`` is the 64-bit xxHash of the entity's key text (two's complement), so the same entity has the same
id in every store and references compare as integers. ``prov_<group>`` names the change set that last set
the columns of that provenance group; a change set leads to its package, sender and time.
"""

from __future__ import annotations

from typing import Any, Final

import xxhash
from sqlalchemy import Column, Float, Index, Integer, String, Table

from core.model import resources
from core.model.metadata import BigId, metadata, number, text
from core.model.resources import Resource

_TYPES: dict[str, Any] = {"integer": Integer, "number": Float, "year": Integer}
BOOKKEEPING: Final = ("source", "collected_at", "collector", "row_hash", "created_in", "changed_in", "retired_in")

_LEADING: Final = {("address", "grid_code"): ("address_code",), ("house", "address_code"): ("house_code",)}
"""What an index also holds, so that the way from a grid to its people looks at no row of addresses and houses."""


def entity_id(key: str) -> int:
    """The signed 64-bit id of the entity whose key text is ``key`` (xxHash64, seed 0)."""
    unsigned = xxhash.xxh64_intdigest(key.encode())
    return unsigned - (1 << 64) if unsigned >= 1 << 63 else unsigned


def _columns(resource: Resource) -> list[Column[Any]]:
    own = [Column(c.name, _TYPES.get(c.kind, String)) for c in resource.columns]
    provenance = [number(f"prov_{group}") for group in resource.groups]
    return [
        *own,
        text("source"),
        text("collected_at"),
        text("collector"),
        number("row_hash"),
        number("created_in"),
        number("changed_in"),
        Column("retired_in", BigId),
        *provenance,
    ]


def _table(resource: Resource) -> Table:
    table = Table(
        resource.name, metadata, Column("id", BigId, primary_key=True, autoincrement=False), *_columns(resource)
    )
    retired = table.c.retired_in.is_not(None)
    Index(f"ix_{resource.name}_retired", table.c.retired_in, sqlite_where=retired, postgresql_where=retired)
    Index(None, table.c.changed_in)  # what one change set wrote: undo, search index and publication ask for it
    for column in resource.columns:
        if column.indexed:
            leads = [table.c[name] for name in _LEADING.get((resource.name, column.name), ())]
            Index(None, table.c[column.name], *leads)
    return table


def _history(resource: Resource) -> Table:
    return Table(
        f"{resource.name}_history", metadata,
        Column("id", BigId, primary_key=True, autoincrement=False),
        Column("superseded_in", BigId, primary_key=True, autoincrement=False),
        *_columns(resource),
    )  # fmt: skip


TABLES: Final[dict[str, Table]] = {name: _table(r) for name, r in resources.RESOURCES.items()}
HISTORY: Final[dict[str, Table]] = {name: _history(r) for name, r in resources.RESOURCES.items()}
