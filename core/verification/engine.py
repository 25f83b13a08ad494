"""The columnar engine: every rule of a resource over all rows at once; every finding kept.

Two things make it fast. A rule that reads one column of few distinct values is asked about those values
only. All other rules are expressions of one query, and rows are looked at again only where one is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from core.model.resources import ENVELOPE, RESOURCES, Resource
from core.verification.catalogue import Instance, instances
from core.verification.context import Context, district_context
from core.verification.declaration import Severity, Terms
from core.verification.freetext import mask_free_text
from core.verification.keys import key_text
from core.verification.showing import shown_value
from core.verification.storage import as_number, is_number, typed

__all__ = ["FINDINGS", "Context", "Verdict", "district_context", "mask_free_text", "typed", "verify"]

FINDINGS = {
    "line": pl.UInt32,
    "key": pl.String,
    "rule": pl.String,
    "severity": pl.String,
    "field": pl.String,
    "value": pl.String,
}
OFF = "off"
"""The severity of a rule that the administrator has switched off."""
STANDING = "standing"
"""The mode in which the registry's own rows are verified, with what surrounds them."""
_SMALL = 4_000
_PROBE = 1_000


@dataclass(frozen=True)
class Verdict:
    """What verification found (columns as in ``FINDINGS``, by line) and the lines with an error."""

    findings: pl.DataFrame
    rejected: pl.Series


@dataclass(frozen=True)
class _Check:
    """An instance with its expression in this context and the columns that it reads."""

    place: Instance
    broken: pl.Expr
    reads: frozenset[str]


@dataclass(frozen=True)
class _Hit:
    """A broken check and the numbers of the rows (from 0) that break it."""

    check: _Check
    rows: pl.Series


def verify(resource: str, rows: pl.DataFrame, context: Context) -> Verdict:
    """Verifies the rows of one resource: text columns as in the package, and ``line``; nothing is written."""
    declared = RESOURCES[resource]
    checks = _checks(declared, rows, context)
    few = _few_valued(rows, {name for check in checks for name in check.reads})
    by_value = [check for check in checks if len(check.reads) == 1 and check.reads <= few]
    by_row = [check for check in checks if not (len(check.reads) == 1 and check.reads <= few)]
    hits = [*_broken_values(declared, rows, by_value), *_broken_rows(declared, rows, by_row)]
    told = _without_cascades(declared, hits, _retiring(rows, context))
    findings = _findings(declared, rows, told, context)
    rejected = findings.filter(pl.col("severity") == Severity.ERROR)["line"].unique().sort()
    return Verdict(findings, rejected)


def _checks(resource: Resource, rows: pl.DataFrame, context: Context) -> list[_Check]:
    present = frozenset(rows.columns)
    checks = []
    for place in instances(resource.name):
        if place.column.name not in present:  # op in a snapshot
            continue
        standing = place.rule.standing and context.mode != STANDING
        if standing or context.severities.get(place.rule.id) == OFF:
            continue
        broken = place.rule.broken(Terms(place.rule, resource, place.column, context))
        if broken is None:
            continue
        reads = frozenset(broken.meta.root_names())
        if reads and reads <= present:
            checks.append(_Check(place, broken, reads))
    return checks


def _few_valued(rows: pl.DataFrame, names: set[str]) -> frozenset[str]:
    """The columns whose values repeat so much that asking about the distinct ones pays."""
    if rows.height < _SMALL:
        return frozenset()
    probe = rows.select(sorted(names)).gather_every(rows.height // _PROBE)
    counts = probe.select(pl.all().n_unique()).row(0, named=True)
    return frozenset(name for name, count in counts.items() if count < probe.height / 2)


def _broken_values(resource: Resource, rows: pl.DataFrame, checks: Sequence[_Check]) -> list[_Hit]:
    columns = sorted({name for check in checks for name in check.reads})
    distinct = rows.select(pl.col(name).unique().implode() for name in columns)
    hits = []
    for name in columns:
        values = distinct.item(0, name)
        about = [check for check in checks if name in check.reads]
        for hit in _broken_rows(resource, values.to_frame(name), about):
            bad = values.gather(hit.rows)
            hits.append(_Hit(hit.check, rows[name].is_in(bad.implode(), nulls_equal=True).arg_true()))
    return hits


def _broken_rows(resource: Resource, rows: pl.DataFrame, checks: Sequence[_Check]) -> list[_Hit]:
    """Guards read the text as it came, all other rules read numbers as numbers."""
    numbers = [
        as_number(name, resource.by_name[name].kind)
        for name in rows.columns
        if name in resource.by_name and is_number(resource.by_name[name].kind)
    ]
    guards = [check for check in checks if check.place.rule.guard]
    others = [check for check in checks if not check.place.rule.guard]
    return [*_ask(rows.lazy(), guards), *_ask(rows.lazy().with_columns(numbers), others)]


def _ask(rows: pl.LazyFrame, checks: Sequence[_Check]) -> list[_Hit]:
    if not checks:
        return []
    query = rows.select(check.broken.arg_true().implode().alias(str(i)) for i, check in enumerate(checks))
    table = query.collect()
    answer = [table.item(0, name) for name in table.columns]
    return [_Hit(check, found) for check, found in zip(checks, answer, strict=True) if len(found)]


def _without_cascades(resource: Resource, hits: Sequence[_Hit], retiring: pl.Series | None) -> list[_Hit]:
    """One mistake, one finding: rules are silent where a column they read could not be read at all."""
    unreadable: dict[str, list[pl.Series]] = {}
    for hit in hits:
        if hit.check.place.rule.guard:
            unreadable.setdefault(hit.check.place.column.name, []).append(hit.rows)
    told = []
    for hit in hits:
        guard = hit.check.place.rule.guard
        silent = [] if guard else [rows for name in hit.check.reads for rows in unreadable.get(name, ())]
        if retiring is not None and not _looks_at_retiring(resource, hit.check.place):
            silent.append(retiring)
        told.append(_Hit(hit.check, _minus(hit.rows, silent)))
    return [hit for hit in told if len(hit.rows)]


def _minus(rows: pl.Series, without: Iterable[pl.Series]) -> pl.Series:
    return reduce(lambda left, one: left.filter(~left.is_in(one.implode())), without, rows)


def _retiring(rows: pl.DataFrame, context: Context) -> pl.Series | None:
    if context.mode != "delta" or "op" not in rows.columns:
        return None
    return (rows["op"] == "retire").arg_true()


def _looks_at_retiring(resource: Resource, place: Instance) -> bool:
    if not place.rule.guard:
        return place.rule.retired
    needed = {*resource.key, resource.alternative_key, *(column.name for column in ENVELOPE)}
    return place.column.name in needed


def _findings(
    resource: Resource, rows: pl.DataFrame, hits: Sequence[_Hit], context: Context
) -> pl.DataFrame:
    parts = [_told(resource, rows[hit.rows], hit.check.place, context) for hit in hits]
    if not parts:
        return pl.DataFrame(schema=FINDINGS)
    return pl.concat(parts).sort("line", "rule", "field")


def _told(resource: Resource, rows: pl.DataFrame, place: Instance, context: Context) -> pl.DataFrame:
    return rows.select(
        pl.col("line").cast(pl.UInt32),
        key_text(resource).alias("key"),
        rule=pl.lit(place.rule.id),
        severity=pl.lit(context.severities.get(place.rule.id, str(place.rule.severity))),
        field=pl.lit(place.column.name),
        value=shown_value(place),
    )
