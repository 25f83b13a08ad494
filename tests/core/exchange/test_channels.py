"""When something may go: pauses, the operator's hours, and a circuit breaker that opens for longer each time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.exchange import channels
from core.exchange.channels import ChannelPaused, read_channel
from core.exchange.declaration import Limits
from core.exchange.hours import is_open
from core.exchange.intervening import hold, ids_of, let_go, preview
from core.exchange.outbox import deliveries, outbox, send_again
from core.exchange.push import push
from core.exchange.troubles import Unreachable
from core.security import audit
from tests.core.exchange.people import TARGET, arrive, change, key, states

WEEKDAYS = Limits(days=("mon", "tue", "wed", "thu", "fri"), begin="08:30", end="17:30")


@pytest.mark.parametrize(("utc", "may"), [
    ("2026-11-25T00:29", False), ("2026-11-25T00:30", True), ("2026-11-25T09:30", True), ("2026-11-25T09:31", False),
    ("2026-11-28T02:00", False),  # a Saturday in China
    ("2026-11-29T17:00", False),  # Monday one o'clock at night there
])  # fmt: skip
def test_hours_are_those_of_the_operators_clock(utc, may):
    assert is_open(WEEKDAYS, datetime.fromisoformat(utc).replace(tzinfo=UTC)) is may


def test_hours_may_pass_midnight_and_none_means_always():
    night = Limits(begin="22:00", end="05:00")
    assert is_open(night, datetime(2026, 11, 25, 15, 0, tzinfo=UTC))
    assert not is_open(night, datetime(2026, 11, 25, 4, 0, tzinfo=UTC))
    assert is_open(Limits(), datetime(2026, 11, 28, 20, 0, tzinfo=UTC))


def test_a_paused_target_gets_nothing_until_it_is_resumed_and_both_are_on_record(connected, upstream):
    arrive(connected, [1])
    channels.pause(connected, TARGET, "对方停机维护")
    with pytest.raises(ChannelPaused) as caught:
        push(connected, TARGET)
    assert "对方停机维护" in caught.value.message and caught.value.cure
    assert push(connected)[TARGET].waiting == 1
    assert upstream.reconciliation()["accepted"] == 0
    channels.resume(connected, TARGET)
    assert push(connected, TARGET)[TARGET].accepted == 1
    assert {e.action for e in audit.entries(connected)} >= {"exchange.pause", "exchange.resume"}


def test_after_trouble_nothing_goes_by_itself_for_a_while_and_then_somebody_is_needed(connected, upstream):
    arrive(connected, [1])
    upstream.stop()
    at = datetime.now(UTC)
    for run in range(1, 4):
        later = replace(connected, clock=lambda: at + timedelta(hours=run))  # noqa: B023 - used at once
        with pytest.raises(Unreachable):
            push(later, due_only=True)
        with connected.store.read() as connection:
            now = read_channel(connection, TARGET)
        assert now.failures == run and now.trouble == "unreachable:ConnectError"
        assert now.retry_at > (at + timedelta(hours=run)).isoformat(timespec="milliseconds")
        assert push(later, due_only=True)[TARGET].waiting == 1, "the breaker is open: nothing is tried"
    assert now.needs_somebody


def test_one_receipt_closes_the_breaker(connected, upstream):
    arrive(connected, [1])
    upstream.misbehave({"kind": "unauthorised"})
    with pytest.raises(Exception, match="401"):
        push(connected)
    with connected.store.read() as connection:
        assert read_channel(connection, TARGET).failures == 1
    push(connected)
    with connected.store.read() as connection:
        assert read_channel(connection, TARGET).failures == 0


def test_what_is_held_stays_and_its_newest_version_goes_when_it_is_let_go(connected, upstream):
    arrive(connected, [1, 2])
    assert hold(connected, TARGET, ids_of(connected, TARGET, key(1)), "等派出所确认") == 1
    (held,) = deliveries(connected, TARGET, "held")
    assert held.key == key(1) and "等派出所确认" in held.message and held.since
    assert push(connected)[TARGET].accepted == 1
    change(connected, [1], sex="2")
    assert states(connected) == {("upsert", "held"): 1, ("upsert", "accepted"): 1}
    assert outbox(connected)[TARGET].held == 1
    assert let_go(connected, TARGET, [held.id]) == 1
    assert push(connected)[TARGET].accepted == 1
    assert {e: r["xb"] for e, r, _n in upstream.register()} == {key(1): "2", key(2): "1"}


def test_the_preview_is_exactly_what_leaves_and_changes_nothing(connected, upstream):
    arrive(connected, [1, 2])
    change(connected, [2], id_type="77")
    seen = {p.key: p for p in preview(connected, TARGET)}
    assert states(connected) == {("upsert", "waiting"): 2, ("upsert", "superseded"): 1}
    assert seen[key(2)].record is None and seen[key(2)].message and seen[key(2)].cure
    push(connected)
    assert {e: r for e, r, _n in upstream.register()} == {key(1): seen[key(1)].record}


def test_a_record_that_the_receiver_lost_is_sent_to_it_again(connected, upstream):
    arrive(connected, [1, 2])
    push(connected)
    assert send_again(connected, TARGET) == 0
    assert send_again(connected, TARGET, ids_of(connected, TARGET, key(1))) == 1
    assert push(connected)[TARGET].accepted == 1
    assert {e: n for e, _r, n in upstream.register()} == {key(1): 2, key(2): 1}
