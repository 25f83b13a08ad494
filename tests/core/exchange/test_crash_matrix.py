"""Killed after every statement of the push, against a receiver that misbehaves at random: both sides end equal."""

import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select

from core.exchange import message_log
from core.exchange.channels import begin_queueing
from core.exchange.extraction.extracting import extract
from core.exchange.outbox import outbox
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from core.exchange.troubles import Trouble
from core.model.exchange import delivery
from core.model.registry import entity_id
from core.registry.editing import edit, editable
from core.training.upstream import start_upstream
from tests.core.conftest import KEY
from tests.core.exchange import sources
from tests.core.exchange.crashing import Crasher
from tests.core.exchange.people import TARGET, arrive, change, key, retire
from tests.core.rows import begin, put

FAULTS = ("server_error", "cut_after_commit", "reset_before_commit", "partial", "error_body", "empty", "receipt_twice",
          "duplicate", "accept_half", "out_of_order", "full")  # fmt: skip


def assert_equal_on_both_sides(workspace, upstream, people):
    """Everything arrived exactly once, the log is whole, and both sides say the same."""
    assert {entity: applied for entity, _r, applied in upstream.register()} == dict.fromkeys(
        map(key, people), 1
    )
    box = outbox(workspace)[TARGET]
    assert (box.waiting, box.sent, box.awaited, box.rejected) == (0, 0, 0, 0)
    assert reconcile(workspace, TARGET).agrees
    assert message_log.verify_log(workspace).ok


@pytest.mark.timeout(200)
@pytest.mark.parametrize("misbehaving", [False, True])
def test_killed_after_each_statement_the_end_is_as_if_it_had_never_been(connected, upstream, misbehaving):
    chance, people, killed, statement = random.Random(11), 0, 0, 0
    with Crasher(connected.store.location, KEY) as crasher:
        ended_in_a_row = 0
        while ended_in_a_row < 3 and statement < 120:
            statement += 2 if misbehaving else 1
            arrive(connected, range(people, people + 3))
            people += 3
            if misbehaving:
                upstream.misbehave({"kind": chance.choice(FAULTS)})
            was_killed = crasher.push_until(statement)
            killed += was_killed
            ended_in_a_row = 0 if was_killed else ended_in_a_row + 1
    assert killed >= 15, "the push has more statements than that"
    upstream.misbehave()
    push(connected)
    assert_equal_on_both_sides(connected, upstream, range(people))


@pytest.mark.timeout(1200)
def test_killed_at_random_statements_the_end_is_the_same_too(connected, upstream):
    """Twelve times here; two hundred times with GRIDLINK_WHOLE_MATRIX set."""
    chance, kills = random.Random(13), 200 if os.environ.get("GRIDLINK_WHOLE_MATRIX") else 12
    people = killed = 0
    with Crasher(connected.store.location, KEY) as crasher:
        while killed < kills:
            arrive(connected, range(people, people + 5))
            people += 5
            upstream.misbehave({"kind": chance.choice(FAULTS)}, {"kind": chance.choice(FAULTS)})
            killed += crasher.push_until(chance.randint(1, 40))
    upstream.misbehave()
    push(connected)
    assert_equal_on_both_sides(connected, upstream, range(people))


@pytest.mark.timeout(200)
def test_a_week_of_traffic_with_a_clock_that_jumps_ends_with_both_sides_equal(connected, upstream):
    chance, people, now = random.Random(7), 0, datetime.now(UTC)
    for _turn in range(21):
        now += timedelta(hours=chance.choice([8, 8, 9, -3, 30, -1]))
        today = replace(connected, clock=lambda now=now: now)
        arrive(today, range(people, people + 5))
        people += 5
        change(today, chance.sample(range(people), 2), sex=chance.choice("12"))
        upstream.misbehave({"kind": chance.choice(FAULTS)}, {"kind": chance.choice(FAULTS)})
        with suppress(Trouble):  # what it did not bring is brought by a later one
            push(today, due_only=chance.random() < 0.5)
    retire(connected, range(3))
    upstream.misbehave()
    at_last = replace(connected, clock=lambda: now + timedelta(days=2))
    push(at_last)
    assert {entity for entity, _r, _n in upstream.register()} == {key(n) for n in range(3, people)}
    with connected.store.read() as connection:
        states = set(connection.execute(select(delivery.c.state).distinct()).scalars())
    assert states <= {"accepted", "superseded"}
    assert reconcile(at_last, TARGET).agrees and message_log.verify_log(connected).ok


@pytest.mark.timeout(200)
def test_corrections_killed_after_each_statement_are_in_the_platforms_table_once(
    embedded, tmp_path, monkeypatch
):
    """The table's own statements and its commit count too: they are in the same process."""
    rounds, statement, killed, ended = 60, 0, 0, 0
    with start_upstream(tmp_path / "platform", system="police_platform") as platform:
        platform.records("house", put=[sources.house(n) for n in range(rounds)])
        with embedded.store.write() as connection:
            known = [
                {"address_code": one["dzbm"], "full_text": one["dzmc"]}
                for one in map(sources.address, range(rounds))
            ]
            put(connection, "address", begin(connection), known)
        sources.connect(embedded, platform, monkeypatch)
        extract(embedded, "police_platform")
        begin_queueing(embedded, "police_platform")
        with Crasher(embedded.store.location, KEY) as crasher:
            while ended < 2 and statement < rounds:
                correct_house(embedded, statement)
                statement += 1
                was_killed = crasher.push_until(statement)
                killed, ended = killed + was_killed, 0 if was_killed else ended + 1
        for _round in range(60):
            push(embedded, "police_platform")
            box = outbox(embedded)["police_platform"]
            if box.waiting + box.awaited == 0:
                break
            time.sleep(0.05)
        there = [orjson.loads(one["body"]) for one in platform.ask("/control/messages")]
        assert killed >= 15, "the loop has more statements than that"
        assert sorted(one["fwbm"] for one in there) == [f"H-{n:06d}" for n in range(statement)], (
            "each once, none lost"
        )
        assert (box.waiting, box.sent, box.awaited, box.accepted) == (0, 0, 0, statement)
        assert reconcile(embedded, "police_platform").agrees
        assert message_log.verify_log(embedded).ok


def correct_house(workspace, number):
    entity = entity_id(f"H-{number:06d}")
    seen = editable(workspace, "house", entity)
    edit(workspace, "house", entity, {"use": "vacant"}, version=seen.version, reason="入户核实")
