"""How the offending value of a finding may be shown: personal ones by their shape only."""

from __future__ import annotations

import polars as pl

from core.model.resources import Column
from core.verification import freetext
from core.verification.catalogue import Instance

_LONGEST = 200


def shown_value(place: Instance) -> pl.Expr:
    """The finding's value: the shape of a personal one, other text without numbers of persons in it."""
    value = pl.col(place.column.name) if place.rule.shown is None else place.rule.shown
    if place.column.personal:
        value = shape(value)
    elif _is_written_freely(place.column):
        value = freetext.masked(value)
    return value.str.slice(0, _LONGEST)


def shape(text: pl.Expr) -> pl.Expr:
    """某 for a Chinese character, A for a letter, # for a digit; stars and punctuation stay."""
    latin = text.str.replace_all(r"[\p{L}--\p{Han}]", "A").str.replace_all(r"\p{N}", "#")
    return latin.str.replace_all(r"\p{Han}", "某")


def _is_written_freely(column: Column) -> bool:
    return column.kind in {"string", "object"} and not column.pattern
