"""Verifying persons: every rule beside a bare scan, the shared rules beside frictionless and pandera, and ``.import``.

Run: ``python tests/benchmarks/bench_verification.py [--rows 1000000] [--rounds 3]``
(extras: ``pip install -e .[bench]``).
Shared rules: required values, codes of sex, document and residence, patterns of token and house code, a year that
is a whole number, and the uniqueness of the key; they are written for each contestant below, and everybody keeps
every finding as data. frictionless is timed on a part and given as rows a second. ``sqlite3 .import`` loads the same
CSV with the indexes that GridLink's table has; it verifies nothing.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from core.model.registry import entity_id
from core.model.resources import PERSON
from core.training.days import invent
from core.training.planting import plant
from core.verification.catalogue import catalogue, instances
from core.verification.context import district_context
from core.verification.engine import verify

REQUIRED = PERSON.required_columns("snapshot")
CODES = {c.name: list(c.codes) for c in PERSON.columns if c.codes}
PATTERNS = {"person_token": r"^[0-9a-f]{64}$", "house_code": r"^[0-9A-Z-]{4,40}$"}
PART = 20_000


def persons(rows: int) -> tuple[bytes, list[str]]:
    """A CSV of persons as the community sends it, one row in a hundred spoilt, and the houses they live in."""
    district = invent(np.random.default_rng(1), rows)
    frame = district.persons.with_columns(
        source=pl.lit("community"),
        collected_at=pl.lit("2026-10-30T10:00:00+08:00"),
        collector=pl.lit("C2031"),
    ).select(PERSON.header("snapshot"))
    spoilt, _truth = plant(
        np.random.default_rng(2), frame.cast(pl.String), "person", mode="snapshot", rate=0.01, covered=set()
    )
    buffer = io.BytesIO()
    spoilt.select(PERSON.header("snapshot")).write_csv(buffer)
    return buffer.getvalue(), frame["house_code"].unique().to_list()


def read(csv: bytes) -> pl.DataFrame:
    """The bare scan."""
    return pl.read_csv(csv, infer_schema=False, null_values=[""])


def ours(rows: pl.DataFrame, houses: list[str]) -> Callable[[], int]:
    """Every rule over every row; every finding kept as data."""
    numbered = rows.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32))
    known = {"house": pl.Series([entity_id(code) for code in houses], dtype=pl.Int64)}
    context = district_context(mode="snapshot", sender="community", known=known, now=datetime.now(UTC))
    return lambda: verify("person", numbered, context).findings.height


SHARED = {
    "value.required_missing", "value.code_unknown", "value.pattern_wrong", "value.number_wrong", "row.key_duplicate",
}  # fmt: skip
"""Our rules that say what the schemas of pandera and frictionless below say."""


def ours_shared(rows: pl.DataFrame) -> Callable[[], int]:
    """The shared rules over the shared columns, and no other."""
    shared = (
        rows.select(*REQUIRED).with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.UInt32))
    )
    others = {rule.id: "off" for rule in catalogue() if rule.id not in SHARED}
    context = district_context(
        mode="snapshot", sender="community", known={}, now=datetime.now(UTC), severities=others
    )
    return lambda: verify("person", shared, context).findings.height


def imported(csv: bytes, folder: Path) -> Callable[[], int]:
    """``sqlite3 .import`` of the same CSV with the indexes of our table."""
    from core.model.registry import TABLES

    file, target = folder / "persons.csv", folder / "persons.db"
    file.write_bytes(csv)
    columns = ", ".join(f'"{name}"' for name in PERSON.header("snapshot"))
    indexed = [c.name for index in TABLES["person"].indexes for c in index.columns if c.name in PERSON.column_names]
    script = f"PRAGMA journal_mode=WAL;\n.mode csv\nCREATE TABLE person ({columns});\n"
    script += f'.import --skip 1 "{file}" person\n'
    script += "".join(f'CREATE INDEX "ix_{name}" ON person ("{name}");\n' for name in indexed)

    def run() -> int:
        target.unlink(missing_ok=True)
        subprocess.run(["sqlite3", str(target)], input=script, text=True, check=True, stdout=subprocess.DEVNULL)
        return 0

    return run


def pandera(rows: pl.DataFrame) -> Callable[[], int]:
    """The shared rules as a pandera schema on polars, every failure collected."""
    import pandera.polars as pa

    columns: dict[str, Any] = {}
    for name in REQUIRED:
        checks = [pa.Check.isin(CODES[name])] if name in CODES else []
        checks += [pa.Check.str_matches(PATTERNS[name])] if name in PATTERNS else []
        checks += [pa.Check.str_matches(r"^[0-9]{4}$")] if name == "birth_year" else []
        columns[name] = pa.Column(str, checks, nullable=False)
    schema = pa.DataFrameSchema(columns, unique=["person_token", "house_code"])

    def run() -> int:
        try:
            schema.validate(rows.select(*REQUIRED), lazy=True)
        except pa.errors.SchemaErrors as found:
            return int(found.failure_cases.height)
        return 0

    return run


def frictionless(csv: bytes, folder: Path) -> Callable[[], int]:
    """The shared rules as a Table Schema, on the first part of the rows."""
    from frictionless import Resource, Schema, validate

    part = folder / "part.csv"
    part.write_bytes(b"\n".join(csv.split(b"\n", PART + 1)[: PART + 1]) + b"\n")
    fields: list[dict[str, Any]] = []
    for name in PERSON.header("snapshot"):
        constraints: dict[str, Any] = {"required": True} if name in REQUIRED else {}
        constraints |= {"enum": CODES[name]} if name in CODES else {}
        constraints |= {"pattern": PATTERNS[name]} if name in PATTERNS else {}
        fields.append({"name": name, "type": "string", "constraints": constraints})
    schema = Schema.from_descriptor({"fields": fields, "primaryKey": ["person_token", "house_code"]})
    return lambda: int(
        validate(Resource(path=part.name, schema=schema, basepath=str(folder)), limit_errors=10**6).stats[
            "errors"
        ]
    )


def timed(work: Callable[[], int]) -> float:
    """Seconds of one run."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Prints the table; rounds of all contestants are interleaved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    csv, houses = persons(options.rows)
    rows = read(csv)
    with tempfile.TemporaryDirectory() as folder:
        contestants = {
            "polars scan": lambda: read(csv).height, "ours, every rule": ours(rows, houses),
            "ours, shared rules": ours_shared(rows), "pandera, shared": pandera(rows),
            "frictionless, part": frictionless(csv, Path(folder)), "sqlite3 .import": imported(csv, Path(folder)),
        }  # fmt: skip
        found = {name: work() for name, work in contestants.items()}
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _round in range(options.rounds):
            for name, work in contestants.items():
                times[name].append(timed(work))
    median = {name: statistics.median(values) for name, values in times.items()}
    count = {name: min(PART, rows.height) if "frictionless" in name else rows.height for name in contestants}
    print(
        f"{rows.height:,} persons, {len(csv) / 2**20:.0f} MB, {len(instances('person'))} checks of every rule"
    )
    for name, seconds in median.items():
        print(f"{name:20} {seconds:8.2f} s {count[name] / seconds:14,.0f} rows/s   found {found[name]:,}")
    share = median["ours, shared rules"] / rows.height
    print(
        f"every rule / scan            {median['ours, every rule'] / median['polars scan']:.2f}   (target <= 3)"
    )
    print(
        f"pandera / ours, shared       {median['pandera, shared'] / median['ours, shared rules']:.2f}   (target >= 1.3)"
    )
    beside_frictionless = median["frictionless, part"] / count["frictionless, part"] / share
    print(f"frictionless / ours, shared  {beside_frictionless:.1f}   (target >= 25)")


if __name__ == "__main__":
    main()
