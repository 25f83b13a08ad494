"""Reconciliation: green only when counts and digests agree, otherwise the difference list, to the record (F35)."""

from hypothesis import given, strategies as st
from sqlalchemy import select, update

from core.exchange.intervening import ids_of
from core.exchange.outbox import deliveries, send_again
from core.exchange.push import push
from core.exchange.reconciling import Held, digest_of, last_reconciled, reconcile
from core.model.exchange import delivery
from core.model.ledger import finding
from core.stewardship.findings import Filters, listed
from tests.core.exchange.people import TARGET, arrive, change, key, retire


def test_it_agrees_after_an_undisturbed_push_and_after_a_disturbed_one(connected_anywhere, upstream):
    arrive(connected_anywhere, range(700))
    upstream.misbehave({"kind": "cut_after_commit"}, {"kind": "partial"})
    push(connected_anywhere)
    change(connected_anywhere, [3], sex="2")
    retire(connected_anywhere, [4])
    push(connected_anywhere)
    made = reconcile(connected_anywhere, TARGET)
    assert made.agrees and made.ours == made.theirs == 699 and made.our_digest == made.their_digest
    assert last_reconciled(connected_anywhere, TARGET) == made


def test_what_the_receiver_lost_altered_or_has_of_its_own_is_listed_to_the_record(connected, upstream):
    arrive(connected, range(5))
    push(connected)
    upstream.ask("/control/lose", {"entity": key(1)})
    with connected.store.write() as connection:
        connection.execute(update(delivery).where(delivery.c.key == key(2)).values(digest="0" * 64))
        connection.execute(update(delivery).where(delivery.c.key == key(3)).values(state="withdrawn"))
    made = reconcile(connected, TARGET)
    assert not made.agrees
    assert [(d.kind, d.key) for d in made.differences] == [
        ("missing", key(1)), ("surplus", key(3)), ("different", key(2))]  # fmt: skip
    assert send_again(connected, TARGET, ids_of(connected, TARGET, key(1))) == 1
    push(connected)
    assert [d.kind for d in reconcile(connected, TARGET).differences] == ["surplus", "different"]


def test_equal_counts_with_other_contents_are_not_green():
    ours = {"a": Held("1"), "b": Held("2")}
    assert digest_of(ours) != digest_of({"a": Held("1"), "b": Held("3")})
    assert digest_of(ours) != digest_of({"a": Held("1"), "c": Held("2")})


@given(st.dictionaries(st.text(max_size=5), st.text("0123456789abcdef", min_size=64, max_size=64)))
def test_the_digest_knows_no_order(held):
    one = {key: Held(digest) for key, digest in held.items()}
    assert digest_of(one) == digest_of(dict(reversed(one.items())))


def test_a_rejection_is_a_finding_until_the_corrected_record_is_accepted(connected, upstream):
    arrive(connected, [1, 2])
    change(connected, [2], move_in="2099-01-01")
    push(connected)
    (found,) = listed(connected, Filters(rule="upstream.rejected"))
    assert (
        found.key == key(2)
        and "E103" in found.message
        and "居住日期晚于当前日期" in found.message
        and found.cure
    )
    (stopped,) = deliveries(connected, TARGET, "rejected")
    assert stopped.key == key(2)
    corrected = change(connected, [2], move_in="2020-05-05")
    push(connected)
    assert not listed(connected, Filters(rule="upstream.rejected"))
    with connected.store.read() as connection:
        assert connection.execute(select(finding.c.fixed_in)).scalar_one() == corrected
