"""Composing: the registry's row of an entity that several speak of, from their words and what was decided.

The row is a function of the words and the standing decisions and of nothing else, so undoing either brings
back the row that was. ``comparison`` is what the weighing said, kept for the lists that people work off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import polars as pl
import polars_hash as plh
from sqlalchemy import Connection, and_, delete, func, select

from core.model.ledger import source_record
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Resource
from core.model.stewardship import comparison, decision
from core.registry import rows as registry_rows, words
from core.registry.weighing import weigh
from core.store import bulk

_ENVELOPE: Final = {
    "source": pl.String,
    "collected_at": pl.String,
    "collector": pl.String,
    "row_hash": pl.Int64,
}
_COMPARISON: Final = ("resource", "entity", "group_name", "state", "sources", "fingerprint", "at")


def compose(
    connection: Connection, resource: Resource, ids: Sequence[int], change_set: int, *,
    reactivate: Collection[int] = (),
) -> int:  # fmt: skip
    """Writes the rows of ``ids`` anew where words or decisions changed them; returns how many it wrote.

    A retired row stays retired unless it is to be reactivated. Ids without words are left alone.
    """
    groups = weighed(connection, resource, ids)
    if not groups:
        return 0
    _store_comparisons(connection, resource, ids, groups)
    composed = _composed(resource, groups)
    present = _present(connection, resource, composed["id"].to_list())
    rows = registry_rows.with_provenance(resource, composed, present).with_columns(
        retired_in=pl.when(pl.col("id").is_in(list(reactivate)))
        .then(None)
        .otherwise(pl.col("was_retired_in"))
    )
    compared = [*resource.column_names, "source", "collected_at", "collector", "retired_in"]
    differs = ~pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"was_{name}")) for name in compared)
    changed = rows.filter(differs)
    changed_ids = changed["id"].to_list()
    registry_rows.supersede(connection, resource.name, changed_ids, change_set)
    registry_rows.remove(connection, resource.name, changed_ids)
    registry_rows.write(connection, resource, changed, change_set)
    return changed.height


def compare(connection: Connection, resource: Resource, ids: Sequence[int]) -> None:
    """Brings the comparisons of ``ids`` to what the words and decisions now say; rows are left alone."""
    _store_comparisons(connection, resource, ids, weighed(connection, resource, ids))


def rebuild(connection: Connection) -> None:
    """Makes every comparison anew: they are derived and never a second truth."""
    connection.execute(delete(comparison))
    for resource in RESOURCES.values():
        held = select(source_record.c.entity).where(source_record.c.resource == resource.name)
        compare(connection, resource, sorted(set(connection.execute(held).scalars())))


def standing(connection: Connection, resource: Resource, ids: Sequence[int]) -> dict[str, pl.DataFrame]:
    """The latest decision of each entity by field group: ``entity, decided_in, fingerprint, evidence``, the columns."""
    latest = (
        select(func.max(decision.c.id).label("id"))
        .where(decision.c.resource == resource.name)
        .group_by(decision.c.entity, decision.c.group_name)
        .subquery()
    )
    types = {
        "entity": pl.Int64,
        "decided_in": pl.Int64,
        "fingerprint": pl.Int64,
        "group": pl.String,
        "evidence": pl.String,
        "row": pl.String,
    }
    columns = (
        decision.c.entity, decision.c.change_set, decision.c.fingerprint, decision.c.group_name, decision.c.evidence,
        decision.c.row,
    )  # fmt: skip
    found = words.frame_of(connection, columns, ids, types, where=decision.c.id.in_(select(latest.c.id)))
    kinds = words.schema(resource)
    return {
        group: found.filter(pl.col("group") == group)
        .with_columns(
            pl.col("row").str.json_decode(
                pl.Struct({c.name: kinds[c.name] for c in resource.columns_of(group)})
            )
        )
        .drop("group")
        .unnest("row")
        for group in resource.groups
    }


def weighed(connection: Connection, resource: Resource, ids: Sequence[int]) -> dict[str, pl.DataFrame]:
    """Each field group weighed; nothing where none of ``ids`` has a word."""
    said = words.said(connection, resource, ids)
    if said.is_empty():
        return {}
    decided = standing(connection, resource, said["entity"].unique().to_list())
    return {
        group: weigh(resource, group, said, _towards(resource, group, said, decided[group]))
        for group in resource.groups
    }


def _towards(resource: Resource, group: str, said: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """The decisions with ``towards``: whether all who speak only took over parts of it since.

    A source that takes over one of two corrected fields says nothing new about the other.
    """
    if decided.is_empty():
        return decided.drop("evidence").with_columns(pl.lit(value=False).alias("towards"))
    names = [c.name for c in resource.columns_of(group)]
    kinds = words.schema(resource)
    shape = pl.List(pl.Struct({"source": pl.String, **{n: kinds[n] for n in names}}))
    then = decided.select("entity", pl.col("evidence").str.json_decode(shape).alias("word")).explode("word")
    before = then.unnest("word").with_columns(pl.lit(value=True).alias("spoke"))
    shall = decided.select("entity", *(pl.col(n).alias(f"{n}_shall") for n in names))
    now = said.select("entity", "source", *names).join(shall, on="entity")
    held = now.join(before, on=["entity", "source"], how="left", suffix="_then")
    followed = {n: pl.col(n).eq_missing(pl.col(f"{n}_shall")) for n in names}
    kept = [followed[n] | pl.col(n).eq_missing(pl.col(f"{n}_then")) for n in names]
    judged = held.group_by("entity").agg(
        (pl.all_horizontal(*kept) & pl.col("spoke").fill_null(value=False)).all().alias("kept"),
        pl.all_horizontal(*followed.values()).all().alias("agreed"),
    )
    towards = judged.select("entity", (pl.col("kept") & ~pl.col("agreed")).alias("towards"))
    return decided.drop("evidence").join(towards, on="entity", how="left").with_columns(
        pl.col("towards").fill_null(value=False)
    )


def _composed(resource: Resource, groups: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows as they shall be: each group as weighed, the envelope of the word that counts first."""
    whole = None
    for group, frame in groups.items():
        names = [c.name for c in resource.columns_of(group)]
        told = (pl.col(name).alias(f"{name}_{group}") for name in ("said_in", "envelope", "pure"))
        part = frame.select("entity", *names, *told).rename({f"said_in_{group}": f"said_{group}"})
        whole = part if whole is None else whole.join(part, on="entity")
    assert whole is not None
    first, *others = [pl.col(f"envelope_{group}") for group in resource.groups]
    one_voice = pl.all_horizontal(
        *(first.struct.field("source") == other.struct.field("source") for other in others),
        *(pl.col(f"pure_{group}") for group in resource.groups),
    )
    hashed = first.struct.field("row_hash")
    content = plh.concat_str(
        *[pl.col(name).cast(pl.String).fill_null("\x00") for name in resource.column_names], separator="\x1f"
    )
    return whole.rename({"entity": "id"}).with_columns(
        *(first.struct.field(name).alias(name) for name in ("source", "collected_at", "collector")),
        pl.when(one_voice)
        .then(hashed)
        .otherwise(content.nchash.xxhash64().reinterpret(signed=True))
        .alias("row_hash"),
    )


def _present(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    """The registry's rows of ``ids``, named ``was_<column>`` except ``id``."""
    table = TABLES[resource.name]
    numbers = ["created_in", "retired_in", *(f"prov_{group}" for group in resource.groups)]
    types: dict[str, Any] = {
        "id": pl.Int64,
        **words.schema(resource),
        **_ENVELOPE,
        **dict.fromkeys(numbers, pl.Int64),
    }
    found = words.frame_of(connection, [table.c[name] for name in types], ids, types)
    return found.rename({name: f"was_{name}" for name in types if name != "id"})


def _store_comparisons(
    connection: Connection, resource: Resource, ids: Sequence[int], groups: dict[str, pl.DataFrame]
) -> None:
    for some in bulk.chunks(ids):
        connection.execute(
            delete(comparison).where(
                and_(comparison.c.resource == resource.name, comparison.c.entity.in_(some))
            )
        )
    for group, frame in groups.items():
        told = frame.filter(pl.col("state").is_not_null()).select(
            pl.lit(resource.name).alias("resource"), "entity", pl.lit(group).alias("group_name"),
            "state", "sources", "fingerprint", "at",
        )  # fmt: skip
        bulk.insert_rows(connection, comparison, _COMPARISON, told.iter_rows())
