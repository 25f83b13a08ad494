"""Trial: what verification says of rows as they are and as somebody wants them, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection, and_, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import finding
from core.model.registry import TABLES
from core.model.resources import Resource, references
from core.registry import words
from core.registry.fields import fields
from core.registry.filters import field_of
from core.registry.intake import grid_of
from core.registry.rule_settings import severities
from core.security.workspace import Workspace
from core.store import bulk
from core.verification.context import Context, district_context
from core.verification.declaration import Severity
from core.verification.engine import verify
from core.verification.freetext import mask_free_text
from core.verification.keys import hashed, key_text
from core.verification.storage import typed

STATION: Final = "police"
"""Whose word an edit is: the station's."""
_ENVELOPE: Final = ("source", "collected_at", "collector")
_PLACE: Final = ("line", "rule", "field")
_FOUND: Final = (
    "change_set", "resource", "line", "key", "rule", "severity", "field", "value", "entity", "sender", "collector",
    "grid_code",
)  # fmt: skip


class FieldFixed(GridLinkError):
    """The field is a key, comes from elsewhere, or does not exist: nobody edits it."""

    code = "field_fixed"


@dataclass(frozen=True)
class Tried:
    """Rows before and after (text columns with ``id`` and ``line``), and what is wrong with each.

    ``blocked`` are the lines that must not be written: an error is new, or lies in a field that was changed.
    ``findings`` are those of the rows as they would be, with ``is_new``.
    """

    resource: Resource
    before: pl.DataFrame
    after: pl.DataFrame
    findings: pl.DataFrame
    cured: pl.DataFrame
    blocked: pl.Series

    @property
    def changed(self) -> pl.DataFrame:
        """The rows that would be another, blocked ones left out."""
        rows = self.after.filter(pl.col("line").is_in(_differing(self).implode()))
        return rows.filter(~pl.col("line").is_in(self.blocked.implode()))


def read(connection: Connection, resource: Resource, ids: Sequence[int]) -> pl.DataFrame:
    """Registry rows as text columns with ``id`` and ``line``, envelope included."""
    table = TABLES[resource.name]
    types = {"id": pl.Int64, **words.schema(resource)} | dict.fromkeys(_ENVELOPE, pl.String)
    columns = [table.c.id, *(table.c[name] for name in types if name != "id")]
    rows = words.frame_of(connection, columns, ids, types, where=table.c.retired_in.is_(None))
    numbers = [name for name, kind in types.items() if kind == pl.Float64]
    whole = [pl.when(pl.col(n) == pl.col(n).round()).then(pl.col(n).cast(pl.Int64).cast(pl.String))
             .otherwise(pl.col(n).cast(pl.String)).alias(n) for n in numbers]  # fmt: skip
    return rows.sort("id").with_columns(
        *(pl.col(name).cast(pl.String) for name in types if name not in {"id", *numbers}), *whole,
        (pl.row_index() + 1).cast(pl.UInt32).alias("line"),
    )  # fmt: skip


def require_editable(resource: str, names: Sequence[str]) -> None:
    """Raises ``FieldFixed`` for a field that nobody edits."""
    for name in names:
        if not field_of(resource, name).editable:
            raise FieldFixed(
                _("“{field}” cannot be edited.").format(field=name),
                cure=_("These can: {fields}.").format(
                    fields=", ".join(n for n, one in fields(resource).items() if one.editable)
                ),
            )


def attempt(
    connection: Connection,
    workspace: Workspace,
    resource: Resource,
    before: pl.DataFrame,
    after: pl.DataFrame,
) -> Tried:
    """Verifies rows before and after as the station's word; nothing is written."""
    masked = mask_free_text(after, resource.name)
    known = _known(connection, resource, masked)
    context = district_context(
        mode="snapshot", sender=STATION, known=known, now=workspace.clock(), severities=severities(connection)
    )
    was, now = _findings(resource, before, context), _findings(resource, masked, context)
    told = now.join(
        was.select(_PLACE).with_columns(is_old=pl.lit(value=True)), on=list(_PLACE), how="left", maintain_order="left"
    ).select(pl.exclude("is_old"), is_new=pl.col("is_old").is_null())  # fmt: skip
    cured = was.join(now, on=list(_PLACE), how="anti")
    errors = told.filter(pl.col("severity") == Severity.ERROR)
    touched = _touched(resource, before, masked)
    wrong = errors.join(touched.with_columns(hit=pl.lit(value=True)), on=["line", "field"], how="left")
    blocked = wrong.filter(pl.col("is_new") | pl.col("hit").is_not_null())["line"].unique()
    return Tried(resource, before, masked, told, cured, blocked)


def as_decided(tried: Tried, names: Sequence[str]) -> pl.DataFrame:
    """The changed rows as ``decide`` takes them: ``entity`` and the columns in storage types."""
    rows = typed(tried.changed, tried.resource.name)
    return rows.select(pl.col("id").alias("entity"), *names)


def note_findings(connection: Connection, tried: Tried, number: int) -> None:
    """Closes findings that the edit cures, and keeps what it newly deserves (warnings), as change set ``number``."""
    wrote = tried.changed.select("line", "id")
    cured = tried.cured.join(wrote, on="line")
    for rule, name in cured.select("rule", "field").unique().iter_rows():
        here = cured.filter((pl.col("rule") == rule) & (pl.col("field") == name))["id"].to_list()
        for some in bulk.chunks(here):
            mine = and_(
                finding.c.resource == tried.resource.name, finding.c.rule == rule, finding.c.field == name,
                finding.c.entity.in_(some), finding.c.fixed_in.is_(None),
            )  # fmt: skip
            connection.execute(update(finding).where(mine).values(fixed_in=number))
    new = tried.findings.filter("is_new").join(wrote, on="line")
    if new.is_empty():
        return
    about = tried.after.filter(pl.col("line").is_in(new["line"].unique().implode()))
    place = about.select("line", "collector").with_columns(grid_of(connection, about).alias("grid_code"))
    rows = new.join(place, on="line", how="left").select(
        pl.lit(number).alias("change_set"), pl.lit(tried.resource.name).alias("resource"), "line", "key", "rule",
        "severity", "field", "value", pl.col("id").alias("entity"), pl.lit(STATION).alias("sender"), "collector",
        "grid_code",
    )  # fmt: skip
    bulk.insert_rows(connection, finding, _FOUND, rows.select(_FOUND).iter_rows())


def _findings(resource: Resource, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    keyed = rows.with_columns(key_text(resource).alias("key"))
    found = verify(resource.name, keyed.drop("key", "id"), context).findings
    return found.filter(
        pl.col("field").is_in(resource.column_names)
    )  # whose word it was is not the question here


def _known(connection: Connection, resource: Resource, rows: pl.DataFrame) -> Mapping[str, pl.Series]:
    """Of what the rows point to, the ids that exist: the rest of the registry need not be read."""
    known: dict[str, list[int]] = {}
    for column, target in references(resource).items():
        ids = rows.select(hashed(pl.col(column))).to_series().drop_nulls().unique().to_list()
        table = TABLES[target]
        known.setdefault(target, [])
        for some in bulk.chunks(ids):
            known[target] += connection.execute(select(table.c.id).where(table.c.id.in_(some))).scalars()
    return {target: pl.Series("id", ids, dtype=pl.Int64) for target, ids in known.items()}


def _touched(resource: Resource, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Each field that differs: ``line, field``."""
    parts = [
        after.filter(after[name].ne_missing(before[name])).select("line", pl.lit(name).alias("field"))
        for name in resource.column_names
    ]
    return pl.concat(parts)


def _differing(tried: Tried) -> pl.Series:
    return _touched(tried.resource, tried.before, tried.after)["line"].unique()


def given_text(value: Any) -> str | None:
    """A typed-in value as text columns hold it; blank is missing."""
    text = "" if value is None else str(value).strip()
    return text or None
