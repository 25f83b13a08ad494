"""What goes back to a sender: its rows with open findings, as it sent them, and what is wrong with each cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlalchemy import Connection, and_, not_, select

from core.model.ledger import finding, quarantine
from core.model.registry import TABLES
from core.model.resources import RESOURCES, Column, Resource
from core.registry import words
from core.sheets.words import codes_of
from core.stewardship.ignoring import is_ignored
from core.verification.keys import hashed

_SEVERE: Final = ("error", "warning")
_ENVELOPE: Final = ("collected_at", "collector", "op")


@dataclass(frozen=True)
class Returned:
    """One resource of a return file: rows as text with ``reference``, and findings ``reference, finding, …``.

    A reference is ``q:<quarantine>:<digest>`` or ``r:<entity>:<digest>``: the digest tells whether somebody changed
    the row since.
    """

    resource: Resource
    rows: pl.DataFrame
    findings: pl.DataFrame


def digest_of(resource: Resource) -> pl.Expr:
    """A digest of a row's own columns as a form shows them and gives them back: trimmed, words as their codes."""
    shown = [_shown(column) for column in resource.columns]
    return hashed(pl.concat_str(shown, separator="\x1f")).cast(pl.String)


def _shown(column: Column) -> pl.Expr:
    text = pl.col(column.name).fill_null("").str.replace_all(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "")
    bare = text.str.strip_prefix("'").str.strip_chars()
    return bare.replace(codes_of(column)) if column.codes else bare


def returned(connection: Connection, sender: str, today: str) -> Iterator[Returned]:
    """What is to be corrected at the source, resource by resource; sealed identities never leave this way."""
    for resource in RESOURCES.values():
        if resource.sealed or resource.name == "grid":
            continue
        findings = _open(connection, resource.name, sender, today)
        if findings.is_empty():
            continue
        held = _held(connection, resource, sender)
        kept = _kept(connection, resource, sender, findings)
        of_held = findings.join(held.select("change_set", "line", "reference"), on=["change_set", "line"])
        rest = findings.join(of_held, on="finding", how="anti")
        of_kept = rest.join(kept.select("entity", "reference"), on="entity").select(of_held.columns)
        told = pl.concat([of_held, of_kept])
        columns = ["reference", *resource.column_names, *_ENVELOPE]
        rows = pl.concat([held.select(columns), kept.select(columns)])
        wanted = rows.join(told.select("reference").unique(), on="reference", how="semi", maintain_order="left")
        if wanted.height:
            yield Returned(resource, wanted, told)


def _open(connection: Connection, resource: str, sender: str, today: str) -> pl.DataFrame:
    types = {
        "finding": pl.Int64, "change_set": pl.Int64, "line": pl.Int64, "entity": pl.Int64, "rule": pl.String,
        "field": pl.String, "value": pl.String, "severity": pl.String,
    }  # fmt: skip
    one = finding.c
    mine = and_(
        one.resource == resource, one.sender == sender, one.fixed_in.is_(None), one.severity.in_(_SEVERE),
        not_(is_ignored(today)),
    )  # fmt: skip
    columns = (one.id, one.change_set, one.line, one.entity, one.rule, one.field, one.value, one.severity)
    rows = connection.execute(select(*columns).where(mine).order_by(one.id)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")


def _held(connection: Connection, resource: Resource, sender: str) -> pl.DataFrame:
    """The sender's rows in quarantine, as they came."""
    one = quarantine.c
    mine = and_(one.resource == resource.name, one.sender == sender, one.released_in.is_(None))
    rows = connection.execute(select(one.id, one.change_set, one.line, one.row).where(mine).order_by(one.id)).all()
    types = {"id": pl.Int64, "change_set": pl.Int64, "line": pl.Int64, "row": pl.String}
    frame = pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")
    columns = dict.fromkeys((*resource.column_names, *_ENVELOPE), pl.String)
    whole = frame.with_columns(pl.col("row").str.json_decode(pl.Struct(columns))).unnest("row")
    return whole.with_columns(
        pl.col("op").fill_null("upsert"), _reference("q", pl.col("id"), resource).alias("reference")
    )


def _kept(connection: Connection, resource: Resource, sender: str, findings: pl.DataFrame) -> pl.DataFrame:
    """The sender's own words about entities in the registry: beside others' where several speak, else the row."""
    ids = findings["entity"].drop_nulls().unique().to_list()
    table, names = TABLES[resource.name], ("collected_at", "collector")
    said = words.said(connection, resource, ids)
    mine = said.filter(pl.col("source") == sender)
    types = {"entity": pl.Int64, **words.schema(resource)} | dict.fromkeys(names, pl.String)
    alone = words.frame_of(
        connection, [table.c.id, *(table.c[n] for n in types if n != "entity")],
        sorted(set(ids) - set(said["entity"].to_list())), types,
        where=and_(table.c.source == sender, table.c.retired_in.is_(None)),
    )  # fmt: skip
    both = pl.concat([mine.select(alone.columns), alone])
    text = both.with_columns(pl.col(n).cast(pl.String) for n in types if n != "entity")
    named = text.with_columns(op=pl.lit("upsert"), reference=_reference("r", pl.col("entity"), resource))
    return named.sort("entity")


def _reference(kind: str, number: pl.Expr, resource: Resource) -> pl.Expr:
    return pl.concat_str([pl.lit(kind), number.cast(pl.String), digest_of(resource)], separator=":")
