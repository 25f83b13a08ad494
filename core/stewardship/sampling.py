"""The field audit's draw: an equal number from every community, by the seed and the list alone.

Each record of the list gets the SHA-256 of seed and key; a community's sample is its smallest hashes. Nobody
chooses a record, the order of rows does not matter, and anybody with the list can draw the same sample again.
The records of a community stand in the order of their hashes, so the first of them are a random sample too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl
import polars_hash as plh
from sqlalchemy import ColumnElement, Connection, FromClause, Select, or_, select

from core.jobs import Progress
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource

AUDITED: Final = ("address", "house", "person", "organisation")
"""What can be looked at in the field, record by record."""
FRAME: Final = {"entity": pl.Int64, "key": pl.String, "community_code": pl.String}
_PIECE: Final = 50_000


def frame_of(
    connection: Connection, resource: str, today: date, progress: Progress | None = None
) -> pl.DataFrame:
    """The list to draw from, sorted by key: ``entity, key, community_code`` (null where no community holds it).

    It has every present record: no retired ones, no closed organisations, nobody who has moved out by ``today``.
    """
    progress = progress or Progress()
    declared = RESOURCES[resource]
    keys = (*declared.key, *((declared.alternative_key,) if declared.alternative_key else ()))
    schema = {"entity": pl.Int64, **dict.fromkeys(keys, pl.String), "community_code": pl.String}
    pieces = [pl.DataFrame(schema=schema)]
    for part in connection.execute(_listed(declared, keys, today)).partitions(_PIECE):
        pieces.append(pl.DataFrame([tuple(row) for row in part], schema=schema, orient="row"))
        progress.advance(len(part))
    return pl.concat(pieces).select("entity", key_of(declared).alias("key"), "community_code").sort("key")


def digest_of(frame: pl.DataFrame) -> str:
    """SHA-256 over the placed records, community and key line by line in the order of keys."""
    digest = hashlib.sha256()
    lines = frame.drop_nulls("community_code").sort("key").select(
        pl.concat_str("community_code", pl.lit("\t"), "key", pl.lit("\n"))
    )  # fmt: skip
    for piece in lines.iter_slices(_PIECE):
        digest.update("".join(piece.to_series()).encode())
    return digest.hexdigest()


def strata_of(frame: pl.DataFrame) -> dict[str, int]:
    """How many records each community has in the list."""
    sizes = frame.drop_nulls("community_code").group_by("community_code").len().sort("community_code")
    return dict(sizes.iter_rows())


def sample(frame: pl.DataFrame, seed: str, per_community: int) -> pl.DataFrame:
    """``community_code, position, entity, key``: at most ``per_community`` of each, positions from 1."""
    hashed = plh.concat_str(pl.lit(f"{seed}\n"), pl.col("key")).chash.sha2_256()
    return (
        frame.drop_nulls("community_code")
        .with_columns(hashed.alias("hash"))
        .sort("community_code", "hash", "key")
        .with_columns((pl.int_range(pl.len()).over("community_code") + 1).alias("position"))
        .filter(pl.col("position") <= per_community)
        .select("community_code", "position", "entity", "key")
    )


def key_of(resource: Resource) -> pl.Expr:
    """The key as people name a record, from its columns."""
    joined = pl.concat_str(*resource.key, separator=":")
    if not resource.alternative_key:
        return joined
    return pl.when(joined.fill_null("") != "").then(joined).otherwise(resource.alternative_key)


def _listed(resource: Resource, keys: Sequence[str], today: date) -> Select[Any]:
    table, address, house = TABLES[resource.name], TABLES["address"], TABLES["house"]
    source: FromClause = table
    if resource.name == "person":
        source = source.outerjoin(house, house.c.house_code == table.c.house_code)
        source = source.outerjoin(address, address.c.address_code == house.c.address_code)
    elif resource.name != "address":
        source = source.outerjoin(address, address.c.address_code == table.c.address_code)
    here: ColumnElement[bool] = table.c.retired_in.is_(None)
    if "status" in table.c:
        here &= table.c.status.in_(("active", "open"))
    if "move_out" in table.c:
        here &= or_(table.c.move_out.is_(None), table.c.move_out > today.isoformat())
    columns = (table.c.id, *(table.c[name] for name in keys), address.c.community_code)
    return select(*columns).select_from(source).where(here)
