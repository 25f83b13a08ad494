"""Full identities leave for entitled systems only, and each message that carries them is on the auditor's list."""

import orjson
import pytest
from sqlalchemy import insert, select

from core.exchange import dealing
from core.exchange.channels import write_channel
from core.exchange.configuration import configure_connector
from core.exchange.connectors import connector
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from core.model.exchange import delivery, message
from core.model.registry import TABLES
from core.model.resources import RESOURCES
from core.security.audit import entries
from core.security.looks import looks
from core.training.upstream import start_upstream
from tests.core.exchange.people import TARGET, arrive, token
from tests.core.rows import begin

OPEN = ("张三丰", "11010519491231002X", "13812345678")


def seal(workspace, *numbers):
    """The sealed identities of people, as a package brings them."""
    name, id_number, phone = OPEN
    with workspace.store.write() as connection:
        change = begin(connection)
        groups = {f"prov_{group}": change for group in RESOURCES["identity"].groups}
        connection.execute(insert(TABLES["identity"]), [
            {"id": n, "created_in": change, "changed_in": change, "row_hash": 1, "person_token": token(n), "name": name,
             "id_type": "01", "id_number": id_number, "phone": phone, "source": "community",
             "collected_at": "2026-11-20T02:00:00.000+00:00", "collector": "C01"} | groups for n in numbers
        ])  # fmt: skip


@pytest.fixture
def entitled(connected, monkeypatch):
    """A store whose receiver is entitled to full identities; it has those of two of three people."""
    full = connector(TARGET).model_copy(update={"identity": "full"})
    monkeypatch.setattr(dealing, "in_force", lambda _store, _name: full)
    monkeypatch.setattr("core.exchange.reconciling.in_force", lambda _store, _name: full)
    seal(connected, 1, 2)
    arrive(connected, (1, 2, 3))
    return connected


def sent_messages(workspace, direction="sent"):
    with workspace.store.read() as connection:
        query = select(message.c.batch).where(message.c.direction == direction).order_by(message.c.number)
        return list(connection.execute(query).scalars())


def test_each_message_is_on_record_with_who_to_whom_how_many_and_its_id_and_never_the_identities(
    entitled, upstream
):
    assert push(entitled)[TARGET].accepted == 2
    assert {record["xm"] for _e, record, _n in upstream.register()} == {OPEN[0]}
    (look,) = looks(entitled)
    assert (look.actor, look.subject, look.shown) == (entitled.actor.name, TARGET, 2)
    (entry,) = entries(entitled, action="exchange.identity_sent")
    assert orjson.loads(entry.details) == {"people": 2, "message": sent_messages(entitled)[0]}
    whole = "".join(one.details + one.subject for one in entries(entitled, limit=1000))
    assert not any(word in whole for word in OPEN)


def test_a_comparison_that_has_to_read_them_again_says_so_too(entitled, upstream):
    push(entitled)
    with entitled.store.write() as connection:  # as a receipt leaves it that came after a crash
        connection.execute(delivery.update().values(digest=None))
    assert reconcile(entitled, TARGET).agrees
    (entry,) = entries(entitled, action="exchange.reconcile")
    assert orjson.loads(entry.details)["identities_read"] == 2


def test_at_the_masked_level_and_for_a_retirement_none_is_read(connected, upstream):
    seal(connected, 1)
    arrive(connected, [1])
    assert push(connected)[TARGET].accepted == 1
    assert looks(connected) == []


def test_the_zero_report_of_a_day_is_one_message_however_often_it_must_be_said(
    embedded, tmp_path, monkeypatch
):
    with start_upstream(tmp_path / "zhenyan", system="zhenyan") as upstream:
        for secret, value in upstream.facts.environment().items():
            monkeypatch.setenv(secret, value)
        configure_connector(
            embedded, "zhenyan", base_url=upstream.base_url, ca_pem=upstream.ca_pem,
            receipt_public_pem=upstream.receipt_public_pem, token=upstream.token,
        )  # fmt: skip
        for _time in range(2):
            push(embedded, "zhenyan")
            with embedded.store.write() as connection:  # as if it had been killed before it noted the answer
                write_channel(connection, "zhenyan", zero_at=None)
    said = sent_messages(embedded, "zero")
    assert len(said) == 2 and len(set(said)) == 1
