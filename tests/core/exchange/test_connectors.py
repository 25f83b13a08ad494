"""What every declared connector must keep to: the contract that all of them share."""

import tomllib

import orjson
import pytest

from core.exchange.connectors import ConnectorUnknown, connector, connectors, declared
from core.exchange.gate import Gate
from core.exchange.leasing import Leased
from core.exchange.reasons import explain
from core.exchange.receipts import read_public_key, read_receipt
from core.exchange.transports.https import Https, Reply
from core.exchange.troubles import Rejected, Unclear
from core.i18n import _, set_language
from core.model.resources import RESOURCES
from core.settings import RESOURCES as FOLDER
from tests.core.exchange.people import arrive, entity, key

EVERY = [c.target for c in connectors()]


@pytest.mark.parametrize("target", EVERY)
def test_its_declaration_fits_the_registry_and_is_frozen(target):
    it = connector(target)
    resource = RESOURCES[it.selection.resource]
    assert {f.column for f in it.fields if f.key} == set(resource.key)
    assert set(it.routes) == {"send", "receipts", "health", "reconciliation"}
    assert it.batch_size > 0 and it.lease_seconds > it.reply_seconds
    assert "To be confirmed" in it.note
    with pytest.raises(AttributeError):
        it.batch_size = 1


@pytest.mark.parametrize("target", EVERY)
def test_every_personal_column_it_sends_is_declared_masked(target):
    it = connector(target)
    by_name = RESOURCES[it.selection.resource].by_name
    assert {f.column for f in it.fields if by_name[f.column].personal} == {f.column for f in it.fields if f.masked}


@pytest.mark.parametrize("target", EVERY)
def test_every_code_that_can_be_selected_has_an_upstream_word(target):
    it = connector(target)
    by_name = RESOURCES[it.selection.resource].by_name
    for field in it.fields:
        if field.codes:
            allowed = it.selection.where.get(field.column, by_name[field.column].codes)
            assert set(allowed) <= set(field.codes), field.name


@pytest.mark.parametrize("target", EVERY)
def test_its_title_and_note_are_translated(target):
    it = connector(target)
    set_language("zh")
    try:
        assert _(it.title) != it.title and _(it.note) != it.note
    finally:
        set_language("en")


def test_a_declaration_that_names_a_column_there_is_not_does_not_load():
    text = tomllib.loads((FOLDER / "connectors" / "residence_permit.toml").read_text(encoding="utf-8"))
    text["fields"]["mz"] = {"column": "ethnicity"}
    with pytest.raises(ValueError, match="ethnicity"):
        declared("residence_permit", text)


def test_an_unknown_target_is_named_with_those_that_exist():
    with pytest.raises(ConnectorUnknown) as caught:
        connector("nowhere")
    assert "residence_permit" in caught.value.cure


@pytest.mark.parametrize("target", EVERY)
def test_its_two_verbs_work_against_a_receiver(target, embedded, upstream):
    it = connector(target)
    arrive(embedded, range(5))
    items = [Leased(n, entity(n), key(n), "upsert", 1, 0) for n in range(5)]
    with embedded.store.read() as connection:
        ready = Gate(it).inspect(connection, items).ready
    assert len(ready) == 5
    message = {"batch": "b", "items": [{"key": f"k{i.id}", "op": i.op, "record": r} for i, r in ready]}
    keys = {f"k{n}" for n in range(5)}
    public = read_public_key(upstream.receipt_public_pem)
    with Https(
        upstream.base_url, ca_pem=upstream.ca_pem, token=upstream.token, connect_seconds=5, reply_seconds=5
    ) as https:
        sent = read_receipt(https.post(it.routes["send"], orjson.dumps(message)),
                            receiver=it.receiver, public_key=public, asked=keys)  # fmt: skip
        again = read_receipt(https.post(it.routes["send"], orjson.dumps(message)),
                             receiver=it.receiver, public_key=public, asked=keys)  # fmt: skip
        asked = read_receipt(https.post(it.routes["receipts"], orjson.dumps({"keys": [*keys, "never"]})),
                             receiver=it.receiver, public_key=public, asked=keys | {"never"})  # fmt: skip
        with pytest.raises(Rejected):
            https.post(it.routes["send"], b"not json")
    assert {i.status for i in sent.items} == {"accepted"}
    assert sent.items == again.items
    assert {i.key: i for i in asked.items if i.key != "never"} == {i.key: i for i in sent.items}
    assert [i.status for i in asked.items if i.key == "never"] == ["unknown"]
    assert upstream.reconciliation()["accepted"] == 5
    with pytest.raises(Unclear):
        read_receipt(Reply(sent.body.encode(), sent.signature), receiver="somebody", public_key=public, asked=keys)


@pytest.mark.parametrize("target", EVERY)
def test_a_retirement_carries_the_key_and_nothing_else(target, embedded):
    it = connector(target)
    with embedded.store.read() as connection:
        inspected = Gate(it).inspect(connection, [Leased(1, entity(1), key(1), "retire", 1, 0)])
    ((_item, record),) = inspected.ready
    assert set(record) == {f.name for f in it.fields if f.key}
    assert all(record.values())


@pytest.mark.parametrize("reason", [
    "gate:required_missing:name_masked", "gate:not_masked:id_masked", "gate:code_unknown:sex",
    "gate:open_finding:R001", "receiver:E101:必填项缺失：xm", "gave_up:unclear:http_500", "undone:7",
    "superseded:8", "superseded",
])  # fmt: skip
def test_every_reason_has_words_in_both_languages(reason):
    english = explain(reason)
    set_language("zh")
    try:
        chinese = explain(reason)
    finally:
        set_language("en")
    assert english[0] and chinese[0] and english[0] != chinese[0]
    assert not any("{" in text for text in (*english, *chinese))
