"""What every declared connector must keep to: the contract that all of them share."""

import orjson
import pytest

from core.exchange.connectors import (
    FOLDER,
    ConnectorUnknown,
    DeclarationInvalid,
    connector,
    connectors,
    pushed,
    read,
    targets,
)
from core.exchange.gate import Gate
from core.exchange.leasing import Leased
from core.exchange.reasons import explain
from core.exchange.receipts import read_public_key, read_receipt
from core.exchange.transports.carrier import Reply
from core.exchange.transports.https import Https
from core.exchange.troubles import Rejected, Unclear
from core.i18n import _, set_language
from core.model.resources import RESOURCES
from tests.core.exchange.people import arrive, entity, key

EVERY = [c.target for c in connectors()]
QUEUED = [c.target for c in targets()]
PUSHED = [(c.target, resource) for c in connectors() for resource in c.push]
EXTRACTED = [(c.target, resource) for c in connectors() for resource in c.extract]


def test_there_is_one_for_each_system_of_the_mission():
    assert set(EVERY) == {
        "bureau_collection", "police_platform", "grid_platform", "residence_permit", "zhenyan", "rental", "linkage",
        "transmission",
    }  # fmt: skip


@pytest.mark.parametrize("target", EVERY)
def test_it_is_frozen_says_what_is_guessed_and_whom_its_secrets_belong_to(target):
    it = connector(target)
    assert "To be confirmed" in it.note and "TO BE CONFIRMED" in (FOLDER / f"{target}.toml").read_text(
        "utf-8"
    )
    assert it.lease_seconds > it.reply_seconds
    assert it.authentication.kind == "none" or it.authentication.secrets
    assert not it.carried_by or connector(it.carried_by).direction == ("carry",)
    with pytest.raises(ValueError, match="frozen"):
        it.title = "another"


@pytest.mark.parametrize(("target", "resource"), PUSHED)
def test_what_is_pushed_of_a_resource_fits_the_registry(target, resource):
    declared, by_name = connector(target).push[resource], RESOURCES[resource].by_name
    assert {f.column for f in declared.fields if f.key} == set(RESOURCES[resource].key)
    assert {f.column for f in declared.fields if by_name[f.column].personal} == {
        f.column for f in declared.fields if f.masked
    }
    for field in declared.fields:
        if field.codes:
            allowed = declared.where.get(field.column, by_name[field.column].codes)
            assert set(allowed) <= set(field.codes), field.name


@pytest.mark.parametrize(("target", "resource"), EXTRACTED)
def test_what_is_extracted_fills_every_required_column_with_known_codes(target, resource):
    declared, by_name = connector(target).extract[resource], RESOURCES[resource].by_name
    filled = {f.column for f in declared.fields}
    assert {c.name for c in RESOURCES[resource].columns if c.required} <= filled | {
        RESOURCES[resource].key[0]
    }
    assert {"collected_at", "collector"} <= filled
    for field in declared.fields:
        if field.codes and by_name[field.column].codes:
            assert set(field.codes.values()) <= set(by_name[field.column].codes), field.name


@pytest.mark.parametrize("target", EVERY)
def test_each_of_its_texts_is_translated(target):
    it = connector(target)
    texts = [it.title, it.note, *(t for e in it.errors.values() for t in (e.meaning, e.cure))]
    set_language("zh")
    try:
        assert not [text for text in texts if _(text) == text]
    finally:
        set_language("en")


@pytest.mark.parametrize(("was", "becomes", "said"), [
    ('column = "name_masked"', 'column = "ethnicity"', "“push.person.fields.xm.column”: the registry has no column"),
    ('kind = "https"', 'kind = "pigeon"', "“transport.kind” must be one of: "),
    ("batch_size = 500", "batch_size = 0", "“push.person.batch_size” must be greater than 0"),
    ("batch_size = 500", 'batch_size = "500"', "“push.person.batch_size” is not as it should be"),
    ("factor = 2.0", "faktor = 2.0", "faktor"),
    ("[push.person]", "[push.people]", "push.people"),
    ('target = "residence_permit"', 'target = "other"', "“target” must be the file's own name, residence_permit"),
    ('title = "Prov', 'titel = "Prov', "“titel” is not known here"),
    ('column = "house_code"', 'column = "move_in"', "do not say where the key columns house_code are"),
    ('residence = ["floating"', 'religion = ["floating"', "the registry has no column “religion”"),
    ('form = "synchronous"', 'form = "synchronous', "This is not TOML"),
])  # fmt: skip
def test_a_fault_in_a_file_is_named_with_its_line_and_cure(was, becomes, said, tmp_path):
    text = (FOLDER / "residence_permit.toml").read_text(encoding="utf-8")
    assert was in text
    path = tmp_path / "residence_permit.toml"
    path.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(DeclarationInvalid) as caught:
        read(path)
    message = next(f for f in caught.value.details["faults"] if said in f["message"])
    assert caught.value.cure
    if "key columns" not in said and "push.people" not in said:
        assert becomes in path.read_text(encoding="utf-8").splitlines()[message["line"] - 1]


def test_an_unknown_target_is_named_with_those_that_exist():
    with pytest.raises(ConnectorUnknown) as caught:
        connector("nowhere")
    assert "residence_permit" in caught.value.cure


@pytest.mark.parametrize("target", QUEUED)
def test_its_two_verbs_work_against_a_receiver(target, embedded, upstream):
    it = connector(target)
    arrive(embedded, range(5))
    items = [Leased(n, entity(n), key(n), "upsert", 1, 0, "person") for n in range(5)]
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
        read_receipt(
            Reply(sent.body.encode(), sent.signature), receiver="somebody", public_key=public, asked=keys
        )


@pytest.mark.parametrize("target", QUEUED)
def test_a_retirement_carries_the_key_and_nothing_else(target, embedded):
    it = connector(target)
    with embedded.store.read() as connection:
        inspected = Gate(it).inspect(connection, [Leased(1, entity(1), key(1), "retire", 1, 0, "person")])
    ((_item, record),) = inspected.ready
    assert set(record) == {f.name for f in pushed(it)[1].fields if f.key}
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
