"""What the station decided goes back to the source it came from: once, with its receipt, while it still holds."""

import threading
import time
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl
import pytest
from sqlalchemy import create_engine, select, text

from core.exchange import answers, intervening, message_log
from core.exchange.channels import begin_queueing
from core.exchange.connectors import connector
from core.exchange.extraction.extracting import extract
from core.exchange.message_detail import delivery_detail
from core.exchange.outbox import deliveries, outbox, send_again
from core.exchange.push import push
from core.exchange.reconciling import ReconciliationNotOffered, reconcile
from core.exchange.tracing import history_of
from core.exchange.transports.insertions import Insertions
from core.exchange.troubles import Rejected, Trouble, Unreachable
from core.model.ledger import source_record
from core.model.registry import entity_id
from core.registry import bulk_editing, changes
from core.registry.bulk_editing import BulkChange
from core.registry.deciding import decide
from core.registry.editing import edit, editable
from core.registry.filters import Selection
from core.registry.undo import undo
from core.training.upstream import start_upstream
from tests.core.departments import row
from tests.core.exchange.sources import address, connect, house

BUREAU, PLATFORM, COUNT = "bureau_collection", "police_platform", 4
HOUSE = entity_id("H-000001")


@pytest.fixture(params=["sqlite"])
def platform(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with start_upstream(tmp_path / "platform", system=PLATFORM, database=url) as running:
        running.records("house", put=[house(n) for n in range(COUNT)])
        yield running


@pytest.fixture
def connected(embedded, platform, monkeypatch):
    """A store that holds what the platform says, and from which corrections go back."""
    return going_back(embedded, platform, monkeypatch)


def going_back(workspace, platform, monkeypatch):
    with workspace.store.write() as connection:
        from tests.core.rows import begin, put

        put(connection, "address", begin(connection), [
            {"address_code": address(n)["dzbm"], "full_text": address(n)["dzmc"]} for n in range(COUNT)])  # fmt: skip
    connect(workspace, platform, monkeypatch)
    take(workspace)
    begin_queueing(workspace, PLATFORM)
    return workspace


def take(workspace, **options):
    return extract(workspace, PLATFORM, pause=lambda seconds: None, **options)


def correct(workspace, entity=HOUSE, **fields):
    """An edit as a person makes it; returns its change set."""
    seen = editable(workspace, "house", entity)
    return edit(workspace, "house", entity, fields, version=seen.version, reason="入户核实").change_set


def settle(workspace, rounds=60):
    """Pushes until the platform has answered everything."""
    for _round in range(rounds):
        push(workspace, PLATFORM)
        if outbox(workspace)[PLATFORM].waiting + outbox(workspace)[PLATFORM].awaited == 0:
            return
        time.sleep(0.03)
    raise AssertionError("no answer came")


def soon():
    """A watermark that is newer than what the platform's desk has just written."""
    return f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S.%f}"


def messages(platform):
    return [orjson.loads(one["body"]) for one in platform.ask("/control/messages")]


def word(workspace):
    """The platform's own word about the house, as it is kept."""
    mine = select(source_record.c.row).where(
        source_record.c.entity == HOUSE, source_record.c.source == "police"
    )
    with workspace.store.read() as connection:
        return orjson.loads(connection.execute(mine).scalar_one())


@pytest.mark.parametrize("platform", ["sqlite", "postgresql"], indirect=True)
def test_a_decision_goes_back_with_what_changes_and_what_it_was_and_the_next_extraction_confirms_it(
    connected, platform
):
    correct(connected, use="vacant", area_m2="62.5")
    assert outbox(connected)[PLATFORM].waiting == 1
    settle(connected)
    assert messages(platform) == [
        {"fwbm": "H-000001", "fwyt": "3", "mj": 62.5, "was": {"fwyt": "2", "mj": None}}
    ], "the key, what changes, and what the platform said: nothing else"
    (one,) = answers.corrections(connected, PLATFORM)
    assert one.answer == "awaited"
    (run, *_others) = take(connected)
    assert run.read == 1
    (one,) = answers.corrections(connected, PLATFORM)
    assert one.answer == "confirmed" and word(connected)["use"] == "vacant"
    assert outbox(connected)[PLATFORM].waiting == 0
    assert reconcile(connected, PLATFORM).agrees
    assert message_log.verify_log(connected).ok
    seen = delivery_detail(connected, one.delivery.id)
    assert seen.proof == "agrees" and seen.was == {"use": "rented", "area_m2": None} and seen.answer == "confirmed"
    (trace,) = [t for t in history_of(connected, "house", HOUSE) if t.target == PLATFORM]
    assert trace.answer == "corrected"


def test_what_no_decision_stands_behind_does_not_go_back(connected, platform):
    platform.records("house", put=[house(1, fwyt="3", gxsj="2026-11-23 09:00:00")])
    take(connected)
    assert outbox(connected)[PLATFORM].waiting == 0
    seen = editable(connected, "house", HOUSE)
    edit(connected, "house", HOUSE, {"use": "vacant"}, version=seen.version, reason="同样")
    assert outbox(connected)[PLATFORM].waiting == 0, "the station says what the platform says"


def test_an_old_value_that_comes_again_leaves_the_decision_and_shows_the_contradiction(connected, platform):
    platform.ask("/control/decide", {"mode": "keep"})
    correct(connected, use="vacant")
    settle(connected)
    take(connected, full=True)
    assert row(connected, "house", "H-000001")["use"] == "vacant", "the station's decision stands"
    assert word(connected)["use"] == "rented", "and what the platform says is kept beside it"
    (one,) = answers.corrections(connected, PLATFORM, answer="contradicted")
    assert [(f.column, f.was, f.now, f.says) for f in one.fields] == [("use", "rented", "vacant", "rented")]
    assert outbox(connected)[PLATFORM].waiting == 0, "it is not sent again by itself"
    platform.ask("/control/decide", {"mode": "apply"})
    assert send_again(connected, PLATFORM, [one.delivery.id]) == 1
    settle(connected)
    take(connected)
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["confirmed"]


def test_a_platform_that_confirmed_and_then_says_the_old_value_does_not_win_silently(connected, platform):
    correct(connected, use="vacant")
    settle(connected)
    take(connected)
    platform.records("house", put=[house(1, fwyt="2", gxsj=soon())])
    take(connected)
    assert row(connected, "house", "H-000001")["use"] == "vacant"
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["contradicted"]


def test_a_third_value_counts_as_a_newer_word_and_is_shown_as_that(connected, platform):
    platform.ask("/control/decide", {"mode": "keep"})
    correct(connected, use="vacant")
    settle(connected)
    platform.records("house", put=[house(1, fwyt="4", gxsj=soon())])
    take(connected)
    assert row(connected, "house", "H-000001")["use"] == "commercial"
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["overruled"]
    assert outbox(connected)[PLATFORM].waiting == 0, "nothing of ours is said against it"


def test_undoing_a_correction_sends_the_correction_of_the_correction(connected, platform):
    number = correct(connected, use="vacant", rooms="3")
    settle(connected)
    undo(connected, number, reason="看错了门")
    assert row(connected, "house", "H-000001")["use"] == "rented"
    settle(connected)
    assert {"fwbm": "H-000001", "fwyt": "2", "js": None, "was": {"fwyt": "3", "js": 3}} in messages(platform)
    take(connected)
    assert row(connected, "house", "H-000001")["use"] == "rented"
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["confirmed"]
    assert outbox(connected)[PLATFORM].waiting == 0


def test_undoing_before_it_left_takes_it_back_and_a_second_edit_takes_the_first_ones_place(
    connected, platform
):
    number = correct(connected, use="vacant")
    undo(connected, number)
    assert (outbox(connected)[PLATFORM].waiting, outbox(connected)[PLATFORM].withdrawn) == (0, 1)
    correct(connected, use="vacant")
    correct(connected, use="other")
    settle(connected)
    assert [one["fwyt"] for one in messages(platform)] == ["9"]


def test_what_changed_while_a_correction_was_under_way_goes_when_its_receipt_is_there(connected, platform):
    platform.ask("/control/decide", {"mode": "wait"})
    correct(connected, use="vacant")
    push(connected, PLATFORM)
    correct(connected, use="other")
    assert outbox(connected)[PLATFORM].waiting == 0, "its receipt is awaited"
    platform.ask("/control/decide", {"mode": "apply"})
    settle(connected)
    take(connected)
    assert row(connected, "house", "H-000001")["use"] == "other" == word(connected)["use"]
    assert {m["fwyt"]: m["was"]["fwyt"] for m in messages(platform)} == {"3": "2", "9": "3"}


def test_a_refusal_is_a_finding_and_the_same_words_are_not_said_again(connected, platform):
    platform.ask("/control/decide", {"mode": "refuse", "note": "现场复核为出租"})
    correct(connected, use="vacant")
    settle(connected)
    (one,) = deliveries(connected, PLATFORM, "rejected")
    assert "现场复核为出租" in one.message
    take(connected, full=True)
    assert outbox(connected)[PLATFORM].waiting == 0
    correct(connected, use="other")
    assert outbox(connected)[PLATFORM].waiting == 1, "other words are"


def test_sent_twice_has_one_effect(connected, platform):
    correct(connected, use="vacant")
    (one,) = deliveries(connected, PLATFORM, "waiting")
    (seen,) = intervening.preview(connected, PLATFORM)
    body = orjson.dumps(
        {"items": [{"key": "K-1", "op": "correct", "resource": "house", "record": seen.record}]}
    )
    destinations = {r: p.destination for r, p in connector(PLATFORM).propose.items()}

    def send():
        url, view = platform.facts.base_url, "v_gl_answers"
        with Insertions(url, receiver=PLATFORM, destinations=destinations, view=view) as way:
            way.check()
            way.send("B-1", body)
            way.send("B-1", body)

    both = [threading.Thread(target=send) for _n in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(messages(platform)) == 1
    assert one.op == "correct"


@pytest.mark.parametrize("platform", ["postgresql"], indirect=True)
def test_bad_answers_and_a_table_that_is_not_ours_change_nothing(connected, platform):
    correct(connected, use="vacant")
    platform.misbehave({"kind": "garbled", "times": 1000})
    push(connected, PLATFORM)
    for _round in range(40):
        time.sleep(0.03)
        if platform.ask("/control/messages")[0]["status"] == "?":
            break
    with pytest.raises(Trouble):
        push(connected, PLATFORM)
    assert outbox(connected)[PLATFORM].awaited == 1
    platform.misbehave()
    time.sleep(0.1)
    settle(connected)
    assert outbox(connected)[PLATFORM].accepted == 1
    correct(connected, use="other")
    engine = create_engine(platform.facts.base_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE t_gl_corrections RENAME TO t_gl_elsewhere"))
    with pytest.raises(Rejected):
        push(connected, PLATFORM)
    assert outbox(connected)[PLATFORM].waiting == 1
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE t_gl_elsewhere RENAME TO t_gl_corrections"))
    engine.dispose()
    settle(connected)
    assert outbox(connected)[PLATFORM].accepted == 2


def test_a_database_that_is_not_there_closes_the_way_and_loses_nothing(connected, platform, monkeypatch):
    correct(connected, use="vacant")
    monkeypatch.setenv("GRIDLINK_SECRET_POLICE_PLATFORM_PASSWORD", "x")
    connect(connected, platform, monkeypatch, base_url="postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unreachable):
        push(connected, PLATFORM)
    assert outbox(connected)[PLATFORM].waiting == 1
    connect(connected, platform, monkeypatch)
    settle(connected)


def test_exported_files_carry_corrections_too_and_their_receipts_come_as_files(
    connected, platform, monkeypatch
):
    connect(connected, platform, monkeypatch, base_url=platform.facts.exports)
    correct(connected, use="vacant")
    settle(connected)
    assert messages(platform)[0]["fwyt"] == "3"
    with pytest.raises(ReconciliationNotOffered):
        reconcile(connected, PLATFORM)
    platform.export("house")
    platform.export("person")
    platform.export("organisation")
    take(connected, full=True)
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["confirmed"]


def test_what_an_open_error_stands_against_or_is_held_does_not_leave(connected, platform):
    correct(connected, use="vacant")
    (one,) = deliveries(connected, PLATFORM, "waiting")
    assert intervening.hold(connected, PLATFORM, [one.id], "等所长意见") == 1
    push(connected, PLATFORM)
    assert not messages(platform)
    intervening.let_go(connected, PLATFORM, [one.id])
    settle(connected)
    assert len(messages(platform)) == 1


def test_whoever_was_never_spoken_of_by_the_platform_is_none_of_its_business(connected):
    with connected.store.write() as connection:
        from tests.core.rows import begin, put

        put(
            connection,
            "house",
            begin(connection),
            [{"house_code": "H-999", "address_code": address(1)["dzbm"]}],
        )
    correct(connected, entity_id("H-999"), use="vacant")
    assert outbox(connected)[PLATFORM].waiting == 0


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_the_same_on_the_shared_database(workspace, platform, monkeypatch):
    shared = going_back(workspace, platform, monkeypatch)
    correct(shared, use="vacant")
    settle(shared)
    take(shared)
    assert [c.answer for c in answers.corrections(shared, PLATFORM)] == ["confirmed"]
    correct(shared, use="rented")  # an extraction stands on the first by now: it is corrected back, not undone
    settle(shared)
    assert [m["fwyt"] for m in sorted(messages(platform), key=lambda m: m["was"]["fwyt"])] == ["3", "2"]
    assert reconcile(shared, PLATFORM).agrees


@pytest.mark.parametrize("kind", ["settle", "fix"])
def test_what_was_settled_or_fixed_by_a_rule_goes_back_like_an_edit(connected, kind):
    rows = pl.DataFrame({"entity": [HOUSE], "use": ["other"]})
    with connected.store.write() as connection:
        number = changes.begin(connection, connected, kind, "核查")
        decide(connection, connected, number, "house", rows, kind=kind, reason="核查")
        changes.finish(connection, connected, number, action=f"registry.{kind}", subject="house", counts={})
    assert [d.key for d in deliveries(connected, PLATFORM, "waiting")] == ["H-000001"]


def test_a_bulk_edit_queues_each_record_once_and_its_undo_takes_all_of_them_back(connected):
    made = bulk_editing.apply(connected, Selection("house"), BulkChange("use", "vacant"), reason="集中核查")
    assert made.due[PLATFORM] == COUNT == outbox(connected)[PLATFORM].waiting
    undo(connected, made.change_set)
    assert (outbox(connected)[PLATFORM].waiting, outbox(connected)[PLATFORM].withdrawn) == (0, COUNT)


def test_a_platform_that_takes_over_half_of_a_correction_does_not_undo_the_other_half(connected, platform):
    platform.ask("/control/decide", {"mode": "keep"})
    correct(connected, use="vacant", rooms="3")
    settle(connected)
    platform.records("house", put=[house(1, fwyt="3", gxsj=soon())])
    take(connected)
    held = row(connected, "house", "H-000001")
    assert (held["use"], held["rooms"]) == ("vacant", 3)
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["contradicted"]
    platform.records("house", put=[house(1, fwyt="3", js="3", gxsj=soon())])
    take(connected)
    assert [c.answer for c in answers.corrections(connected, PLATFORM)] == ["confirmed"]
    assert outbox(connected)[PLATFORM].waiting == 0
