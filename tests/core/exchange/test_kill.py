"""kill -9 of a real pushing process, at many points: nothing is lost, nothing arrives twice."""

import random
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from core.exchange.push import push
from core.model.exchange import delivery, receipt
from core.settings import RESOURCES
from tests.core.conftest import KEY
from tests.core.exchange.people import TARGET, arrive, key

PEOPLE = 12_000
KILLS = 20

PUSHER = """
import sys
from core.exchange.push import push
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
store = open_store(sys.argv[1], sys.argv[2])
print("ready", flush=True)
push(Workspace(store, Actor("steward", frozenset({"steward"}))))
"""


def start(location):
    pusher = subprocess.Popen(
        [sys.executable, "-c", PUSHER, location, KEY], cwd=RESOURCES.parent, stdout=subprocess.PIPE, text=True
    )
    assert pusher.stdout.readline() == "ready\n"
    return pusher


def kill_after(location, seconds):
    """Whether a push was killed while it was at it."""
    pusher = start(location)
    time.sleep(seconds)
    cut = pusher.poll() is None
    pusher.kill()
    pusher.wait()
    pusher.stdout.close()
    return cut


def assert_each_arrived_once(workspace, upstream, people):
    with workspace.store.read() as connection:
        rows = connection.execute(select(delivery.c.id, delivery.c.state, delivery.c.receipt_no)).all()
        assert connection.execute(select(receipt.c.id)).first()
    assert {row.state for row in rows} == {"accepted"}
    assert len({row.receipt_no for row in rows}) == len(rows) == people
    assert upstream.reconciliation()["accepted"] == people
    found = upstream.register()
    assert sorted(entity for entity, _record, _applied in found) == sorted(key(n) for n in range(people))
    assert {applied for _entity, _record, applied in found} == {1}


@pytest.mark.timeout(300)
def test_a_push_killed_at_twenty_points_ends_as_if_it_had_never_been(connected, upstream):
    arrive(connected, range(PEOPLE))
    chance = random.Random(5)
    killed = sum(kill_after(connected.store.location, chance.uniform(0.0, 0.12)) for _ in range(KILLS))
    assert killed >= KILLS // 2, "the kills came too late to prove anything"
    upstream.misbehave()
    push(connected)
    assert_each_arrived_once(connected, upstream, PEOPLE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["cut_after_commit", "slow", "reset_before_commit"])
def test_a_push_killed_while_the_receiver_also_fails_ends_the_same(connected, upstream, kind):
    arrive(connected, range(3000))
    killed = 0
    for _attempt in range(4):
        upstream.misbehave({"kind": kind, "times": 2, "seconds": 0.3})
        killed += kill_after(connected.store.location, 0.1)
    assert killed
    upstream.misbehave()
    push(connected)
    assert_each_arrived_once(connected, upstream, 3000)


def test_the_work_of_a_killed_push_is_taken_over_at_once_without_waiting_for_its_lease(connected, upstream):
    arrive(connected, range(2000))
    upstream.misbehave({"kind": "slow", "seconds": 5})
    assert kill_after(connected.store.location, 0.7)
    with connected.store.read() as connection:
        sent = connection.execute(select(delivery.c.batch, delivery.c.lease_until).where(delivery.c.state == "sent"))
        assert all(batch.startswith("lease:") and until for batch, until in sent.all())
    upstream.misbehave()
    assert push(connected)[TARGET].waiting == 0
    assert_each_arrived_once(connected, upstream, 2000)


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_the_same_on_the_shared_database(connected_anywhere, upstream):
    arrive(connected_anywhere, range(3000))
    assert sum(kill_after(connected_anywhere.store.location, 0.02 * n) for n in range(6))
    push(connected_anywhere)
    assert_each_arrived_once(connected_anywhere, upstream, 3000)
