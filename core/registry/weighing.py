"""Weighing: what several departments say of the same field group, held against each other, columns at a time.

Per entity and group: whose word counts (authority and age, ``authority.toml``), whether those who speak agree,
and whether a decision stands. A decision stands for as long as the set of values that were weighed is the
same; a department that only repeats one of them, or takes over part of what was decided, does not open it again.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from core.model.resources import Resource
from core.registry import authority
from core.spatial.coordinates import to_wgs84
from core.verification.keys import hashed

_POSITION: Final = ("lon", "lat", "crs")
_METRES_LAT, _METRES_LON = 111_000.0, 95_300.0
"""Metres a degree at Gusu (31.3° north)."""

SILENT: Final = 0
"""The fingerprint of a field group about which nobody says anything."""

_EMPTY, _NEXT, _OTHER = "\x00", "\x1f", "\x1e"


def weigh(resource: Resource, group: str, words: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """One row an entity that has words: the group's columns as they count, and how that came about.

    ``words`` as ``words.said`` gives them; ``decisions`` the latest of each entity about this group
    (``entity, decided_in, fingerprint, towards`` and the group's columns). Beside the columns the answer has
    ``state`` (agreed, conflict, settled; null where one department speaks alone), ``sources``, ``fingerprint``,
    ``at``, ``said_in`` (the change set behind the value), ``envelope`` of the word that counts, ``pure``
    (no decision stands).
    """
    names = [column.name for column in resource.columns_of(group)]
    ranked = _ranked(resource, group, words)
    speaking = ranked.filter("speaks")
    first = ranked.sort("entity", "silent", "rank", "newest_first", "source").unique("entity", keep="first")
    judged = speaking.group_by("entity").agg(
        pl.col("source").sort_by("rank").str.join(" ").alias("sources"),
        pl.len().alias("voices"),
        pl.col("collected_at").max().alias("at"),
        hashed(pl.col("said").unique().sort().str.join(_OTHER)).alias("fingerprint"),
        _differ(resource, group).alias("differ"),
    )
    chosen = first.select(
        "entity",
        *names,
        said_in="change_set",
        envelope=pl.struct("source", "collected_at", "collector", "row_hash"),
    )
    weighed = chosen.join(judged, on="entity", how="left").join(
        decisions.rename({name: f"decided_{name}" for name in names}),
        on="entity",
        how="left",
        suffix="_decided",
    )
    fingerprint = pl.col("fingerprint").fill_null(SILENT)
    same = (fingerprint == pl.col("fingerprint_decided")).fill_null(value=False)
    stands = same | pl.col("towards").fill_null(value=False)
    return weighed.select(
        "entity",
        *(pl.when(stands).then(pl.col(f"decided_{name}")).otherwise(pl.col(name)).alias(name) for name in names),
        pl.when(stands).then(pl.lit("settled"))
        .when(pl.col("voices") < 2).then(None)
        .when("differ").then(pl.lit("conflict"))
        .otherwise(pl.when(pl.col("voices") >= 2).then(pl.lit("agreed"))).alias("state"),
        pl.col("sources").fill_null(""), fingerprint, pl.col("at").fill_null(""),
        pl.when(stands).then("decided_in").otherwise("said_in").alias("said_in"),
        "envelope", (~stands).alias("pure"),
    )  # fmt: skip


def normalised(column: str) -> pl.Expr:
    """The text that values are compared by: full width folded, blanks at the ends gone; null stays null."""
    return pl.col(column).cast(pl.String).str.normalize("NFKC").str.strip_chars()


def _ranked(resource: Resource, group: str, words: pl.DataFrame) -> pl.DataFrame:
    """The words with their rank for this group (0 is the highest; a stale word comes after every fresh one)."""
    columns = resource.columns_of(group)
    order = authority.order(resource.name, group)
    keys = {*resource.key, resource.alternative_key}
    telling = [c.name for c in columns if c.name not in keys]
    speaks = (
        pl.any_horizontal(pl.col(name).is_not_null() for name in telling) if telling else pl.lit(value=True)
    )
    collected = pl.col("collected_at").str.head(10).str.to_date(strict=False)
    newest = collected.filter(pl.col("speaks")).max().over("entity")
    stale = (newest - collected).dt.total_days() > authority.stale_after_days()
    rank = pl.col("source").replace_strict({name: n for n, name in enumerate(order)}, return_dtype=pl.Int64)
    said = pl.concat_str([normalised(c.name).fill_null(_EMPTY) for c in columns], separator=_NEXT)
    return (
        _with_positions(words, {c.name for c in columns})
        .with_columns(speaks=speaks, said=said)
        .with_columns(
            silent=~pl.col("speaks"),
            rank=rank + pl.when(stale.fill_null(value=False)).then(len(order)).otherwise(0),
            newest_first=-collected.cast(pl.Int64),
        )
    )


def _differ(resource: Resource, group: str) -> pl.Expr:
    """Whether the voices of one entity say different things; an empty column says nothing."""
    columns = resource.columns_of(group)
    placed = set(_POSITION) <= {c.name for c in columns}
    parts = []
    for column in columns:
        if placed and column.name in _POSITION:
            continue
        text = normalised(column.name)
        parts.append((text if column.empty_speaks else text.drop_nulls()).n_unique() > 1)
    if placed:
        metres = authority.same_place_metres()
        parts.append((pl.col("east").max() - pl.col("east").min()) * _METRES_LON > metres)
        parts.append((pl.col("north").max() - pl.col("north").min()) * _METRES_LAT > metres)
    return pl.any_horizontal(part.fill_null(value=False) for part in parts)


def _with_positions(words: pl.DataFrame, names: set[str]) -> pl.DataFrame:
    """Adds ``east`` and ``north``: the position in WGS-84 degrees whatever system the word is in."""
    if not set(_POSITION) <= names:
        return words
    east, north = words["lon"].to_numpy().astype(float), words["lat"].to_numpy().astype(float)
    systems = words["crs"].to_list()
    for crs in {system for system in systems if system}:
        here = np.array([system == crs for system in systems])
        east[here], north[here] = to_wgs84(east[here], north[here], crs)
    return words.with_columns(
        pl.Series("east", east, nan_to_null=True), pl.Series("north", north, nan_to_null=True)
    )
