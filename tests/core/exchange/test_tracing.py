"""Did the province get this record? The answer, the message to the letter, and the evidence behind it."""

import pytest
from sqlalchemy import select, update

from core.exchange.message_detail import DeliveryGone, delivery_detail
from core.exchange.outbox import deliveries
from core.exchange.push import push
from core.exchange.tracing import history_of
from core.model.exchange import delivery, receipt
from core.security import audit
from tests.core.exchange.people import TARGET, arrive, change, entity, key, retire


def answer(workspace, number):
    (trace,) = [one for one in history_of(workspace, "person", entity(number)) if one.target == TARGET]
    return trace


def newest(workspace, number):
    return [d for d in deliveries(workspace, TARGET) if d.entity == entity(number)][-1]


def test_the_answer_follows_the_record_from_the_queue_to_the_receipt_and_beyond(connected_anywhere):
    workspace = connected_anywhere
    arrive(workspace, range(2))
    assert answer(workspace, 1).answer == "under_way" and answer(workspace, 1).receipt is None
    push(workspace)
    trace = answer(workspace, 1)
    assert trace.answer == "has_it" and trace.receipt.receipt_no
    change(workspace, (1,), name_masked="李*")
    assert answer(workspace, 1).answer == "under_way"
    assert answer(workspace, 1).receipt == trace.receipt
    push(workspace)
    assert answer(workspace, 1).answer == "has_it"
    retire(workspace, (1,))
    push(workspace)
    assert answer(workspace, 1).answer == "taken_back"


def test_what_is_held_back_or_not_the_systems_business_is_said_so(connected):
    arrive(connected, (1,), name_masked="")
    arrive(connected, (2,), residence="registered")
    push(connected)
    assert answer(connected, 1).answer == "rejected" and "name_masked" in answer(connected, 1).newest.message
    assert answer(connected, 2).answer == "not_meant"
    assert {t.target for t in history_of(connected, "person", entity(2))} == {TARGET, "zhenyan"}


def test_a_message_shows_registry_and_sent_side_by_side_with_the_signed_word_about_it(connected):
    arrive(connected, (1,))
    push(connected)
    detail = delivery_detail(connected, newest(connected, 1).id)
    lines = {line.name: (line.column, line.value, line.sent) for line in detail.lines}
    assert lines["zjzl"] == ("id_type", "01", "111") and lines["xm"] == ("name_masked", "张*", "张*")
    assert detail.proof == "agrees" and len(detail.digest) == 64
    (word,) = detail.words
    assert word.signed and word.item["number"] == detail.delivery.receipt_no
    assert word.item["key"] == detail.message_id
    assert detail.entries.keys() >= {"sent", "receipt"}
    looks = audit.entries(connected, action="person.read")
    assert [entry.subject for entry in looks] == [f"person:{entity(1)}"]


def test_what_was_sent_is_told_from_what_the_registry_holds_today(connected):
    arrive(connected, (1,))
    push(connected)
    first = newest(connected, 1).id
    change(connected, (1,), name_masked="李*")
    (line,) = [one for one in delivery_detail(connected, first).lines if one.name == "xm"]
    assert (line.value, line.sent) == ("李*", "张*")
    assert delivery_detail(connected, first).proof == "agrees"
    assert delivery_detail(connected, newest(connected, 1).id).proof == "not_sent"


def test_an_altered_receipt_or_record_does_not_pass_for_evidence(connected):
    arrive(connected, (1,))
    push(connected)
    with connected.store.write() as connection:
        body = connection.execute(select(receipt.c.body)).scalar_one()
        connection.execute(update(receipt).values(body=body.replace("accepted", "rejected")))
        connection.execute(update(delivery).values(digest="0" * 64))
    detail = delivery_detail(connected, newest(connected, 1).id)
    assert detail.proof == "differs" and not detail.words[0].signed


def test_a_retirement_shows_the_key_alone_and_a_delivery_that_is_gone_says_so(connected):
    arrive(connected, (1,))
    push(connected)
    retire(connected, (1,))
    detail = delivery_detail(connected, newest(connected, 1).id)
    assert {line.name for line in detail.lines if line.sent is not None} == {"rybs", "fwbm"}
    assert detail.delivery.key == key(1)
    with pytest.raises(DeliveryGone):
        delivery_detail(connected, 999_999)


def test_a_value_that_came_unmasked_is_held_back_and_not_shown_open_either(connected):
    arrive(connected, (1,), phone_masked="13812345678")
    push(connected)
    detail = delivery_detail(connected, newest(connected, 1).id)
    assert detail.delivery.state == "rejected" and "13812345678" not in repr(detail)
