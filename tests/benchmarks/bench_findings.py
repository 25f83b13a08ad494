"""A million findings: what scrolling, grouping, counting and exporting them takes.

Run: ``python tests/benchmarks/bench_findings.py [--findings 1000000] [--export] [--folder DIR]``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.model.ledger import finding
from core.security.founding import found
from core.security.workspace import Workspace
from core.stewardship.exporting import export_findings
from core.stewardship.findings import Filters, by_number, counts, groups, listed, numbers
from core.store import bulk

PAGE, LOOKS = 200, 200
RULES = (
    "value.required_missing", "value.code_unknown", "value.pattern_wrong", "row.key_duplicate", "reference.unknown",
)  # fmt: skip
COLUMNS = (
    "change_set", "resource", "line", "key", "rule", "severity", "field", "value", "entity", "sender", "collector",
    "grid_code",
)  # fmt: skip


def filled(folder: Path, many: int) -> Workspace:
    """A new store with as many findings as a bad month of a district brings."""
    desk = found(str(folder / "findings.db"), admin="steward", password="a long enough one", station="320508")
    rows = (
        (1, "person", n, f"{n:064x}", RULES[n % 5], "error" if n % 3 else "warning", "move_in", "2020-13-01", n,
         ("police", "community")[n % 2], f"C{n % 500:04}", f"320508017{n % 400:06}")
        for n in range(many)
    )  # fmt: skip
    with desk.store.write() as connection:
        bulk.insert_rows(connection, finding, COLUMNS, rows)
    return desk


def told(name: str, work: Callable[[], Any]) -> Any:
    """Runs and prints the milliseconds."""
    started = time.perf_counter()
    result = work()
    print(f"{name:28} {(time.perf_counter() - started) * 1000:10.1f} ms", flush=True)
    return result


def scroll(desk: Workspace, held: list[int]) -> None:
    """Pages from anywhere, as the scroll bar asks for them."""
    draw, spent = random.Random(7), []
    for _look in range(LOOKS):
        start = draw.randrange(max(1, len(held) - PAGE))
        began = time.perf_counter()
        by_number(desk, held[start : start + PAGE])
        spent.append((time.perf_counter() - began) * 1000)
    spent.sort()
    print(f"a page of {PAGE}: p50 {spent[LOOKS // 2]:.1f}  p95 {spent[int(LOOKS * 0.95)]:.1f}  max {spent[-1]:.1f} ms")


def main() -> None:
    """Fills a store and measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        desk = told("findings stored", lambda: filled(folder, options.findings))
        told("first page", lambda: listed(desk, limit=PAGE))
        held = told("numbers of all", lambda: numbers(desk))
        scroll(desk, list(held))
        told("counts", lambda: counts(desk))
        for by in ("rule", "sender", "grid", "collector"):
            told(f"groups by {by}", lambda by=by: groups(desk, by))
        told("numbers of one rule", lambda: numbers(desk, Filters(rule=RULES[0])))
        if options.export:
            told("export", lambda: export_findings(desk, Filters(), folder / "findings.xlsx"))
        desk.store.close()


if __name__ == "__main__":
    main()
