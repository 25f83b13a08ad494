"""Staging: a package's rows as columns, verified, split into accepted and quarantined, keyed and hashed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import polars_hash as plh

from core.model.resources import Resource
from core.verification.context import Context
from core.verification.engine import verify
from core.verification.freetext import mask_free_text
from core.verification.keys import key_id, key_text
from core.verification.storage import typed

_ABSENT = "\x00"
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Staged:
    """One resource of one package after verification.

    ``accepted`` holds the storable rows in storage types with ``id`` and ``row_hash``; ``present`` the
    ids of every row that came, accepted or not; ``quarantined`` the rest as they came.
    """

    resource: Resource
    read: int
    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    findings: pl.DataFrame
    present: pl.Series


def stage(resource: Resource, rows: pl.DataFrame, context: Context) -> Staged:
    """Verifies the rows and prepares the accepted ones; nothing is written."""
    verdict = verify(resource.name, rows, context)
    masked = mask_free_text(rows, resource.name).with_columns(key_text(resource).alias("key"))
    is_rejected = pl.col("line").is_in(verdict.rejected.implode())
    accepted = masked.filter(~is_rejected) if verdict.rejected.len() else masked
    rejected = masked.filter(is_rejected) if verdict.rejected.len() else masked.clear()
    hashed = accepted.with_columns(key_id(resource).alias("id"), _row_hash(resource))
    return Staged(
        resource=resource,
        read=rows.height,
        accepted=typed(hashed, resource.name),
        quarantined=rejected,
        findings=verdict.findings,
        present=masked.select(key_id(resource).alias("id"))["id"],
    )


def _row_hash(resource: Resource) -> pl.Expr:
    """xxHash64 over the resource's own columns; when it was collected, and by whom, is not content."""
    content = plh.concat_str(
        *[pl.col(name).fill_null(_ABSENT) for name in resource.column_names], separator=_SEPARATOR
    )
    return content.nchash.xxhash64().reinterpret(signed=True).alias("row_hash")
