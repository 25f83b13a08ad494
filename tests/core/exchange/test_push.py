"""Pushing to a real receiver process that misbehaves in every way it knows."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from core.errors import Cancelled
from core.exchange import leasing, ways
from core.exchange.configuration import ConnectorNotConfigured
from core.exchange.connectors import connector
from core.exchange.leasing import Lease
from core.exchange.outbox import deliveries, outbox, send_again
from core.exchange.push import PushResult, push
from core.exchange.troubles import Refused, Trouble, Unclear, Unreachable
from core.jobs import Progress
from core.model.exchange import delivery, receipt
from core.model.ledger import finding
from core.security import audit
from core.security.workspace import Actor, NotPermitted
from core.training.upstream import start_upstream
from core.training.upstream_faults import AFTER, BEFORE
from tests.core.exchange.conftest import connect
from tests.core.exchange.people import (
    PERSON,
    TARGET,
    arrive,
    change,
    entity,
    key,
    retire,
    states,
    token,
    undo,
)
from tests.core.rows import enter


def box(workspace):
    return outbox(workspace)[TARGET]


def held_once_each(upstream, numbers):
    """Whether the receiver's register holds exactly these persons, each applied once."""
    found = upstream.register()
    return sorted(e for e, _r, _n in found) == sorted(key(n) for n in numbers) and {n for _e, _r, n in found} <= {1}


def test_everything_due_arrives_once_and_leaves_on_signed_receipts(connected_anywhere, upstream):
    arrive(connected_anywhere, range(1234))
    assert push(connected_anywhere) == {TARGET: PushResult(sent=1234, accepted=1234, rejected=0, waiting=0)}
    assert held_once_each(upstream, range(1234))
    with connected_anywhere.store.read() as connection:
        assert len(connection.execute(select(receipt)).all()) == 3
        rows = connection.execute(select(delivery.c.receipt_no, delivery.c.batch, delivery.c.settled_at)).all()
    assert len({number for number, _batch, _at in rows}) == 1234
    assert all(batch and at for _number, batch, at in rows)
    assert push(connected_anywhere)[TARGET] == PushResult()


def test_a_record_leaves_under_the_receivers_names_and_codes_and_with_nothing_else(connected, upstream):
    arrive(connected, [7], phone_masked="138****5678", permit_until="2027-01-01")
    push(connected, TARGET)
    ((_entity, record, _applied),) = upstream.register()
    assert record == {
        "rybs": token(7), "fwbm": "H000007", "xm": "张*", "zjzl": "111", "zjhm": "320508********12", "xb": "1",
        "csnf": 1980, "jzlb": "1", "jzrq": "2020-01-01", "lxdh": "138****5678", "jzzyxqz": "2027-01-01",
    }  # fmt: skip


def test_rare_characters_arrive_as_they_are(connected, upstream):
    arrive(connected, [1], name_masked="𠮷*")
    push(connected)
    assert upstream.register()[0][1]["xm"] == "𠮷*"


@pytest.mark.parametrize("kind", [k for k in (*BEFORE, *AFTER) if k != "unauthorised"])
def test_one_misbehaviour_loses_nothing_doubles_nothing_and_needs_nobody(connected, upstream, kind):
    arrive(connected, range(30))
    upstream.misbehave({"kind": kind})
    result = push(connected)[TARGET]
    assert (result.accepted, result.rejected) == (30, 0) if kind != "partial" else (15, 0)
    if kind == "partial":  # what a receipt does not mention stays, and the next push asks about it
        assert box(connected).awaited == 15
        assert push(connected)[TARGET].accepted == 15
    assert box(connected).accepted == 30
    assert held_once_each(upstream, range(30))


@pytest.mark.parametrize("kind", [*BEFORE, *(k for k in AFTER if k not in {"duplicate", "partial"})])
def test_a_receiver_that_goes_on_misbehaving_leaves_every_item_in_the_outbox(connected, upstream, kind):
    arrive(connected, range(20))
    upstream.misbehave(
        {"kind": kind, "times": 1000}, {"kind": kind, "times": 1000, "route": "receipts"}
    )
    with pytest.raises(Trouble) as caught:
        push(connected)
    counts = caught.value.details["targets"][TARGET]
    assert (counts["accepted"], counts["rejected"], counts["waiting"]) == (0, 0, 20)
    assert caught.value.message and caught.value.cure
    upstream.misbehave()
    assert push(connected)[TARGET].waiting == 0
    assert held_once_each(upstream, range(20))


def test_a_reply_that_was_cut_after_the_receiver_kept_the_batch_is_asked_about_not_sent_again(connected, upstream):
    arrive(connected, range(1000))
    upstream.misbehave({"kind": "cut_after_commit"})
    assert push(connected)[TARGET].accepted == 1000
    assert upstream.requests()["batches"] == 2
    assert upstream.requests()["receipts"] == 1


def test_a_receiver_that_is_too_slow_keeps_its_batch_awaited_until_the_next_push_asks(connected, upstream, monkeypatch):
    declared = connector(TARGET)
    hasty = declared.transport.model_copy(update={"reply_seconds": 0.5})
    impatient = declared.model_copy(update={"transport": hasty})
    monkeypatch.setattr(ways, "in_force", lambda _store, target: impatient)
    arrive(connected, range(10))
    upstream.misbehave({"kind": "slow", "seconds": 1.5})
    with pytest.raises(Unclear) as caught:
        push(connected)
    assert caught.value.timed_out
    assert caught.value.details["targets"][TARGET] == PushResult(sent=10, waiting=10).as_dict()
    assert box(connected).awaited == 10
    threading.Event().wait(1.5)
    assert push(connected)[TARGET].accepted == 10
    assert upstream.requests()["batches"] == 1


@pytest.mark.parametrize("poisons", [{0}, {999}, {3, 400, 777}])
def test_bad_records_that_bring_the_receiver_down_hold_up_nobody_else(connected, upstream, poisons):
    arrive(connected, range(1000))
    upstream.misbehave(poison=[token(n) for n in poisons])
    result = push(connected)[TARGET]
    assert result.accepted == 1000 - len(poisons)
    assert result.rejected == len(poisons)
    assert {d.key for d in deliveries(connected, TARGET, "rejected")} == {key(n) for n in poisons}
    assert all(d.reason == "gave_up:unclear:http_500" and d.cure for d in deliveries(connected, TARGET, "rejected"))
    assert held_once_each(upstream, set(range(1000)) - poisons)


def test_what_the_receiver_rejects_is_settled_with_its_reason_and_can_be_sent_again(connected, upstream):
    arrive(connected, [1, 2])
    change(connected, [2], move_in="2099-01-01")
    assert push(connected)[TARGET] == PushResult(sent=2, accepted=1, rejected=1)
    (rejected,) = deliveries(connected, TARGET, "rejected")
    assert rejected.reason == "receiver:E103:居住日期晚于当前日期"
    assert "居住日期晚于当前日期" in rejected.message and rejected.cure
    assert push(connected)[TARGET] == PushResult()
    assert send_again(connected, TARGET) == 1
    assert send_again(connected, TARGET) == 0
    change(connected, [2], move_in="2020-05-05")
    assert push(connected)[TARGET].accepted == 1
    assert held_once_each(upstream, [1, 2])


def test_the_gate_reads_again_what_was_changed_behind_its_back(connected, upstream):
    arrive(connected, range(6))
    unmasked = {1: {"id_masked": "320508*99001011234"}, 2: {"name_masked": ""}, 3: {"id_type": "77"},
                4: {"phone_masked": "1381234*5678901"}}  # fmt: skip
    with connected.store.write() as connection:
        for number, values in unmasked.items():
            connection.execute(update(PERSON).where(PERSON.c.id == entity(number)).values(**values))
    assert push(connected)[TARGET] == PushResult(sent=2, accepted=2, rejected=4)
    reasons = {d.key: d.reason for d in deliveries(connected, TARGET, "rejected")}
    assert reasons == {
        key(1): "gate:not_masked:id_masked", key(2): "gate:required_missing:name_masked",
        key(3): "gate:code_unknown:id_type", key(4): "gate:not_masked:phone_masked",
    }  # fmt: skip
    assert all(d.message and d.cure for d in deliveries(connected, TARGET, "rejected"))
    assert held_once_each(upstream, [0, 5])


@pytest.mark.parametrize(("severity", "sender", "later", "held_back"), [
    ("error", "community", 0, True), ("warning", "community", 0, False), ("error", "fire", 0, False),
    ("error", "community", -1, False),
])  # fmt: skip
def test_an_open_error_of_the_records_own_department_holds_it_back(
    connected_anywhere, severity, sender, later, held_back
):
    number = arrive(connected_anywhere, [1, 2])
    with connected_anywhere.store.write() as connection:
        enter(connection, number, name="p", sender=sender)
        connection.execute(insert(finding).values(
            change_set=number + later, resource="person", line=2, key=key(1), rule="R9", severity=severity,
            field="sex",
        ))  # fmt: skip
    result = push(connected_anywhere)[TARGET]
    # A finding without a package (later == -1) that is older than the row is settled by the row itself.
    assert (result.accepted, result.rejected) == ((1, 1) if held_back else (2, 0))
    if held_back:
        (stopped,) = deliveries(connected_anywhere, TARGET, "rejected")
        assert stopped.reason == "gate:open_finding:R9"


def test_a_record_that_changed_while_its_receipt_was_awaited_is_sent_anew_and_in_order(connected, upstream):
    arrive(connected, range(3))
    upstream.misbehave({"kind": "cut_after_commit"}, {"kind": "unavailable", "times": 1000, "route": "receipts"})
    with pytest.raises(Unclear):
        push(connected)
    change(connected, [1], sex="2")
    retire(connected, [2])
    assert states(connected) == {("upsert", "sent"): 3}
    upstream.misbehave()
    assert push(connected)[TARGET] == PushResult(sent=5, accepted=5)
    assert {e: r["xb"] for e, r, _n in upstream.register()} == {key(0): "1", key(1): "2"}


def test_undo_after_the_push_takes_the_records_back_at_the_receiver(connected, upstream):
    number = arrive(connected, range(5))
    push(connected)
    assert undo(connected, number) == 5
    assert push(connected)[TARGET].accepted == 5
    assert upstream.register() == []
    arrive(connected, range(5))
    push(connected)
    assert held_once_each(upstream, range(5))


def test_two_pushes_at_once_share_the_work_and_double_nothing(connected_anywhere, upstream):
    arrive(connected_anywhere, range(8000))
    results, errors = [], []

    def work():
        try:
            results.append(push(connected_anywhere)[TARGET])
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert sum(result.accepted for result in results) == 8000
    assert upstream.reconciliation()["accepted"] == 8000
    assert held_once_each(upstream, range(8000))


def test_no_write_lock_is_held_while_the_receiver_thinks(connected, upstream):
    arrive(connected, range(10))
    upstream.misbehave({"kind": "slow", "seconds": 2})
    worker = threading.Thread(target=push, args=(connected,))
    worker.start()
    threading.Event().wait(0.7)
    before = datetime.now(UTC)
    arrive(connected, [77])
    assert datetime.now(UTC) - before < timedelta(seconds=1)
    assert worker.is_alive()
    worker.join()
    assert box(connected).accepted == 11


def test_unreachable_says_so_with_the_counts_and_everything_waits(connected, upstream):
    arrive(connected, range(700))
    upstream.stop()
    with pytest.raises(Unreachable) as caught:
        push(connected)
    assert caught.value.code == "upstream_unreachable"
    assert caught.value.details["targets"] == {TARGET: {"sent": 0, "accepted": 0, "rejected": 0, "waiting": 700}}
    assert states(connected) == {("upsert", "waiting"): 700}
    assert [d.attempts for d in deliveries(connected, TARGET, limit=1000)] == [0] * 700


def test_a_receiver_that_dies_in_the_middle_and_comes_back_gets_the_rest(connected, upstream, tmp_path):
    arrive(connected, range(3000))

    class StopsHalfway(Progress):
        def advance(self, count=1):
            super().advance(count)
            if self.snapshot.done >= 1000:
                upstream.process.kill()

    with pytest.raises(Trouble):
        push(connected, progress=StopsHalfway())
    again = start_upstream(upstream.folder, port=int(upstream.base_url.rsplit(":")[-1]))
    with again:
        push(connected)
        assert held_once_each(again, range(3000))
    assert states(connected) == {("upsert", "accepted"): 3000}


def test_a_refused_token_stops_at_once_and_blames_no_record(connected, upstream):
    arrive(connected, range(10))
    connect(connected, upstream, token="somebody else's")
    with pytest.raises(Refused) as caught:
        push(connected)
    assert caught.value.details["status"] == 401
    assert [d.attempts for d in deliveries(connected, TARGET)] == [0] * 10


def test_a_server_that_another_authority_vouches_for_gets_nothing(connected, upstream, tmp_path):
    arrive(connected, range(10))
    with start_upstream(tmp_path / "impostor") as impostor:
        connect(connected, upstream, base_url=impostor.base_url)
        with pytest.raises(Unreachable) as caught:
            push(connected)
        assert caught.value.details["cause"] == "certificate"
        assert impostor.reconciliation()["accepted"] == 0


def test_a_receipt_signed_by_somebody_else_is_none(connected, upstream, tmp_path):
    arrive(connected, range(10))
    with start_upstream(tmp_path / "other") as other:
        connect(connected, upstream, receipt_public_pem=other.receipt_public_pem)
    with pytest.raises(Unclear) as caught:
        push(connected)
    assert caught.value.details["cause"] == "not_signed"
    assert box(connected).accepted == 0


def test_without_configuration_push_says_what_is_missing(embedded):
    arrive(embedded, range(3))
    for target in (TARGET, None):
        with pytest.raises(ConnectorNotConfigured) as caught:
            push(embedded, target)
        assert caught.value.code == "connector_not_configured" and caught.value.cure
    assert states(embedded) == {("upsert", "waiting"): 3}


def test_cancelling_keeps_what_was_receipted_and_frees_the_rest(connected, upstream):
    arrive(connected, range(3000))

    class Impatient(Progress):
        def advance(self, count=1):
            super().advance(count)
            self.cancel()

    with pytest.raises(Cancelled):
        push(connected, progress=Impatient())
    assert 0 < box(connected).accepted < 3000
    assert push(connected)[TARGET].waiting == 0
    assert held_once_each(upstream, range(3000))


def test_failed_records_wait_behind_fresh_ones_and_a_push_nobody_asked_for_respects_that(connected, upstream):
    arrive(connected, [1])
    upstream.misbehave({"kind": "error_body", "times": 8})
    with pytest.raises(Unclear):
        push(connected)
    arrive(connected, [2])
    assert [d.key for d in deliveries(connected, TARGET, "waiting")] == [key(1), key(2)]
    assert push(connected, due_only=True)[TARGET] == PushResult(sent=1, accepted=1, waiting=1)
    later = replace(connected, clock=lambda: datetime.now(UTC) + timedelta(hours=2))
    assert push(later, due_only=True)[TARGET].waiting == 0


def test_a_lease_of_a_living_process_is_respected_and_one_that_ran_out_is_not(connected, upstream):
    arrive(connected, range(4))
    lease = Lease(TARGET, leasing.new_owner(), (datetime.now(UTC) + timedelta(minutes=5)).isoformat())
    with connected.store.write() as connection:
        assert len(leasing.take_waiting(connection, lease, limit=3)) == 3
    assert push(connected)[TARGET] == PushResult(sent=1, accepted=1, waiting=3)
    later = replace(connected, clock=lambda: datetime.now(UTC) + timedelta(minutes=6))
    assert push(later)[TARGET].accepted == 3
    assert held_once_each(upstream, range(4))


def test_records_that_a_dying_session_still_locks_are_waited_for(connected_anywhere, upstream):
    """On PostgreSQL a killed client's last transaction ends some time after the client."""
    workspace = connected_anywhere
    arrive(workspace, range(10))
    host, _pid, _started, nonce = leasing.new_owner().rsplit("/", 3)
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    locked = threading.Event()

    def die_slowly():
        with workspace.store.write() as connection:
            leasing.take_waiting(connection, Lease(TARGET, f"{host}/1/0.0/{nonce}", until), limit=10)
            locked.set()
            threading.Event().wait(0.5)

    dying = threading.Thread(target=die_slowly)
    dying.start()
    locked.wait()
    assert push(workspace)[TARGET].accepted == 10
    dying.join()
    assert held_once_each(upstream, range(10))


def test_every_push_is_on_record_with_its_counts_and_without_any_record(connected, upstream):
    arrive(connected, range(3))
    push(connected)
    (entry,) = [e for e in audit.entries(connected) if e.action == "exchange.push"]
    assert entry.subject == TARGET
    assert '"accepted":3' in entry.details
    assert token(1) not in entry.details


def test_pushing_needs_the_permission(connected):
    officer = replace(connected, actor=Actor("officer", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        push(officer)
    with pytest.raises(NotPermitted):
        send_again(officer, TARGET)
