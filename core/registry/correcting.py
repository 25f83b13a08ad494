"""Corrected: a row that comes again answers what was found about it before, and lets go what was held of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, and_, select, update

from core.model.ledger import finding, quarantine
from core.registry.staging import Staged
from core.store import bulk


def corrected(connection: Connection, staged: Staged, number: int, sender: str, *, whole: bool) -> None:
    """Closes the sender's earlier findings about entities that came again in change set ``number``.

    What is still wrong is found anew in this change set, so nothing is counted twice and nothing is lost. Rows
    without a key cannot be told apart; a snapshot (``whole``) of its sender answers all of them.
    """
    came = staged.present.drop_nulls()
    for table, closed in ((finding, finding.c.fixed_in), (quarantine, quarantine.c.released_in)):
        mine = and_(
            table.c.resource == staged.resource.name, table.c.sender == sender, closed.is_(None),
            table.c.change_set.between(1, number - 1),  # 0 is the registry's own verification
        )  # fmt: skip
        rows = connection.execute(select(table.c.id, table.c.entity, table.c.key).where(mine)).all()
        answered = _answered([tuple(row) for row in rows], came, whole=whole)
        for some in bulk.chunks(answered):
            connection.execute(update(table).where(table.c.id.in_(some)).values({closed.name: number}))


def reopened(connection: Connection, number: int) -> None:
    """Takes ``corrected`` back (for undo)."""
    connection.execute(update(finding).where(finding.c.fixed_in == number).values(fixed_in=None))
    connection.execute(update(quarantine).where(quarantine.c.released_in == number).values(released_in=None))


def _answered(rows: Sequence[tuple[Any, ...]], came: pl.Series, *, whole: bool) -> list[int]:
    """The ids among ``(id, entity, key)`` that speak of an entity that came again."""
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "entity": pl.Int64, "key": pl.String}, orient="row")
    again = pl.col("entity").is_in(came.implode())
    keyless = pl.col("key").str.starts_with("#")
    wanted = ~keyless & again | keyless if whole else ~keyless & again
    return frame.filter(wanted)["id"].to_list()
