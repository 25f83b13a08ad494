"""What a package would change: its staged rows against what the registry holds, read as (id, hash)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    not_,
    or_,
    select,
)

from core.model.ledger import source_record
from core.model.registry import TABLES
from core.model.resources import Resource, references
from core.registry.authority import outranking
from core.registry.staging import Staged
from core.registry.words import WHOLE
from core.store.bulk import chunks, rows_of

_HELD = {
    "id": pl.Int64, "held_hash": pl.Int64, "held_source": pl.String, "held_retired": pl.Boolean, "held_day": pl.Int32,
}  # fmt: skip
_SHARED = {"id": pl.Int64, "is_shared": pl.Int64, "said_hash": pl.Int64, "said_day": pl.Int32}
_BECOMES = "_becomes"
"""What a row would become; no resource has a column of this name, as many have one named ``kind``."""


@dataclass(frozen=True)
class Difference:
    """The split of one resource's accepted rows; every frame carries the staged columns.

    ``heard`` are words about entities that other departments speak of too, kept beside theirs; ``first_shared``
    the ids among them that one department alone had spoken of, ``reactivated`` those whose retirement a word
    of authority takes back. ``withdrawn`` are ids about which the sender takes its word back; the retired are
    among them where others spoke too. ``recollected`` are unchanged rows that were collected on a later day.
    """

    resource: Resource
    new: pl.DataFrame
    changed: pl.DataFrame
    unchanged: int
    recollected: pl.DataFrame
    retired: pl.DataFrame
    heard: pl.DataFrame
    first_shared: list[int]
    reactivated: list[int]
    withdrawn: list[int]
    missing: list[int]

    @property
    def counts(self) -> dict[str, int]:
        """Figures for people; a word kept beside others counts as changed, because something will be stored."""
        return {
            "new": self.new.height,
            "changed": self.changed.height + self.heard.height,
            "unchanged": self.unchanged,
            "retired": self.retired.height + len(self.withdrawn),
            "missing": len(self.missing),
        }


def difference(
    connection: Connection, staged: Staged, *, sender: str, mode: str, scope: Sequence[str]
) -> Difference:
    """Compares by id and row hash; only the rows that differ are ever read whole."""
    table = TABLES[staged.resource.name]
    whole = mode == "snapshot" or staged.accepted.height > WHOLE
    held = _held(connection, table, staged, whole=whole)
    shared = _shared(connection, staged, sender, whole=whole)
    rows = staged.accepted.join(held, on="id", how="left").join(shared, on="id", how="left")
    parts = rows.with_columns(_becomes(staged.resource.name, sender, retires=mode == "delta").alias(_BECOMES))
    there = set(parts[_BECOMES].unique())

    def part(*names: str) -> pl.DataFrame:
        if there.isdisjoint(names):
            return parts.clear()
        return parts if there <= {*names} else parts.filter(pl.col(_BECOMES).is_in(names))

    heard, taken = part("heard"), pl.col("held_source").is_in(outranking(staged.resource.name, sender))
    retired = part("retired", "retired_word")
    return Difference(
        resource=staged.resource,
        new=part("new"),
        changed=part("changed"),
        unchanged=part("unchanged", "recollected").height,
        recollected=part("recollected"),
        retired=retired,
        heard=heard,
        first_shared=heard.filter(pl.col("is_shared").is_null())["id"].to_list(),
        reactivated=heard.filter(pl.col("held_retired") & ~taken)["id"].to_list(),
        withdrawn=part("withdrawn", "retired_word")["id"].to_list(),
        missing=_missing(connection, staged, held, shared, sender=sender, scope=scope)
        if mode == "snapshot"
        else [],
    )


def _becomes(resource: str, sender: str, *, retires: bool) -> pl.Expr:
    """What becomes of each staged row, held against the registry's row and the words about its entity."""
    here, shared = pl.col("held_hash").is_not_null(), pl.col("is_shared").is_not_null()
    own = pl.col("held_source") == sender
    outranked = ~own & pl.col("held_source").is_in(outranking(resource, sender))
    spoke = pl.col("said_hash").is_not_null()
    said_same = (pl.col("said_hash") == pl.col("row_hash")) & ~pl.col("held_retired")
    same = (pl.col("row_hash") == pl.col("held_hash")) & ~pl.col("held_retired")
    day = (
        pl.col("collected_at")
        .str.head(10)
        .str.replace_all("-", "", literal=True)
        .cast(pl.Int32, strict=False)
    )
    retiring = pl.col("op") == "retire" if retires else pl.lit(value=False)
    goes = retiring & here & ~outranked & ~pl.col("held_retired")
    return (
        pl.when(goes & spoke).then(pl.lit("retired_word"))
        .when(goes).then(pl.lit("retired"))
        .when(retiring & spoke).then(pl.lit("withdrawn"))
        .when(retiring).then(pl.lit("unchanged"))
        .when(~here).then(pl.lit("new"))
        .when(shared & spoke & said_same & ~(day > pl.col("said_day"))).then(pl.lit("unchanged"))
        .when(shared | ~own).then(pl.lit("heard"))
        .when(same & (day > pl.col("held_day"))).then(pl.lit("recollected"))
        .when(same).then(pl.lit("unchanged"))
        .otherwise(pl.lit("changed"))
    )  # fmt: skip


def _held(connection: Connection, table: Table, staged: Staged, *, whole: bool) -> pl.DataFrame:
    columns = select(
        table.c.id,
        table.c.row_hash,
        table.c.source,
        case((table.c.retired_in.is_not(None), 1), else_=0),
        _day(table.c.collected_at),
    )
    if whole:
        return _frame(connection, columns, _HELD)
    ids = staged.accepted["id"].to_list()
    parts = [_frame(connection, columns.where(table.c.id.in_(some)), _HELD) for some in chunks(ids)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_HELD)


def _day(moment: ColumnElement[str]) -> ColumnElement[int]:
    """The calendar day of a stored moment as a number (20261123): a million of them are read at once."""
    return cast(func.replace(func.substr(moment, 1, 10), "-", ""), Integer)


def _shared(connection: Connection, staged: Staged, sender: str, *, whole: bool) -> pl.DataFrame:
    """The entities that have words: whether they are shared, and the hash of what the sender last said."""
    said = case((source_record.c.source == sender, source_record.c.row_hash))
    when = case((source_record.c.source == sender, _day(source_record.c.collected_at)))
    query = (
        select(source_record.c.entity, func.count(), func.max(said), func.max(when))
        .where(source_record.c.resource == staged.resource.name)
        .group_by(source_record.c.entity)
    )
    if whole:
        return _frame(connection, query, _SHARED)
    ids = staged.accepted["id"].to_list()
    parts = [
        _frame(connection, query.where(source_record.c.entity.in_(some)), _SHARED) for some in chunks(ids)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_SHARED)


def _frame(connection: Connection, query: Select[Any], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows_of(connection, query), schema=schema, orient="row", strict=False)


def _missing(
    connection: Connection, staged: Staged, held: pl.DataFrame, shared: pl.DataFrame, *, sender: str,
    scope: Sequence[str],
) -> list[int]:  # fmt: skip
    """Ids that the sender once reported within the snapshot's scope and now does not."""
    spoke = (pl.col("held_source") == sender) & pl.col("is_shared").is_null() | pl.col(
        "said_hash"
    ).is_not_null()
    mine = held.join(shared, on="id", how="left").filter(spoke & ~pl.col("held_retired"))
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
