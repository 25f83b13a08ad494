"""Unmatched: addresses in words that mean no standard address, in rows that are held back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlalchemy import select

from core.model.ledger import finding
from core.model.registry import TABLES
from core.registry.divisions import communities
from core.security.workspace import Workspace
from core.verification.matching.answering import match_frame
from core.verification.matching.index import index_of

_RULE: Final = "reference.address_words"
_LOOKED_AT: Final = 5000


@dataclass(frozen=True)
class Missing:
    """One text, how many open rows have it, one of them, and what may be meant instead (codes)."""

    text: str
    rows: int
    origin_ref: str
    community: str
    candidates: tuple[str, ...]


def unmatched(workspace: Workspace, *, known: Collection[str] = (), limit: int = 200) -> list[Missing]:
    """Texts of rows that are held back because no standard address is meant, those of most rows first.

    Those in ``known`` are left out. The community is that of the row's grid, where it names one.
    """
    query = (
        select(finding.c.value, finding.c.resource, finding.c.key, finding.c.grid_code)
        .where(finding.c.rule == _RULE, finding.c.fixed_in.is_(None), finding.c.value.is_not(None))
        .limit(_LOOKED_AT)
    )
    types = {"value": pl.String, "resource": pl.String, "key": pl.String, "grid_code": pl.String}
    with workspace.store.read() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
        left_out = set(known)
        grids = TABLES["grid"]
        table = TABLES["address"]
        there = select(table.c.full_text).where(table.c.full_text.in_({row[0] for row in rows}))
        left_out |= set(connection.execute(there).scalars())
        named = connection.execute(select(grids.c.grid_code, grids.c.community_code))
        places = {row[0]: row[1] for row in named}
    found = pl.DataFrame(rows, schema=types, orient="row").with_columns(
        pl.col("value").str.replace_all(r"\s", ""), (pl.col("resource") + ":" + pl.col("key")).alias("ref")
    )
    texts = found.group_by("value", maintain_order=True).agg(
        pl.len().alias("rows"), pl.col("ref").first(), pl.col("grid_code").drop_nulls().first()
    )
    texts = texts.filter(~pl.col("value").is_in(list(left_out)))
    if texts.is_empty():
        return []
    answers = match_frame(texts["value"], index_of(workspace))
    open_ones = texts.hstack(answers.select("decision", "candidates")).filter(pl.col("decision") != "match")
    return [
        Missing(
            r["value"],
            r["rows"],
            r["ref"],
            _community(places.get(r["grid_code"] or "")),
            tuple(r["candidates"]),
        )
        for r in open_ones.sort("rows", descending=True, maintain_order=True).head(limit).to_dicts()
    ]


def _community(code: str | None) -> str:
    return code if code and code in communities() else ""
