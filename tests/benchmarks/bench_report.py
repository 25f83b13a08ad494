"""The acceptance report over the whole district: figures, spreadsheet, PDF.

Run: ``python tests/benchmarks/bench_report.py [--people 1000000] [--rounds 3] [--folder DIR] [--store FILE]``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.i18n import set_language
from core.jobs import Progress
from core.reports.acceptance import write_acceptance
from core.statistics.definition import COMPUTED
from tests.benchmarks.district import options, workspace

TARGET = 15.0


def main() -> None:
    """Prints the seconds of each figure and of the whole report."""
    given = options(__doc__)
    set_language("zh")
    desk = workspace(given)
    with desk.store.read() as connection:
        for name, (_definition, compute) in COMPUTED.items():
            started = time.perf_counter()
            compute(connection, Progress())
            print(f"{name:28} {time.perf_counter() - started:6.2f} s")
    whole = []
    for _round in range(given.rounds):
        with tempfile.TemporaryDirectory() as out:
            started = time.perf_counter()
            write_acceptance(desk, Path(out))
            whole.append(time.perf_counter() - started)
    print(f"whole report, median         {statistics.median(whole):6.2f} s   (target < {TARGET:g} s)")


if __name__ == "__main__":
    main()
