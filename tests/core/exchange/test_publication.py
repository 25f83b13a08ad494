"""What is due upstream is decided with the change itself, on either database."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from core.model.exchange import delivery
from core.registry import publication
from tests.core.exchange.people import (
    TARGET,
    arrive,
    change,
    entity,
    key,
    retire,
    set_state,
    states,
    undo,
)
from tests.core.rows import begin, put


def test_an_import_queues_exactly_what_the_selection_names(workspace):
    with workspace.store.write() as connection:
        number = begin(connection)
        put(connection, "person", number, [
            {"person_token": "a", "residence": "floating"}, {"person_token": "b", "residence": "lodging"},
            {"person_token": "c", "residence": "registered"}, {"person_token": "d", "residence": "overseas"},
        ])  # fmt: skip
        assert publication.enqueue(connection, number, workspace.now()) == {TARGET: 2}
        rows = connection.execute(select(delivery.c.key, delivery.c.op, delivery.c.state, delivery.c.change_set)).all()
    assert sorted(rows) == [("a:H001", "upsert", "waiting", number), ("b:H001", "upsert", "waiting", number)]


def test_nothing_is_queued_when_the_import_is_not_kept(workspace):
    class PowerCut(Exception):
        pass

    with pytest.raises(PowerCut), workspace.store.write() as connection:
        number = begin(connection)
        put(connection, "person", number, [{"person_token": "a", "residence": "floating"}])
        assert publication.enqueue(connection, number, workspace.now()) == {TARGET: 1}
        raise PowerCut
    assert states(workspace) == {}


def test_a_newer_version_takes_the_place_of_one_that_waits(workspace):
    arrive(workspace, range(5))
    change(workspace, [1, 2], sex="2")
    assert states(workspace) == {("upsert", "waiting"): 5, ("upsert", "superseded"): 2}


def test_a_record_cannot_be_queued_twice(workspace):
    arrive(workspace, [1])
    with pytest.raises(IntegrityError), workspace.store.write() as connection:
        names = [c.name for c in delivery.c if c.name != "id"]
        connection.execute(insert(delivery).from_select(names, select(*(delivery.c[n] for n in names))))


def test_an_awaited_delivery_is_left_alone_and_the_newer_version_follows_when_it_is_settled(workspace):
    arrive(workspace, [1, 2])
    set_state(workspace, "sent")
    change(workspace, [1], sex="2")
    assert states(workspace) == {("upsert", "sent"): 2}
    set_state(workspace, "accepted")
    with workspace.store.write() as connection:
        ids = [entity(1), entity(2)]
        assert publication.requeue_outdated(connection, TARGET, ids, workspace.now()) == 1
        waiting = select(delivery.c.entity).where(delivery.c.state == "waiting")
        assert connection.execute(waiting).scalars().all() == [entity(1)]


def test_a_record_retired_before_it_left_is_simply_not_sent(workspace):
    arrive(workspace, [1])
    retire(workspace, [1])
    assert states(workspace) == {("upsert", "superseded"): 1}


def test_a_record_retired_after_it_was_accepted_is_retired_at_the_receiver(workspace):
    arrive(workspace, [1, 2])
    set_state(workspace, "accepted")
    retire(workspace, [1])
    assert states(workspace) == {("upsert", "accepted"): 2, ("retire", "waiting"): 1}


def test_a_record_that_leaves_the_selection_is_retired_at_the_receiver_once(workspace):
    arrive(workspace, [1])
    set_state(workspace, "accepted")
    change(workspace, [1], residence="registered")
    change(workspace, [1], sex="2")
    assert states(workspace) == {("upsert", "accepted"): 1, ("retire", "waiting"): 1, ("retire", "superseded"): 1}
    set_state(workspace, "accepted")
    change(workspace, [1], sex="1")
    assert states(workspace)["retire", "accepted"] == 1
    assert ("retire", "waiting") not in states(workspace)
    change(workspace, [1], residence="lodging")
    assert states(workspace)["upsert", "waiting"] == 1


def test_a_rejected_version_is_not_queued_again_by_itself_but_a_newer_one_is(workspace):
    arrive(workspace, [1])
    set_state(workspace, "rejected")
    with workspace.store.write() as connection:
        assert publication.requeue_outdated(connection, TARGET, [entity(1)], workspace.now()) == 0
    change(workspace, [1], sex="2")
    assert states(workspace) == {("upsert", "rejected"): 1, ("upsert", "waiting"): 1}


def test_undo_withdraws_what_waits_and_says_that_nothing_had_left(workspace):
    number = arrive(workspace, range(3))
    assert undo(workspace, number) == 0
    assert states(workspace) == {("upsert", "withdrawn"): 3}


def test_undo_of_a_first_import_retires_what_the_receiver_had_accepted(workspace):
    number = arrive(workspace, range(3))
    set_state(workspace, "accepted")
    assert undo(workspace, number) == 3
    assert states(workspace) == {("upsert", "accepted"): 3, ("retire", "waiting"): 3}


def test_undo_of_a_change_restores_the_earlier_version_at_the_receiver(workspace):
    arrive(workspace, range(3))
    set_state(workspace, "accepted")
    number = change(workspace, [0, 1], sex="2")
    set_state(workspace, "accepted")
    assert undo(workspace, number) == 2
    assert states(workspace) == {("upsert", "accepted"): 5, ("upsert", "waiting"): 2}


def test_undo_of_a_change_that_had_not_left_brings_back_the_delivery_it_replaced(workspace):
    arrive(workspace, [1])
    number = change(workspace, [1], sex="2")
    assert undo(workspace, number) == 0
    with workspace.store.read() as connection:
        waiting = connection.execute(
            select(delivery.c.key, delivery.c.version).where(delivery.c.state == "waiting")
        ).all()
    assert waiting == [(key(1), 1)]


def test_undo_of_a_change_that_was_accepted_before_and_not_after_leaves_the_receiver_alone(workspace):
    arrive(workspace, [1])
    set_state(workspace, "accepted")
    number = change(workspace, [1], sex="2")
    assert undo(workspace, number) == 0
    assert states(workspace) == {("upsert", "accepted"): 1, ("upsert", "withdrawn"): 1}


def test_undo_of_a_change_that_took_a_record_out_of_the_selection_queues_it_again(workspace):
    arrive(workspace, [1])
    number = change(workspace, [1], residence="registered")
    assert states(workspace) == {("upsert", "superseded"): 1}
    undo(workspace, number)
    assert states(workspace) == {("upsert", "superseded"): 1, ("upsert", "waiting"): 1}


def test_undo_while_a_receipt_is_awaited_counts_it_and_corrects_when_it_is_settled(workspace):
    number = arrive(workspace, [1])
    set_state(workspace, "sent")
    assert undo(workspace, number) == 1
    assert states(workspace) == {("upsert", "sent"): 1}
    set_state(workspace, "accepted")
    with workspace.store.write() as connection:
        assert publication.requeue_outdated(connection, TARGET, [entity(1)], workspace.now()) == 1
    assert states(workspace) == {("upsert", "accepted"): 1, ("retire", "waiting"): 1}


def test_whether_a_version_was_said_is_asked_of_its_own_record_and_not_of_whoever_was_settled_last(workspace):
    arrive(workspace, [1, 2])
    set_state(workspace, "accepted")
    arrive(workspace, [3])  # the very version number that the last settled delivery had
    assert states(workspace) == {("upsert", "accepted"): 2, ("upsert", "waiting"): 1}
    set_state(workspace, "accepted")
    change(workspace, [3], sex="2")
    set_state(workspace, "accepted")
    with workspace.store.write() as connection:
        ids = [entity(n) for n in (1, 2, 3)]
        assert publication.requeue_outdated(connection, TARGET, ids, workspace.now()) == 0
