"""Opening and verifying a training district's packages in import order, without a store."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from core.model.resources import RESOURCES
from core.packages.reader import Last, Trust, open_package
from core.training.generator import TrainingDistrict
from core.verification.engine import district_context, verify
from core.verification.keys import key_id

NOW = datetime(2026, 11, 23, tzinfo=UTC)
Found = Counter[tuple[str, str, str, str]]


def found_in(district: TrainingDistrict, seal_private_pem: str | None = None) -> Found:
    """Every finding as ``package, resource, key, rule``; what an error holds back is not known later on."""
    last: dict[str, Last] = {}
    known = {name: [pl.Series("id", [], dtype=pl.Int64)] for name in ("address", "house")}
    found: Found = Counter()
    for path in map(Path, district.packages):
        opened = open_package(path, Trust("320508", district.public_keys, last, seal_private_pem))
        assert opened.warnings == []
        declared = opened.declared
        last[declared.sender] = Last(declared.sequence, opened.descriptor_hash, {})
        for name in opened.resource_names:
            rows = opened.frame(name)
            if RESOURCES[name].sealed:
                rows = rows.with_columns(
                    source=pl.lit(declared.sender),
                    collected_at=pl.lit(declared.created),
                    collector=pl.lit("sealed"),
                )
            context = district_context(
                mode=declared.mode, sender=declared.sender, now=NOW,
                known={target: pl.concat(ids) for target, ids in known.items()},
            )  # fmt: skip
            verdict = verify(name, rows, context)
            if name in known:
                good = rows.filter(~pl.col("line").is_in(verdict.rejected.implode()))
                known[name].append(good.select(key_id(RESOURCES[name]).alias("id"))["id"])
            found.update(
                (declared.name, name, *row) for row in verdict.findings.select("key", "rule").iter_rows()
            )
    return found


def planted_in(district: TrainingDistrict) -> Found:
    """The truth in the same form."""
    with district.truth.open(encoding="utf-8") as file:
        return Counter(
            (row["package"], row["resource"], row["key"], row["rule"]) for row in csv.DictReader(file)
        )
