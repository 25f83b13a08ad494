"""Push over loopback TLS with signed receipts, durable on both sides, from an encrypted store.

Run: ``python tests/benchmarks/bench_push.py [--due 100000] [--others 0] [--rounds 3]``.
Each round is a new store and a new receiver process; the median counts. Also: queuing the deliveries in
the import's transaction, and the outbox's counts. Target: 20,000 records a second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["GRIDLINK_STORE_KEY"] = "ab" * 32

from core.exchange.configuration import configure_connector  # noqa: E402
from core.exchange.outbox import outbox  # noqa: E402
from core.exchange.push import push  # noqa: E402
from core.model.resources import RESOURCES  # noqa: E402
from core.registry import publication  # noqa: E402
from core.security.founding import found  # noqa: E402
from core.security.workspace import Workspace  # noqa: E402
from core.store import bulk  # noqa: E402
from core.training.upstream import Upstream, start_upstream  # noqa: E402
from tests.core.exchange.people import PERSON, ROW, TARGET, entity, token  # noqa: E402
from tests.core.rows import begin  # noqa: E402


def main() -> None:
    """Prints one JSON object."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--due", type=int, default=100_000, help="persons that are due upstream")
    arguments.add_argument("--others", type=int, default=0, help="persons that are not")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    rounds = [one_round(given.due, given.others) for _ in range(given.rounds)]
    medians = {name: round(statistics.median(r[name] for r in rounds), 3) for name in rounds[0]}
    medians["records_per_second"] = round(given.due / medians["push_seconds"])
    print(json.dumps({"due": given.due, "others": given.others, "rounds": given.rounds, **medians}, indent=1))


def one_round(due: int, others: int) -> dict[str, float]:
    """Seconds for each step; fails if a record was lost or arrived twice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = found(str(folder / "g.db"), admin="bench", password="a-good-phrase-1", station="320508")
        enqueue_seconds = fill(workspace, due, others)
        with start_upstream(folder / "upstream") as upstream:
            connect(workspace, upstream)
            push_seconds = timed(lambda: push(workspace))
            assert upstream.reconciliation()["accepted"] == due
            assert {applied for _entity, _record, applied in upstream.register()} == {1}
        outbox_seconds = timed(lambda: outbox(workspace))
        assert outbox(workspace)[TARGET].accepted == due
        workspace.store.close()
    return {"enqueue_seconds": enqueue_seconds, "push_seconds": push_seconds, "outbox_seconds": outbox_seconds}


def fill(workspace: Workspace, due: int, others: int) -> float:
    """Stores the persons as an import would; returns what queuing their deliveries took."""
    with workspace.store.write() as connection:
        change = begin(connection)
        same = ROW | {f"prov_{group}": change for group in RESOURCES["person"].groups}
        same |= {"created_in": change, "changed_in": change}
        columns = ("id", "person_token", "house_code", "residence", *(c for c in same if c != "residence"))
        rest = tuple(value for column, value in same.items() if column != "residence")
        ordered = sorted((entity(n), n) for n in range(due + others))
        rows = (
            (id, token(n), f"H{n:06d}", "floating" if n < due else "registered", *rest) for id, n in ordered
        )
        bulk.insert_rows(connection, PERSON, columns, rows)
        started = time.perf_counter()
        publication.enqueue(connection, change, workspace.now())
        return time.perf_counter() - started


def connect(workspace: Workspace, upstream: Upstream) -> None:
    """Configures the connector for the receiver that was just started."""
    configure_connector(
        workspace, TARGET, base_url=upstream.base_url, ca_pem=upstream.ca_pem, token=upstream.token,
        receipt_public_pem=upstream.receipt_public_pem,
    )  # fmt: skip


def timed(work: object) -> float:
    """Seconds that calling ``work`` takes."""
    assert callable(work)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
