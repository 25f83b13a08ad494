"""Fixing: what a rule's ``fix`` makes of the rows that break it, if that cures them and does no harm."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from core.model.resources import RESOURCES
from core.verification.catalogue import instances
from core.verification.context import Context
from core.verification.declaration import Rule, Severity, Terms
from core.verification.engine import verify

_PLACE = ("line", "rule", "field")


@dataclass(frozen=True)
class Fixed:
    """Rows as they would be (text columns and ``line``), and each change: ``line, field, before, after``."""

    rows: pl.DataFrame
    changes: pl.DataFrame


def fix(resource: str, rows: pl.DataFrame, rule: Rule, context: Context) -> Fixed:
    """Applies the rule's fix where it is broken; rows that it cannot cure, or would break otherwise, are left out.

    ``rows`` are text columns and ``line`` as in a package. A row counts as cured if the rule is broken in fewer of
    its fields than before and no error is left that was not there.
    """
    before = verify(resource, rows, context).findings
    after = rows
    for place in instances(resource):
        if place.rule.id != rule.id or rule.fix is None or place.column.name not in rows.columns:
            continue
        broken = before.filter((pl.col("rule") == rule.id) & (pl.col("field") == place.column.name))["line"]
        here = pl.col("line").is_in(broken.implode())
        made = rule.fix(Terms(rule, RESOURCES[resource], place.column, context))
        after = after.with_columns(
            pl.when(here).then(expression.fill_null(pl.col(name))).otherwise(pl.col(name)).alias(name)
            for name, expression in made.items()
        )
    changes = _changes(resource, rows, after)
    touched = after.filter(pl.col("line").is_in(changes["line"].unique().implode()))
    cured = _cured(before, verify(resource, touched, context).findings, rule, touched["line"])
    return Fixed(
        touched.filter(pl.col("line").is_in(cured.implode())),
        changes.filter(pl.col("line").is_in(cured.implode())),
    )


def _changes(resource: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in RESOURCES[resource].by_name if name in before.columns]
    parts = [
        pl.DataFrame({"line": before["line"], "before": before[name], "after": after[name]})
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .select("line", pl.lit(name).alias("field"), "before", "after")
        for name in names
    ]
    return pl.concat(parts).sort("line", "field")


def _cured(before: pl.DataFrame, after: pl.DataFrame, rule: Rule, lines: pl.Series) -> pl.Series:
    """The lines where the rule is broken less than before; what only a warning says may come to light."""
    errors = after.filter(pl.col("severity") == Severity.ERROR)
    new = errors.select(_PLACE).join(before.select(_PLACE), on=list(_PLACE), how="anti")["line"]
    left = _count(after, rule)
    had = _count(before, rule)
    counted = lines.to_frame("line").join(had, on="line", how="left").join(left, on="line", how="left", suffix="_left")
    better = counted.filter(pl.col("count_left").fill_null(0) < pl.col("count").fill_null(0))["line"]
    return better.filter(~better.is_in(new.unique().implode()))


def _count(findings: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    return findings.filter(pl.col("rule") == rule.id).group_by("line").agg(pl.len().cast(pl.Int64).alias("count"))
