"""Identity numbers, phones and bank cards in free text: found over a column, masked before storing.

What counts, and how it is masked, is said once in ``core.security.masking``; here a columnar sieve leaves
it only the few texts that have enough digits in a row.
"""

from __future__ import annotations

import polars as pl

from core.model.resources import RESOURCES, Resource
from core.security import masking
from core.security.masking import Kind

_FILES = frozenset({"photo"})
_SIEVE = r"[0-9０-９](?:[ \-－　]?[0-9０-９Xx]){8}"


def free_text_columns(resource: Resource) -> tuple[str, ...]:
    """The columns that people write sentences in."""
    return tuple(c.name for c in resource.columns if c.group == "text" and c.name not in _FILES)


def shows(text: pl.Expr, kind: Kind) -> pl.Expr:
    """Whether the text shows a number of this kind."""

    def any_of_kind(value: str) -> bool:
        return any(one.kind == kind for one in masking.find(value))

    return _where_digits(text).map_elements(any_of_kind, return_dtype=pl.Boolean)


def masked(text: pl.Expr) -> pl.Expr:
    """The text with every number of a person masked."""
    suspicious = _where_digits(text)
    return pl.coalesce(suspicious.map_elements(masking.mask_text, return_dtype=pl.String), text)


def mask_free_text(frame: pl.DataFrame, resource: str) -> pl.DataFrame:
    """The frame with the free text of the resource masked as it must be stored."""
    names = [name for name in free_text_columns(RESOURCES[resource]) if name in frame.columns]
    return frame.with_columns(masked(pl.col(name)) for name in names)


def _where_digits(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_SIEVE)).then(text)
