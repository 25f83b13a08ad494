"""``kill -9`` at many points of an import and of a push: afterwards nothing is lost and nothing is there twice."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from core.training.generator import TrainingDistrict
from tests.end_to_end.conftest import Client, trust_all

KILLS = 14


def _run_and_kill(client: Client, delay: float, *words: str | Path) -> bool:
    """Starts the client and kills it after ``delay`` seconds; whether it was still running."""
    process = client.start(*words)
    try:
        process.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


def _state(client: Client) -> dict:
    info = client.ok("store", "info", "--digest")
    outbox = client.ok("outbox")
    return {
        "digest": info["digest"], "entities": info["entities"],
        "findings": client.ok("findings", "--limit", "0")["by_rule"],
        "due": outbox["waiting"] + outbox["accepted"] + outbox["rejected"],
    }  # fmt: skip


@pytest.fixture
def undisturbed(tmp_path: Path, district: TrainingDistrict, packages: list[Path]) -> tuple[dict, float]:
    """The state after an import that nobody disturbed, and how long the run took."""
    calm = Client(tmp_path / "calm.db")
    calm.ok("store", "init", "--admin", "chief")
    trust_all(calm, district)
    started = time.monotonic()
    calm.ok("ingest", *packages)
    return _state(calm), time.monotonic() - started


@pytest.mark.timeout(600)
def test_an_import_killed_at_many_points_ends_like_an_undisturbed_one(client: Client, packages, undisturbed):
    expected, seconds = undisturbed
    chance = random.Random(20261123)
    killed = 0
    for attempt in range(KILLS):
        # Each package is one transaction: a run that was killed keeps whole packages only.
        delay = seconds * (0.15 + 0.85 * (attempt + chance.random()) / KILLS)
        done = client.ok("ingest", packages[0])["packages"][0] if attempt and attempt % 5 == 0 else None
        if done and not done["repeat"]:
            client.ok("undo", str(done["change_set"]))
        killed += _run_and_kill(client, delay, "ingest", *packages)
    assert killed >= KILLS // 3, "the kills came too late to prove anything"
    client.ok("ingest", *packages)
    assert _state(client) == expected
    assert client.ok("audit", "verify")["ok"]


@pytest.mark.timeout(600)
def test_a_push_killed_at_many_points_loses_nothing_and_sends_nothing_twice(
    client: Client, packages, district: TrainingDistrict, tmp_path: Path
):
    from core.training.upstream import start_upstream

    client.ok("ingest", *packages)
    due = client.ok("outbox")["waiting"]
    assert due > 100
    with start_upstream(tmp_path / "upstream") as upstream:
        files = {"ca": upstream.ca_pem, "key": upstream.receipt_public_pem, "token": upstream.token}
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        client.ok(
            "connector", "set", "residence_permit", "--url", upstream.base_url, "--ca", tmp_path / "ca",
            "--receipt-key", tmp_path / "key", "--token-file", tmp_path / "token",
        )  # fmt: skip
        chance = random.Random(7)
        for _attempt in range(KILLS):
            _run_and_kill(client, 0.7 + 1.6 * chance.random(), "push")
        client.ok("push")
        outbox = client.ok("outbox")
        assert outbox["waiting"] == 0
        received = upstream.reconciliation()
        assert outbox["accepted"] == received["accepted"]
        assert outbox["accepted"] + outbox["rejected"] == due
        assert received["accepted"] == len(set(received["keys"])) if "keys" in received else True
    assert client.ok("audit", "verify")["ok"]


def test_nothing_readable_is_left_on_the_disk_by_an_import(client: Client, packages, tmp_path: Path):
    """Search the whole folder of the store, journals included, for words that the packages hold in the open."""
    process = client.start("ingest", *packages)
    seen: set[str] = set()
    needles = ["江苏省苏州市姑苏区".encode(), b"SQLite format 3"]
    while process.poll() is None:
        seen |= _files_with(needles, Path(client.store).parent)
        time.sleep(0.05)
    out, _err = process.communicate()
    assert json.loads(out)["packages"]
    assert seen | _files_with(needles, Path(client.store).parent) == set()


def _files_with(needles: list[bytes], folder: Path) -> set[str]:
    found = set()
    for path in folder.glob(f"{Path('库 store.db').name}*"):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        found |= {path.name for needle in needles if needle in content}
    return found
