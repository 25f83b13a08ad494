"""What a package would change: its staged rows against what the registry holds, read as (id, hash)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, Table, and_, not_, or_, select

from core.model.ledger import source_record
from core.model.registry import TABLES
from core.model.resources import Resource, references
from core.registry.staging import Staged
from core.settings import read_toml
from core.store.bulk import chunks

_HELD = {"id": pl.Int64, "held_hash": pl.Int64, "held_source": pl.String, "held_retired": pl.Boolean}
_KEPT = {"id": pl.Int64, "kept_hash": pl.Int64}
_FEW = 20_000
_BECOMES = "_becomes"
"""What a row would become; no resource has a column of this name, as many have one named ``kind``."""


@dataclass(frozen=True)
class Difference:
    """The split of one resource's accepted rows; every frame carries the staged columns.

    ``aside`` are words about entities that a more authoritative department already speaks for; they become
    source records. ``yielding`` are ids whose present word steps aside for a more authoritative one.
    """

    resource: Resource
    new: pl.DataFrame
    changed: pl.DataFrame
    unchanged: int
    retired: pl.DataFrame
    aside: pl.DataFrame
    yielding: list[int]
    missing: list[int]

    @property
    def counts(self) -> dict[str, int]:
        """Figures for people; a word kept aside counts as changed, because something will be stored."""
        return {
            "new": self.new.height,
            "changed": self.changed.height + self.aside.height,
            "unchanged": self.unchanged,
            "retired": self.retired.height,
            "missing": len(self.missing),
        }


def difference(
    connection: Connection, staged: Staged, *, sender: str, mode: str, scope: Sequence[str]
) -> Difference:
    """Compares by id and row hash; only the rows that differ are ever read whole."""
    table = TABLES[staged.resource.name]
    held = _held(connection, table, staged, whole=mode == "snapshot")
    kept = _kept(connection, staged.resource.name, sender)
    rows = staged.accepted.join(held, on="id", how="left").join(kept, on="id", how="left")
    retiring = pl.col("op") == "retire" if mode == "delta" and "op" in rows.columns else pl.lit(False)
    here = pl.col("held_hash").is_not_null()
    own = here & (pl.col("held_source") == sender)
    outranked = here & ~own & pl.col("held_source").is_in(_outranking(staged.resource.name, sender))
    same = (pl.col("row_hash") == pl.col("held_hash")) & ~pl.col("held_retired")
    kept_same = (pl.col("kept_hash") == pl.col("row_hash")).fill_null(False)
    kind = (
        pl.when(retiring & here & ~outranked & ~pl.col("held_retired")).then(pl.lit("retired"))
        .when(retiring).then(pl.lit("unchanged"))
        .when(~here).then(pl.lit("new"))
        .when(outranked & ~kept_same).then(pl.lit("aside"))
        .when(outranked | (own & same)).then(pl.lit("unchanged"))
        .otherwise(pl.lit("changed"))
    )  # fmt: skip
    parts = rows.with_columns(kind.alias(_BECOMES))

    def part(name: str) -> pl.DataFrame:
        return parts.filter(pl.col(_BECOMES) == name)

    changed = part("changed")
    return Difference(
        resource=staged.resource,
        new=part("new"),
        changed=changed,
        unchanged=parts.filter(pl.col(_BECOMES) == "unchanged").height,
        retired=part("retired"),
        aside=part("aside"),
        yielding=changed.filter(pl.col("held_source") != sender)["id"].to_list(),
        missing=_missing(connection, staged, held, sender, scope) if mode == "snapshot" else [],
    )


def _outranking(resource: str, sender: str) -> list[str]:
    """The departments whose word stands above the sender's for this resource (``authority.toml``)."""
    ranks: dict[str, list[str]] = read_toml("authority.toml")
    order = ranks.get(resource, ranks["default"])
    return order[: order.index(sender)] if sender in order else order


def _held(connection: Connection, table: Table, staged: Staged, *, whole: bool) -> pl.DataFrame:
    columns = select(table.c.id, table.c.row_hash, table.c.source, table.c.retired_in.is_not(None))
    if whole or staged.accepted.height > _FEW:
        return _frame(connection, columns, _HELD)
    ids = staged.accepted["id"].to_list()
    parts = [_frame(connection, columns.where(table.c.id.in_(some)), _HELD) for some in chunks(ids)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_HELD)


def _kept(connection: Connection, resource: str, sender: str) -> pl.DataFrame:
    mine = (source_record.c.resource == resource) & (source_record.c.source == sender)
    return _frame(connection, select(source_record.c.entity, source_record.c.row_hash).where(mine), _KEPT)


def _frame(connection: Connection, query: Select[Any], schema: dict[str, Any]) -> pl.DataFrame:
    rows = connection.execute(query).fetchall()
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row", strict=False)


def _missing(
    connection: Connection, staged: Staged, held: pl.DataFrame, sender: str, scope: Sequence[str]
) -> list[int]:
    """Ids that the sender once reported within the snapshot's scope and now does not."""
    mine = held.filter((pl.col("held_source") == sender) & ~pl.col("held_retired"))
    gone = mine.filter(~pl.col("id").is_in(staged.present.implode()))["id"]
    if gone.is_empty():
        return []
    inside = _ids_within(connection, staged.resource, scope)
    return sorted(gone.to_list() if inside is None else set(gone.to_list()) & inside)


def _ids_within(connection: Connection, resource: Resource, scope: Sequence[str]) -> set[int] | None:
    """Ids of the entities inside the divisions of ``scope``; None where the scope is the whole district."""
    prefixes = [_prefix(code) for code in scope]
    if not prefixes or any(len(prefix) <= 6 for prefix in prefixes):
        return None
    query = _with_division(resource)
    if query is None:
        return None
    selected, division = query
    inside = or_(*(division.like(f"{prefix}%") for prefix in prefixes))
    return set(connection.execute(selected.where(and_(inside, not_(division.is_(None))))).scalars())


def _prefix(code: str) -> str:
    """What the codes inside a division begin with: 6 digits for a district, 9 for a sub-district."""
    if code.endswith("000000"):
        return code[:6]
    return code[:9] if code.endswith("000") else code


def _with_division(resource: Resource) -> tuple[Select[Any], Any] | None:
    table, address, house = TABLES[resource.name], TABLES["address"], TABLES["house"]
    if "community_code" in table.c:
        return select(table.c.id), table.c.community_code
    pointing = references(resource)
    if "address_code" in pointing:
        joined = table.join(address, table.c.address_code == address.c.address_code)
    elif "house_code" in pointing:
        joined = table.join(house, table.c.house_code == house.c.house_code).join(
            address, house.c.address_code == address.c.address_code
        )
    else:
        return None
    return select(table.c.id).select_from(joined), address.c.community_code
