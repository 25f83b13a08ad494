"""Rows that passed, in the types in which they are stored."""

from __future__ import annotations

import polars as pl

from core.model.resources import RESOURCES, Kind

_NUMBERS: dict[Kind, type[pl.DataType]] = {"integer": pl.Int64, "year": pl.Int64, "number": pl.Float64}
RFC3339 = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$"
_STORED = "%Y-%m-%dT%H:%M:%S%.3f+00:00"


def typed(rows: pl.DataFrame, resource: str) -> pl.DataFrame:
    """Rows without errors in storage types: Int64, Float64, moments as RFC 3339 UTC text; other columns stay."""
    known = RESOURCES[resource].by_name
    casts: list[pl.Expr | pl.Series] = []
    for name in rows.columns:
        kind = known[name].kind if name in known else "string"
        if kind in _NUMBERS and rows.schema[name] == pl.String:
            casts.append(as_number(name, kind))
        elif kind == "datetime":
            casts.append(_normalised(rows[name]))
    return rows.with_columns(casts)


def as_number(name: str, kind: Kind) -> pl.Expr:
    """A text column of a number kind as numbers; null where it is none."""
    return pl.col(name).cast(_NUMBERS[kind], strict=False)


def is_number(kind: Kind) -> bool:
    """Whether columns of this kind are stored as numbers."""
    return kind in _NUMBERS


def moment(text: pl.Expr) -> pl.Expr:
    """The moment that RFC 3339 text names, as UTC; null where it is not such text or no such moment."""
    shaped = pl.when(text.str.contains(RFC3339)).then(text.str.to_uppercase())
    return shaped.str.to_datetime("%+", strict=False, time_zone="UTC", time_unit="us", cache=False)


def _normalised(values: pl.Series) -> pl.Series:
    """Parses each distinct text once: many rows are collected in the same minute."""
    distinct = values.drop_nulls().unique()
    stored = distinct.to_frame().select(moment(pl.first()).dt.strftime(_STORED)).to_series()
    return values.replace_strict(distinct, stored, default=None, return_dtype=pl.String)
