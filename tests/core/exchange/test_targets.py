"""Push to every kind of target: receipts at once, fetched later, or as files; parents first; nothing open leaves."""

import json
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from sqlalchemy import insert, select, update

from core.cli import main
from core.exchange import evidence, message_log, ways
from core.exchange.channels import begin_queueing
from core.exchange.configuration import configure_connector
from core.exchange.connectors import connector
from core.exchange.declaration import Limits
from core.exchange.gate import Gate
from core.exchange.leasing import Leased
from core.exchange.outbox import deliveries, outbox, send_again
from core.exchange.push import push
from core.exchange.reconciling import ReconciliationNotOffered, reconcile
from core.exchange.troubles import EvidenceUnwritable
from core.exchange.uses import last_uses
from core.model.exchange import delivery, message
from core.model.registry import TABLES
from core.registry import publication
from core.statistics.figures import compute
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.exchange.people import ROW, key, token
from tests.core.rows import begin, put

OPEN_NUMBER = re.compile(rb"(?<![0-9A-Za-z*])(?:[1-9]\d{5}(?:19|20)\d{9}[\dX]|1[3-9]\d{9})(?![0-9A-Za-z*])")


def fill(workspace, **rows):
    """Registry rows by resource, as one import brings them."""
    with workspace.store.write() as connection:
        number = begin(connection)
        for resource, given in rows.items():
            put(connection, resource, number, given)
    return number


def person(number):
    same = {k: v for k, v in ROW.items() if k not in {"row_hash", "source", "collected_at", "collector"}}
    return same | {"person_token": token(number), "house_code": f"H{number:06d}"}


def house(number, **more):
    return {"house_code": f"H{number:06d}", "landlord_token": "a" * 64, "landlord_masked": "李*"} | more


def settle(workspace, target, *, rounds=60):
    """Pushes until nothing is open: receipts that come later have come."""
    for _round in range(rounds):
        if push(workspace, target)[target].waiting == 0:
            return
        time.sleep(0.1)


@pytest.fixture
def target(request, embedded, tmp_path, monkeypatch):
    """A store configured for one running system, for which queueing has begun once the test says so."""
    system, name = request.param
    with start_upstream(tmp_path / "upstream", system=system) as upstream:
        facts = upstream.facts
        for secret, value in facts.environment().items():
            monkeypatch.setenv(secret, value)
        configure_connector(
            embedded, name, base_url=facts.carries.get(name, facts.base_url), ca_pem=facts.ca_pem,
            receipt_public_pem=facts.receipt_public_pem, certificate=facts.certificate, token=facts.token,
        )  # fmt: skip
        yield upstream


ZHENYAN = pytest.mark.parametrize("target", [("zhenyan", "zhenyan")], indirect=True)
LINKAGE = pytest.mark.parametrize("target", [("linkage", "linkage")], indirect=True)


@ZHENYAN
def test_houses_go_first_persons_when_their_house_has_its_receipt_and_receipts_are_fetched(embedded, target):
    fill(embedded, house=[house(1), house(2, use="moated")], person=[person(1), person(2)],
         organisation=[{"uscc": "91350100M000100Y43"}, {"uscc": None, "org_no": "ORG-1"}])  # fmt: skip
    assert begin_queueing(embedded, "zhenyan") == 6
    assert begin_queueing(embedded, "zhenyan") == 0
    later = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    first = push(embedded, "zhenyan")["zhenyan"]
    assert (first.sent, first.accepted, first.rejected) == (3, 0, 1), (
        "the house with no code is held back by the gate"
    )
    assert {d.resource for d in deliveries(embedded, "zhenyan", "waiting")} == {"person"}
    assert push(embedded, "zhenyan")["zhenyan"].accepted == 0, "the receiver is given its time"
    settle(later, "zhenyan", rounds=2)
    latest = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(minutes=4))
    settle(latest, "zhenyan", rounds=2)
    box = outbox(embedded)["zhenyan"]
    assert (box.accepted, box.rejected, box.waiting) == (4, 1, 1)
    (waits,) = deliveries(embedded, "zhenyan", "waiting")
    assert waits.key == key(2), "its house was rejected, so it waits"
    with embedded.store.write() as connection:
        connection.execute(
            update(TABLES["house"]).where(TABLES["house"].c.house_code == "H000002").values(use="self")
        )
        connection.execute(update(delivery).where(delivery.c.state == "rejected").values(state="waiting"))
    for minutes in (9, 11, 13):
        push(replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(minutes=minutes)), "zhenyan")  # noqa: B023 - used at once
    assert outbox(embedded)["zhenyan"].accepted == 6
    assert reconcile(embedded, "zhenyan").agrees


@ZHENYAN
def test_a_day_without_anything_to_send_is_said_once(embedded, target):
    begin_queueing(embedded, "zhenyan")
    push(embedded, "zhenyan")
    push(embedded, "zhenyan")
    with embedded.store.read() as connection:
        assert connection.execute(select(message.c.direction).order_by(message.c.number)).scalars().all() == [
            "zero", "receipt"]  # fmt: skip
    tomorrow = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(days=1))
    push(tomorrow, "zhenyan")
    assert message_log.verify_log(embedded).entries == 4


@ZHENYAN
def test_a_day_on_which_the_receiver_heard_nothing_is_an_alarm_until_it_hears_again(embedded, target):
    begin_queueing(embedded, "zhenyan")

    def silent(days):
        later = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(days=days))
        return outbox(later)["zhenyan"]

    assert silent(0).silent_since is None and silent(1).silent_since is None, "it has just been set up"
    assert silent(2).silent_since and len(silent(2).alarms) == 1
    push(replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(days=2)), "zhenyan")
    assert silent(3).silent_since is None and not silent(3).alarms
    assert silent(4).silent_since and silent(4).as_dict()["silent_since"]
    assert outbox(embedded)["residence_permit"].silent_since is None, "it wants no zero report"


def test_a_day_on_which_the_operator_takes_nothing_is_no_silence():
    weekdays = Limits(days=("mon", "tue", "wed", "thu", "fri"))
    friday, monday, tuesday = (date(2026, 11, day) for day in (20, 23, 24))
    assert not evidence.missed_a_day(weekdays, friday, monday)
    assert evidence.missed_a_day(weekdays, friday, tuesday)
    assert evidence.missed_a_day(Limits(), friday, monday)


@LINKAGE
def test_the_hours_until_missing_receipts_stop_the_sending_are_counted_down(embedded, target):
    fill(embedded, event=[{"event_no": "E1", "summary": "…"}])
    begin_queueing(embedded, "linkage")
    target.misbehave({"kind": "cut_after_commit"})
    push(embedded, "linkage")

    def at(hours):
        return outbox(replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(hours=hours)))["linkage"]

    assert (at(0).evidence_hours_left, at(0).alarms) == (71, ())
    assert at(60).evidence_hours_left == 11 and "11" in at(60).alarms[0]
    assert at(80).evidence_hours_left == 0 and "72" in at(80).alarms[0]
    assert at(0).as_dict()["evidence_hours_left"] == 71


@LINKAGE
def test_the_commands_show_the_countdown_and_drop_again_what_is_awaited(
    embedded, target, monkeypatch, capsys
):
    fill(embedded, event=[{"event_no": "E1", "summary": "…"}])
    begin_queueing(embedded, "linkage")
    target.misbehave({"kind": "cut_after_commit"})
    settle(embedded, "linkage", rounds=5)
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def told(*words):
        capsys.readouterr()
        assert main(["--store", embedded.store.location, *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert told("outbox")["linkage"]["evidence_hours_left"] == 71
    assert told("resend", "linkage", "--awaited")["queued"] == 1
    assert told("resend", "linkage", "--awaited")["queued"] == 0, "nothing else is taken instead"
    settle(embedded, "linkage", rounds=25)
    assert told("outbox")["linkage"]["evidence_hours_left"] is None


@ZHENYAN
def test_without_receipts_for_three_days_nothing_more_is_sent(embedded, target):
    fill(embedded, house=[house(1)])
    begin_queueing(embedded, "zhenyan")
    push(embedded, "zhenyan")
    target.misbehave({"kind": "partial", "times": 99, "route": "receipts"})
    fill(embedded, house=[house(2)])
    late = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(hours=73))
    with pytest.raises(EvidenceUnwritable) as caught:
        push(late, "zhenyan")
    assert caught.value.code == "evidence_overdue" and "72" in caught.value.message
    target.misbehave()
    settle(late, "zhenyan")
    assert outbox(embedded)["zhenyan"].awaited == 0


@pytest.mark.parametrize("target", [("rental", "rental")], indirect=True)
def test_hazards_go_with_a_refreshed_token_and_a_number_in_the_text_stays_here(embedded, target):
    found = {"found_at": "2026-11-20T02:00:00.000+00:00", "address_code": "A00000000001", "severity": "2",
             "kind": "partition"}  # fmt: skip
    fill(embedded, hazard=[found | {"hazard_no": "Y1", "description": "隔断"},
                           found | {"hazard_no": "Y2", "description": "房东电话13812345678"}])  # fmt: skip
    begin_queueing(embedded, "rental")
    push(embedded, "rental")
    ((entity, record, _n),) = target.register()
    assert entity == "Y1" and record["fxsj"] == "2026-11-20 10:00:00" and record["yhlx"] == "02"
    (stopped,) = deliveries(embedded, "rental", "rejected")
    assert stopped.reason == "gate:open_number:description" and stopped.message and stopped.cure


@LINKAGE
@pytest.mark.parametrize(
    "fault", ["", "receipt_twice", "out_of_order", "receipt_late", "receipt_damaged", "cut_after_commit"]
)
def test_disputes_and_shared_events_go_by_sftp_and_are_settled_by_acknowledgement_files(
    embedded, target, fault
):
    events = [{"event_no": f"E{n}", "summary": "噪音扰民"} for n in range(3)]
    fill(embedded, dispute=[{"dispute_no": "J1", "summary": "邻里纠纷"}],
         event=[*events, {"event_no": "E9", "alert": "1", "summary": "警情"}])  # fmt: skip
    begin_queueing(embedded, "linkage")
    if fault:
        target.misbehave({"kind": fault, "seconds": 0.3})
    settle(embedded, "linkage", rounds=25)
    if fault in {
        "receipt_damaged",
        "cut_after_commit",
    }:  # that receipt never comes: somebody sends them again
        lost = [d.id for d in deliveries(embedded, "linkage", "awaited")]
        assert lost
        assert send_again(embedded, "linkage", lost) == len(lost)
        assert {d.id for d in deliveries(embedded, "linkage", "waiting")} == set(lost), "under the key it had"
        settle(embedded, "linkage", rounds=25)
    assert outbox(embedded)["linkage"].accepted == 4
    assert sorted(entity for entity, _r, _n in target.register()) == ["E0", "E1", "E2", "J1"]
    assert {applied for _e, _r, applied in target.register()} == {1}
    with pytest.raises(ReconciliationNotOffered):
        reconcile(embedded, "linkage")
    (shared,) = compute(embedded, ["sharing.events"])["sharing.events"].dicts()
    assert (shared["due"], shared["shared"], shared["missing"]) == (3, 3, 0)


@LINKAGE
def test_what_was_taken_back_since_stays_awaited_and_what_has_changed_leaves_as_it_now_stands(
    embedded, target
):
    fill(embedded, event=[{"event_no": f"E{n}", "summary": "噪音扰民"} for n in range(3)])
    begin_queueing(embedded, "linkage")
    target.misbehave({"kind": "cut_after_commit"})
    settle(embedded, "linkage", rounds=8)
    lost = [d.id for d in deliveries(embedded, "linkage", "awaited")]
    assert len(lost) == 3
    assert send_again(embedded, "linkage") == 0, "nobody has named them"
    table = TABLES["event"]
    with embedded.store.write() as connection:
        one = {"changed_in": begin(connection)}
        for number, values in (
            ("E1", {"retired_in": one["changed_in"]}),
            ("E2", {"row_hash": 7, "summary": "已停"}),
        ):
            changed = update(table).where(table.c.event_no == number)
            connection.execute(changed.values(one | values))
        publication.enqueue(connection, one["changed_in"], embedded.now())
    assert send_again(embedded, "linkage", lost) == 2
    settle(embedded, "linkage", rounds=25)
    assert [d.key for d in deliveries(embedded, "linkage", "awaited")] == ["E1"]
    records = {entity: (record, applied) for entity, record, applied in target.register()}
    assert records["E0"][1] == 1 and "已停" in records["E2"][0].values()


@LINKAGE
def test_a_folder_out_of_which_files_move_while_it_is_listed_is_listed_all_the_same(
    embedded, target, tmp_path
):
    (folder,) = (tmp_path / "upstream").rglob(connector("linkage").routes["receipts"])
    over = threading.Event()

    def moving():
        while not over.is_set():
            for n in range(20):
                (folder / f"{n}.part").write_bytes(b"")
            for n in range(20):
                (folder / f"{n}.part").unlink()

    mover = threading.Thread(target=moving)
    mover.start()
    try:
        with ways.carrier(embedded, "linkage") as carrier:
            assert [carrier.ask(b"") for _ in range(40)] == [()] * 40
    finally:
        over.set()
        mover.join()


@LINKAGE
def test_a_receipt_for_what_we_never_sent_is_kept_and_moves_nothing(embedded, target):
    fill(embedded, event=[{"event_no": "E1", "summary": "…"}])
    begin_queueing(embedded, "linkage")
    target.misbehave({"kind": "other_records"})
    settle(embedded, "linkage", rounds=12)
    assert outbox(embedded)["linkage"].awaited == 1
    assert message_log.verify_log(embedded).ok
    with embedded.store.read() as connection:
        assert "receipt" in connection.execute(select(message.c.direction)).scalars().all()


@pytest.mark.parametrize("target", [("transmission", "residence_permit")], indirect=True)
def test_the_ferry_channel_carries_the_push_where_no_direct_route_is_allowed(embedded, target):
    fill(embedded, person=[person(n) for n in range(5)])
    begin_queueing(embedded, "residence_permit")
    settle(embedded, "residence_permit")
    assert outbox(embedded)["residence_permit"].accepted == 5
    assert message_log.verify_log(embedded).ok
    assert last_uses(embedded)["transmission"], "a receipt came over it: the channel was really used"


@pytest.mark.parametrize("target", [("zhenyan", "zhenyan")], indirect=True)
def test_a_whole_message_shows_no_number_of_a_person_and_no_field_beyond_the_mapping(embedded, target):
    fill(embedded, house=[house(n) for n in range(30)], person=[person(n) for n in range(30)])
    begin_queueing(embedded, "zhenyan")
    later = replace(embedded, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    push(embedded, "zhenyan")
    settle(later, "zhenyan", rounds=3)
    held = target.register()
    assert len(held) == 60
    text = orjson.dumps([record for _e, record, _n in held])
    assert not OPEN_NUMBER.search(text)
    allowed = {f.name for mapped in connector("zhenyan").push.values() for f in mapped.fields}
    assert {name for _e, record, _n in held for name in record} <= allowed


def test_full_identity_leaves_only_for_a_target_that_is_entitled_and_where_the_sealed_one_is_here(embedded):
    with embedded.store.write() as connection:
        number = begin(connection)
        put(connection, "person", number, [person(1), person(2)])
        identity = TABLES["identity"]
        connection.execute(insert(identity).values(
            id=1, created_in=number, changed_in=number, row_hash=1, person_token=token(1), name="张三丰", id_type="01",
            id_number="11010519491231002X", phone="13812345678",
            **{name: value for name, value in {"prov_core": number, "prov_contact": number, "source": "community",
               "collected_at": "2026-11-20T02:00:00.000+00:00", "collector": "C01"}.items() if name in identity.c},
        ))  # fmt: skip
    items = [Leased(n, 0, key(n), "upsert", 1, 0, "person") for n in (1, 2)]
    table = TABLES["person"]
    with embedded.store.read() as connection:
        ids = dict(connection.execute(select(table.c.person_token, table.c.id)).all())
        items = [item._replace(entity=ids[token(item.id)]) for item in items]
        masked = Gate(connector("residence_permit")).inspect(connection, items)
        entitled = connector("residence_permit").model_copy(update={"identity": "full"})
        full = Gate(entitled).inspect(connection, items)
    assert {r["zjhm"] for _i, r in masked.ready} == {"320508********12"}
    ((_item, record),) = full.ready
    assert (record["xm"], record["zjhm"], record["lxdh"]) == ("张三丰", "11010519491231002X", "13812345678")
    assert full.failing == {2: "gate:identity_missing:name_masked"}
