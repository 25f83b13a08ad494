"""From the source's fields to the registry's columns: names, forms and codes, as the declaration has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from core.exchange.declaration import Field, Format, Incoming
from core.exchange.transports.source import digest_of
from core.model.resources import Resource

UNKNOWN = "?"
"""Stands before a code that the declaration does not translate, so that verification finds it whatever it is."""


def split(what: Incoming, came: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are there and those that the source marks as gone."""
    if not what.deleted:
        return came, came.clear()
    gone = pl.col(what.deleted).is_in(what.deleted_values).fill_null(value=False)
    return came.filter(~gone), came.filter(gone)


def registry_rows(resource: Resource, what: Incoming, came: pl.DataFrame, *, sender: str) -> pl.DataFrame:
    """Rows as a package would carry them: every column as text, the envelope, and ``line``."""
    made = came.select(_translated(field).alias(field.column) for field in what.fields)
    header = [*resource.header("delta")]
    absent = [pl.lit(None, pl.String).alias(name) for name in header if name not in made.columns]
    return made.with_columns(absent).with_columns(
        source=pl.lit(sender),
        op=pl.lit("upsert"),
        collector=pl.col("collector").fill_null(what.collector or "extraction"),
        line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
    )


def held_by_community(what: Incoming, live: pl.DataFrame) -> Mapping[str, tuple[int, str]]:
    """Count and digest of each community, from the pages as they were kept."""
    lines = live.select(
        pl.col(what.community).fill_null("").alias("community"),
        pl.concat_str(
            [pl.col(what.order_key), pl.col(what.watermark).fill_null("None")], separator="|"
        ).alias("line"),
    )
    grouped = lines.group_by("community", maintain_order=True).agg(pl.col("line"))
    return {str(place): (len(found), digest_of(found)) for place, found in grouped.iter_rows()}


def _translated(field: Field) -> pl.Expr:
    value = _formed(pl.col(field.name), field.format)
    if not field.codes:
        return value
    known = list(field.codes)
    translated = value.replace_strict(
        known, [field.codes[k] for k in known], default=None, return_dtype=pl.String
    )
    return translated.fill_null(pl.lit(UNKNOWN) + value)


def _formed(value: pl.Expr, form: Format) -> pl.Expr:
    """The value in the registry's form; one that has not the declared form stays as it is, for verification."""
    value = pl.when(value.str.strip_chars() == "").then(None).otherwise(value.str.strip_chars())
    if form == "day8":
        shaped = value.str.slice(0, 4) + "-" + value.str.slice(4, 2) + "-" + value.str.slice(6, 2)
        return pl.when(value.str.contains(r"^\d{8}$")).then(shaped).otherwise(value)
    if form == "slash_day":
        return value.str.replace_all("/", "-")
    if form == "local_time":
        shaped = value.str.replace(" ", "T") + "+08:00"
        return (
            pl.when(value.str.contains(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$"))
            .then(shaped)
            .otherwise(value)
        )
    return value.str.to_uppercase() if form == "upper" else value


def gone_keys(resource: Resource, what: Incoming, gone: pl.DataFrame) -> Sequence[str]:
    """The registry's key texts of rows that the source marks as gone."""
    if gone.is_empty():
        return ()
    names = {field.column: field for field in what.fields}
    first = resource.key[0]
    parts = [_translated(names[first])] if first in names else []
    if resource.alternative_key in names:
        other = _translated(names[resource.alternative_key])
        parts = [pl.coalesce([*parts, other])]
    parts += [_translated(names[name]) for name in resource.key[1:]]
    keys = gone.select(pl.concat_str(parts, separator=":").alias("key"))["key"]
    return list(keys.drop_nulls().unique(maintain_order=True))
