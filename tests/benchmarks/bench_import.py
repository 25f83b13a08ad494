"""First import, snapshot and undo of the whole district, beside ``sqlite3 .import``, an upsert and an open store.

Run: ``python tests/benchmarks/bench_import.py [--people 1000000] [--rounds 3] [--folder DIR]``.
Each figure is of a whole process; the rounds of all contestants are interleaved and medians compared.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACCESS = {"GRIDLINK_STORE_KEY": "ab" * 32, "GRIDLINK_USER": "bench", "GRIDLINK_PASSWORD": "a-good-phrase-1"}

CHILD = """
import json, sys, time
from pathlib import Path
plain = sys.argv[1] == "plain"
if plain:
    from core.store import sqlcipher
    keyed = sqlcipher.connect
    def unkeyed(path, key_hex):
        from sqlcipher3 import dbapi2
        connection = dbapi2.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        for pragma in ("temp_store = MEMORY", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute("PRAGMA " + pragma)
        return connection
    sqlcipher.connect = unkeyed
from core.security.founding import found
from core.packages.trust import import_sender_key
from core.registry.importing import ingest
from core.registry.undo import undo
training, store = Path(sys.argv[2]), sys.argv[3]
workspace = found(store, admin="bench", password="a-good-phrase-1", station="320508")
for pem in sorted((training / "keys").glob("*.pub.pem")):
    import_sender_key(workspace, pem.name.split(".")[0], pem.read_text(), reason="benchmark")
out = []
packages = sorted((training / "packages").glob("*.zip"))
for file in packages:
    started = time.perf_counter()
    result = ingest(workspace, file)
    out.append({"package": result.package, "seconds": time.perf_counter() - started, "peak_mb": result.peak_mb,
                "rows": sum(c.read for c in result.resources.values()), "change_set": result.change_set})
started = time.perf_counter()
undo(workspace, out[-1]["change_set"])
print(json.dumps({"imports": out, "undo_last": time.perf_counter() - started}))
"""


def ours(kind: str, training: Path, folder: Path) -> dict:
    """One whole process: found the store, import every package, undo the last."""
    store = folder / f"{kind}-{time.monotonic_ns()}.db"
    started = time.perf_counter()
    out = subprocess.run(
        [sys.executable, "-c", CHILD, kind, str(training), str(store)], check=True, capture_output=True, text=True,
        env=os.environ | ACCESS, cwd=ROOT,
    ).stdout  # fmt: skip
    figures = json.loads(out.splitlines()[-1])
    figures["seconds"] = time.perf_counter() - started
    for leftover in folder.glob(f"{store.name}*"):
        leftover.unlink()
    return figures


def baseline(training: Path, folder: Path) -> float:
    """``sqlite3 .import`` of the day-one CSV files with the same columns and the same indexes."""
    from core.model.registry import TABLES

    script = io.StringIO()
    script.write("PRAGMA journal_mode=WAL;\n.mode csv\n")
    tables = set()
    for file in first_day(training):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.endswith(".csv"):
                    table = Path(name).stem
                    csv = folder / f"{file.stem}-{table}.csv"
                    csv.write_bytes(archive.read(name))
                    header = csv.open(encoding="utf-8-sig").readline().strip().split(",")
                    if table not in tables:
                        script.write(
                            f'CREATE TABLE "{table}" ({", ".join(f"{c!r}" for c in header)});\n'.replace(
                                "'", '"'
                            )
                        )
                        tables.add(table)
                    script.write(f'.import --skip 1 "{csv}" {table}\n')
    for table in tables:
        for index in TABLES[table].indexes:
            columns = [column.name for column in index.columns]
            if not columns[0].startswith("retired"):
                named = ", ".join(f'"{name}"' for name in columns)
                script.write(f'CREATE INDEX "{index.name}" ON "{table}" ({named});\n')
    target = folder / "baseline.db"
    target.unlink(missing_ok=True)
    started = time.perf_counter()
    subprocess.run(
        ["sqlite3", str(target)], input=script.getvalue(), text=True, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


NAIVE = """
import csv, io, sys, time, zipfile
from pathlib import Path
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.store import sqlcipher
files, target = sorted(Path(sys.argv[1]).glob("*.zip")), sys.argv[2]
store, made = sqlcipher.connect(target, "ab" * 32), {}
store.execute("PRAGMA cache_size = -65536")
def tables(file):
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                rows = csv.reader(io.TextIOWrapper(archive.open(name), "utf-8-sig"))
                yield Path(name).stem, next(rows), list(rows)
def upsert(name, header, rows):
    key = RESOURCES[name].key if not RESOURCES[name].alternative_key else ("uscc", "org_no")
    quoted = ", ".join(f'"{c}"' for c in header)
    if name not in made:
        made[name] = header
        store.execute(f'CREATE TABLE "{name}" ({quoted}, PRIMARY KEY ({", ".join(key)}))')
        for index in TABLES[name].indexes:
            columns = [column.name for column in index.columns]
            if set(columns) <= set(header):
                named = ", ".join(f'"{column}"' for column in columns)
                store.execute(f'CREATE INDEX "{index.name}" ON "{name}" ({named})')
    news = ", ".join(f'"{c}" = excluded."{c}"' for c in header)
    store.executemany(f'INSERT INTO "{name}" ({quoted}) VALUES ({", ".join("?" * len(header))}) '
                      f'ON CONFLICT DO UPDATE SET {news}', rows)
for file in files[:-1]:
    store.execute("BEGIN")
    for name, header, rows in tables(file):
        if name not in made or made[name] == header:
            upsert(name, header, rows)
    store.execute("COMMIT")
last = list(tables(files[-1]))
cpu, started = time.process_time(), time.perf_counter()
store.execute("BEGIN")
for one in last:
    upsert(*one)
store.execute("COMMIT")
print(time.perf_counter() - started, time.process_time() - cpu)
"""


def naive(training: Path, folder: Path) -> float:
    """The last package's rows written by ``INSERT … ON CONFLICT DO UPDATE`` into an encrypted store that has them.

    Only the statements and their commit count: neither opening the package nor reading or verifying its rows.
    """
    target = folder / f"naive-{time.monotonic_ns()}.db"
    out = subprocess.run(
        [sys.executable, "-c", NAIVE, str(training / "packages"), str(target)], check=True, capture_output=True,
        text=True, cwd=ROOT,
    ).stdout  # fmt: skip
    for leftover in folder.glob(f"{target.name}*"):
        leftover.unlink()
    return float(out.split()[0])


def first_day(training: Path) -> list[Path]:
    """The packages of the first day: the first import of the district."""
    packages = sorted((training / "packages").glob("*.zip"))
    day = packages[0].name[:10]
    return [file for file in packages if file.name.startswith(day)]


def main() -> None:
    """Builds the district if it is not there and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "gridlink-bench")
    options = parser.parse_args()
    training = options.folder / f"district-{options.people}"
    if not (training / "truth.csv").exists():
        from core.training.generator import build_training

        build_training(training, people=options.people, seed=1, error_rate=0.01)
    days = len(first_day(training))
    rows: dict[str, list[float]] = {
        name: [] for name in ("first", "plain", "baseline", "snapshot", "naive", "undo", "peak")
    }
    for _round in range(options.rounds):
        rows["baseline"].append(baseline(training, options.folder))
        encrypted = ours("encrypted", training, options.folder)
        plain = ours("plain", training, options.folder)
        rows["first"].append(sum(one["seconds"] for one in encrypted["imports"][:days]))
        rows["plain"].append(sum(one["seconds"] for one in plain["imports"][:days]))
        rows["snapshot"].append(encrypted["imports"][-1]["seconds"])
        rows["naive"].append(naive(training, options.folder))
        rows["undo"].append(encrypted["undo_last"])
        rows["peak"].append(max(one["peak_mb"] for one in encrypted["imports"]))
        print(json.dumps(encrypted["imports"], indent=None))
    median = {name: statistics.median(values) for name, values in rows.items()}
    for name, value in median.items():
        print(f"{name:10} {value:10.2f}   {[round(v, 2) for v in rows[name]]}")
    print(f"first import / .import          {median['first'] / median['baseline']:.2f}   (target <= 2.5)")
    print(f"encrypted / unencrypted import  {median['first'] / median['plain']:.2f}   (target <= 1.3)")
    print(f"snapshot / first import         {median['snapshot'] / median['first']:.2f}   (target <= 0.35)")
    print(f"snapshot / naive upsert         {median['snapshot'] / median['naive']:.2f}   (target <= 0.15)")
    print(f"undo / import of that snapshot  {median['undo'] / median['snapshot']:.2f}   (target <= 1)")


if __name__ == "__main__":
    main()
