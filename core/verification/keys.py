"""The key of a row and the id of the entity it speaks of, as expressions."""

from __future__ import annotations

import polars as pl
from polars_hash import NonCryptographicHashingNameSpace

from core.model.resources import Resource


def key_text(resource: Resource) -> pl.Expr:
    """The entity's key: its key columns joined by ``:``; ``#<line>`` where the key is missing."""
    return _complete_key(resource).fill_null(pl.concat_str(pl.lit("#"), pl.col("line").cast(pl.String)))


def key_id(resource: Resource) -> pl.Expr:
    """The entity's signed 64-bit id (``core.model.registry.entity_id``); null where the key is missing."""
    return hashed(_complete_key(resource))


def hashed(text: pl.Expr) -> pl.Expr:
    """The id of the entity whose key is ``text``."""
    return NonCryptographicHashingNameSpace(text).xxhash64().reinterpret(signed=True)


def _complete_key(resource: Resource) -> pl.Expr:
    key = pl.concat_str([pl.col(name) for name in resource.key], separator=":")
    return pl.coalesce(key, pl.col(resource.alternative_key)) if resource.alternative_key else key
