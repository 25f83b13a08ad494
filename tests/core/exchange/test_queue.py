"""The queue of a system: what a filter finds, in which order, and under which names its rows stand."""

from sqlalchemy import select, text as sql, update

from core.exchange.outbox import outbox
from core.exchange.queue import Wanted, _named, by_number, newest, numbers
from core.model.exchange import delivery
from core.security import audit
from core.store import search
from tests.core.exchange.people import TARGET, arrive, key, token
from tests.core.rows import begin, put


def settled(workspace, number, **values):
    with workspace.store.write() as connection:
        connection.execute(update(delivery).where(delivery.c.key == key(number)).values(**values))


def found(workspace, text, state=""):
    ids = numbers(workspace, Wanted(TARGET, state, text))
    return [one.delivery.key for one in by_number(workspace, ids)]


def test_the_newest_stands_first_and_a_state_shows_only_its_own(workspace):
    arrive(workspace, range(3))
    settled(workspace, 1, state="accepted", receipt_no="JZZ000000001")
    assert len(numbers(workspace, Wanted(TARGET))) == 3
    waiting = list(numbers(workspace, Wanted(TARGET, "waiting")))
    assert waiting == sorted(waiting, reverse=True) and len(waiting) == 2
    assert found(workspace, "", "accepted") == [key(1)]


def test_a_record_is_found_by_its_token_its_house_its_address_and_the_receivers_number(workspace):
    arrive(workspace, range(3))
    settled(workspace, 1, state="accepted", receipt_no="JZZ000000001")
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [{"address_code": "A00000000009", "full_text": "姑苏区平江路9号"}])
        put(connection, "house", change, [{"house_code": "H000001", "address_code": "A00000000009"}])
        search.update(connection, change)
    for text in (token(1), "H000001", "平江路9号", "A00000000009", "JZZ000000001"):
        assert found(workspace, text) == [key(1)], text
    assert found(workspace, "平江路9号", "waiting") == []
    (row,) = by_number(workspace, numbers(workspace, Wanted(TARGET, text="JZZ000000001")))
    assert (row.title, row.place) == ("张*", "姑苏区平江路9号")


def test_what_somebody_looks_for_is_on_record(embedded):
    arrive(embedded, range(2))
    numbers(embedded, Wanted(TARGET, text=token(1)))
    (entry,) = audit.entries(embedded, action="registry.search")
    assert entry.subject == token(1)


def test_the_newest_are_known_at_once_and_are_the_first_of_all(workspace):
    arrive(workspace, range(4))
    settled(workspace, 1, state="accepted")
    for state in ("", "waiting", "accepted", "awaited"):
        wanted = Wanted(TARGET, state)
        assert list(newest(workspace, wanted)) == list(numbers(workspace, wanted))


def test_what_left_is_told_from_what_is_in_somebodys_hands(workspace):
    arrive(workspace, range(3))
    settled(workspace, 1, state="sent")
    settled(workspace, 2, state="sent", lease_until="2099-01-01T00:00:00.000+00:00")
    box = outbox(workspace)[TARGET]
    assert (box.waiting, box.awaited, box.sent) == (1, 1, 1)
    assert found(workspace, "", "awaited") == [key(1)] and found(workspace, "", "sent") == [key(2)]


def test_a_receipt_number_is_looked_up_and_not_looked_for_through_every_delivery(workspace):
    with workspace.store.read() as connection:
        asked = select(delivery.c.id).where(_named(Wanted(TARGET)), delivery.c.receipt_no == "JZZ000000001")
        if connection.dialect.name == "postgresql":
            connection.execute(sql("SET LOCAL enable_seqscan = off"))  # an empty table is read whole
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        words = str(asked.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + words.replace("%", "%%")))
    assert "ix_delivery_receipt_no" in plan
