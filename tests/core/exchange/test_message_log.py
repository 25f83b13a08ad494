"""The message log: what crosses is entered first, and an outsider finds whatever was done to the entries."""

import hashlib
import json
import random
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from core.exchange import log_verify, message_log
from core.exchange.message_log import Crossing, Head
from core.exchange.push import push
from core.exchange.troubles import EvidenceUnwritable, Unclear
from core.jobs import Progress
from core.model.exchange import delivery, message, receipt
from core.security import audit
from core.settings import RESOURCES
from tests.core.exchange.people import TARGET, arrive, states


def entries(workspace):
    with workspace.store.read() as connection:
        return [
            dict(row) for row in connection.execute(select(message).order_by(message.c.number)).mappings()
        ]


def made(count):
    """A log of our own making, as an outsider would have it: entries and head."""
    chosen, last, rows = random.Random(7), "0" * 64, []
    for number in range(1, count + 1):
        row = {"number": number, "at": f"2026-11-25T00:00:{number:02d}.000+00:00", "target": "镇江",
               "direction": chosen.choice(["sent", "receipt"]), "batch": f"b{number // 2}", "records": number,
               "digest": hashlib.sha256(str(number).encode()).hexdigest(), "previous": last}  # fmt: skip
        text = json.dumps(row, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        last = hashlib.sha256(text.encode()).hexdigest()
        rows.append(row | {"hash": last})
    return rows, {"entries": count, "hash": last}


def test_every_message_and_receipt_of_a_push_is_in_the_log_with_its_digest(connected_anywhere, upstream):
    arrive(connected_anywhere, range(1200))
    push(connected_anywhere)
    logged = entries(connected_anywhere)
    sent = [e for e in logged if e["direction"] == "sent"]
    received = [e for e in logged if e["direction"] == "receipt"]
    assert [e["records"] for e in sent] == [500, 500, 200] and {e["target"] for e in logged} == {TARGET}
    assert [e["batch"] for e in sent] == [e["batch"] for e in received]
    with connected_anywhere.store.read() as connection:
        bodies = {r.batch: r.body for r in connection.execute(select(receipt)).all()}
    assert {e["batch"]: e["digest"] for e in received} == {
        batch: hashlib.sha256(body.encode()).hexdigest() for batch, body in bodies.items()
    }
    verdict = message_log.verify_log(connected_anywhere)
    assert verdict == (True, 6, None, "")
    assert message_log.log_head(connected_anywhere) == (6, logged[-1]["hash"])


def test_a_message_is_in_the_log_before_it_leaves_and_one_that_did_not_leave_is_marked(connected, upstream):
    arrive(connected, range(1500))
    upstream.misbehave({"kind": "unauthorised", "times": 1})
    with pytest.raises(Exception, match="401"):
        push(connected)
    directions = [e["direction"] for e in entries(connected)]
    assert directions == ["sent", "sent", "void"]
    voided = entries(connected)[2]
    assert voided["digest"] == entries(connected)[1]["digest"]
    assert states(connected) == {("upsert", "waiting"): 1500}


def test_an_answer_that_is_no_receipt_is_not_logged_as_one(connected, upstream):
    arrive(connected, range(3))
    upstream.misbehave(
        {"kind": "error_body", "times": 99}, {"kind": "error_body", "times": 99, "route": "receipts"}
    )
    with pytest.raises(Unclear):
        push(connected)
    assert {e["direction"] for e in entries(connected)} == {"sent"}


@pytest.mark.parametrize("statement", [
    "UPDATE message SET target = 'x' WHERE number = 1", "DELETE FROM message WHERE number = 1",
    "DELETE FROM message_head", "UPDATE message_head SET entries = 0",
])  # fmt: skip
def test_the_store_itself_refuses_to_change_the_log(workspace, statement):
    with workspace.store.write() as connection:
        message_log.record(connection, "t", [Crossing("sent", "b", b"x", 1)] * 3, at="now")
    with workspace.store.engine.connect() as connection, pytest.raises(DatabaseError, match="only grows"):
        connection.execute(text(statement))
    assert message_log.verify_log(workspace) == (True, 3, None, "") or statement


def test_a_log_of_many_entries_at_once_equals_one_of_single_ones(workspace):
    with workspace.store.write() as connection:
        first = message_log.record(connection, "t", [Crossing("sent", "b", b"x", 1)], at="now")
        assert first.entries == 1
        assert message_log.record(connection, "t", [], at="now") == first
        end = message_log.record(connection, "t", [Crossing("receipt", "b", b"y", 1)] * 4, at="now")
    assert end == Head(5, entries(workspace)[-1]["hash"])


def test_our_own_reading_of_the_rule_gives_the_same_hashes(embedded):
    rows, head = made(6)
    with embedded.store.write() as connection:
        for row in rows:
            body = str(row["number"]).encode()
            crossing = Crossing(row["direction"], row["batch"], body, row["records"])
            message_log.record(connection, row["target"], [crossing], at=row["at"])
    assert entries(embedded) == rows
    assert log_verify.verify(rows, head) == (True, 6, None, "")


def test_the_verifier_names_the_place_of_whatever_was_done(tmp_path):
    rows, head = made(9)
    assert log_verify.verify(rows, head).ok
    altered = [r | {"records": 99} if r["number"] == 5 else r for r in rows]
    assert log_verify.verify(altered, head) == (False, 4, 5, "altered")
    assert log_verify.verify(rows[:4] + rows[5:], head) == (False, 4, 5, "missing")
    assert log_verify.verify([*rows[:4], rows[5], rows[4], *rows[6:]], head) == (False, 4, 5, "moved")
    assert log_verify.verify([*rows[:5], rows[4], *rows[5:]], head) == (False, 5, 6, "inserted")
    assert log_verify.verify(rows[:7], head) == (False, 7, 8, "truncated")
    assert log_verify.verify(rows, head | {"entries": 7, "hash": rows[6]["hash"]}) == (False, 9, 8, "added")


def test_a_log_rewritten_from_some_entry_on_is_caught_by_a_head_that_was_shown_earlier():
    rows, head = made(9)
    shown = {6: rows[5]["hash"]}
    assert log_verify.verify(rows, head, shown).ok
    cut = rows[:4]
    whole_again = {"entries": 4, "hash": cut[-1]["hash"]}
    assert log_verify.verify(cut, whole_again).ok
    assert log_verify.verify(cut, whole_again, shown) == (False, 4, 5, "truncated")
    assert log_verify.verify(rows, head, {6: rows[4]["hash"]}) == (False, 5, 6, "head")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_log_goes_unnoticed(data):
    rows, head = made(8)
    kind = data.draw(st.sampled_from(["alter", "delete", "insert", "swap", "cut"]))
    at = data.draw(st.integers(0, 7))
    if kind == "alter":
        field = data.draw(st.sampled_from(sorted(rows[0])))
        other = data.draw(st.one_of(st.text(max_size=70), st.integers(), st.none(), st.booleans()))
        if other == rows[at][field] and type(other) is type(rows[at][field]):
            return
        rows[at] = rows[at] | {field: other}
    elif kind == "delete":
        del rows[at]
    elif kind == "insert":
        rows.insert(at, dict(data.draw(st.sampled_from(rows))))
    elif kind == "swap":
        other = data.draw(st.integers(0, 7).filter(lambda n: n != at))
        rows[at], rows[other] = rows[other], rows[at]
    else:
        rows = rows[:at]
    verdict = log_verify.verify(rows, head)
    assert not verdict.ok
    assert kind == "swap" or verdict.first_bad <= at + 2  # a copy beside its original: the second of them


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_of_an_exported_file_can_be_changed_unnoticed(tmp_path_factory, data):
    rows, head = made(5)
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    text = "\n".join(json.dumps(line) for line in [{"head": head, "store": "s"}, *rows]) + "\n"
    start = text.index("\n") + 1
    place = data.draw(st.integers(start, len(text) - 2))
    other = data.draw(st.sampled_from('0123456789abcdefxyz{}",: \n'))
    path.write_text(text[:place] + other + text[place + 1 :])
    changed = [json.loads(line) if line else {} for line in _lines(path)]
    assert log_verify.verify_file(str(path)).ok is (changed == rows)


def _lines(path):
    out = []
    for line in path.read_text().splitlines()[1:]:
        try:
            json.loads(line)
            out.append(line)
        except ValueError:
            out.append("{}")
    return out


def test_the_exported_file_is_verified_by_the_module_alone_and_the_export_is_on_record(
    connected, upstream, tmp_path
):
    arrive(connected, range(3))
    push(connected)
    path = tmp_path / "报文日志.jsonl"
    head = message_log.export_log(connected, path, Progress())
    assert any(e.action == "exchange.log_exported" for e in audit.entries(connected))

    def verify(*more):
        run = subprocess.run(
            [sys.executable, "-m", "core.exchange.log_verify", str(path), *more], cwd=RESOURCES.parent,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return run.returncode, json.loads(run.stdout)

    assert verify(str(head)) == (0, {"ok": True, "entries": 2, "first_bad": None, "reason": ""})
    path.write_text(path.read_text().replace('"records": 3', '"records": 4', 1))
    assert verify() == (1, {"ok": False, "entries": 0, "first_bad": 1, "reason": "altered"})


def test_a_stored_receipt_that_is_not_the_one_logged_is_named(connected, upstream):
    arrive(connected, range(3))
    push(connected)
    with connected.store.write() as connection:
        connection.execute(receipt.update().values(body=receipt.c.body + " "))
    verdict = message_log.verify_log(connected)
    assert verdict == (False, 2, 2, "receipt")
    assert "2" in message_log.explain(verdict)


def test_a_full_disk_stops_sending_at_once_and_nothing_that_left_is_without_its_entry(connected, upstream):
    """The store may not grow by one page more: the disk is full, as SQLite sees it."""
    arrive(connected, range(6000))
    engine = connected.store.engine

    def limit(pages):
        engine.dispose()
        with engine.connect() as connection:
            now = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {now + pages if pages else 1073741823}")

    limit(12)
    with pytest.raises(EvidenceUnwritable) as caught:
        push(connected)
    assert caught.value.code == "evidence_unwritable" and caught.value.cure
    there = upstream.reconciliation()["accepted"]
    assert there < 6000
    logged = [e for e in entries(connected) if e["direction"] == "sent"]
    assert sum(e["records"] for e in logged) >= there
    limit(0)
    push(connected)
    assert states(connected) == {("upsert", "accepted"): 6000}
    assert upstream.reconciliation()["accepted"] == 6000
    assert {applied for _e, _r, applied in upstream.register()} == {1}
    assert message_log.verify_log(connected).ok


def test_a_delivery_keeps_the_digest_of_what_was_sent(connected, upstream):
    arrive(connected, range(2))
    push(connected)
    held = {key: record for key, record, _n in upstream.register()}
    with connected.store.read() as connection:
        rows = connection.execute(select(delivery.c.key, delivery.c.digest)).all()
    for key, digest in rows:
        canonical = json.dumps(held[key], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert digest == hashlib.sha256(canonical.encode()).hexdigest()
