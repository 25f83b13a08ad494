"""Two clients, each a process of its own, on one store at the same moment: the end is as if one had worked alone."""

import platform
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from core.exchange import message_log
from core.exchange.channels import begin_queueing
from core.exchange.configuration import configure_connector
from core.exchange.extraction import extracting
from core.exchange.extraction.extracting import extract
from core.exchange.extraction.runs import ExtractionBusy, runs
from core.exchange.outbox import outbox
from core.exchange.push import push
from core.exchange.reconciling import reconcile
from core.model.exchange import message
from core.model.extraction import extraction_page
from core.model.registry import TABLES
from core.training.upstream import start_upstream
from tests.core.exchange.clients import Client, together
from tests.core.exchange.paging import paged_in_force
from tests.core.exchange.people import TARGET, arrive, change, key, states
from tests.core.exchange.sources import address, connect

PEOPLE = 4000


def two(workspace, act, *given, **limits):
    return [Client(workspace.store.location, act, *given, **limits) for _client in range(2)]


def assert_as_by_one(workspace, upstream, people, target=TARGET):
    """Everything arrived once and is receipted, both sides say the same, and the log is whole."""
    assert {entity for entity, _r, _n in upstream.register()} == set(map(key, range(people)))
    box = outbox(workspace)[target]
    assert (box.waiting, box.sent, box.awaited, box.rejected) == (0, 0, 0, 0)
    assert reconcile(workspace, target).agrees
    assert message_log.verify_log(workspace).ok


def test_two_clients_share_what_waits_and_double_nothing(connected_anywhere, upstream):
    arrive(connected_anywhere, range(PEOPLE))
    told = together(*two(connected_anywhere, "push", TARGET))
    assert [one.get("error") for one in told] == [None, None]
    assert sum(one["result"]["accepted"] for one in told) == PEOPLE
    assert {applied for _e, _r, applied in upstream.register()} == {1}
    assert states(connected_anywhere) == {("upsert", "accepted"): PEOPLE}
    assert_as_by_one(connected_anywhere, upstream, PEOPLE)


def test_what_changes_while_two_clients_push_arrives_in_its_order(connected_anywhere, upstream):
    arrive(connected_anywhere, range(1000))
    clients = two(connected_anywhere, "push", TARGET)
    for client in clients:
        client.go()
    for round_ in range(4):
        change(connected_anywhere, range(0, 1000, 50), birth_year=1990 + round_)
    assert [client.end().get("error") for client in clients] == [None, None]
    told = together(*two(connected_anywhere, "push", TARGET))
    assert [one.get("error") for one in told] == [None, None]
    held = {entity: record["csnf"] for entity, record, _n in upstream.register()}
    assert {held[key(n)] for n in range(0, 1000, 50)} == {1993}
    assert_as_by_one(connected_anywhere, upstream, 1000)


def test_one_of_two_is_killed_and_the_other_brings_all_to_its_end(connected_anywhere, upstream):
    """Each leases up to five thousand records at a time, so that both are in the middle of their work."""
    arrive(connected_anywhere, range(8000))
    upstream.misbehave({"kind": "slow", "seconds": 0.2, "times": 12})
    killed, other = two(connected_anywhere, "push", TARGET)
    killed.go()
    time.sleep(0.1)
    other.go()
    assert killed.kill(0.5)
    assert "error" not in other.end()
    push(connected_anywhere)  # what the killed one had leased, had the other come to its end before
    assert {applied for _e, _r, applied in upstream.register()} == {1}
    assert_as_by_one(connected_anywhere, upstream, 8000)


def send_to(workspace, upstream, target, monkeypatch):
    """Sets a target up as its system is reached, and queues what it is due."""
    facts = upstream.facts
    for name, value in facts.environment().items():
        monkeypatch.setenv(name, value)
    configure_connector(
        workspace, target, base_url=facts.carries.get(target, facts.base_url), ca_pem=facts.ca_pem,
        receipt_public_pem=facts.receipt_public_pem, certificate=facts.certificate, token=facts.token,
    )  # fmt: skip
    begin_queueing(workspace, target)


def logged(workspace, direction):
    """Entries of one direction, and how many different messages they are about."""
    with workspace.store.read() as connection:
        told = select(func.count(), func.count(message.c.batch.distinct()))
        return tuple(connection.execute(told.where(message.c.direction == direction)).one())


def test_two_clients_that_fetch_receipts_settle_each_once(workspace, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "zhenyan", system="zhenyan") as zhenyan:
        arrive(workspace, range(1200))
        send_to(workspace, zhenyan, "zhenyan", monkeypatch)
        assert push(workspace, "zhenyan")["zhenyan"].accepted == 0, "receipts are fetched later"
        secrets = zhenyan.facts.environment()
        told = together(*two(workspace, "push", "zhenyan", environment=secrets, minutes_later=5))
        assert [one.get("error") for one in told] == [None, None]
        assert sum(one["result"]["accepted"] for one in told) == 1200
        assert_as_by_one(workspace, zhenyan, 1200, "zhenyan")


def test_two_clients_that_read_receipts_out_of_one_folder_take_each_once(workspace, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "channel", system="transmission") as channel:
        arrive(workspace, range(3000))
        send_to(workspace, channel, TARGET, monkeypatch)
        for _round in range(20):
            told = together(*two(workspace, "push", TARGET))
            assert [one.get("error") for one in told] == [None, None]
            if not any(one["result"]["waiting"] for one in told):
                break
        assert states(workspace) == {("upsert", "accepted"): 3000}
        entries, messages = logged(workspace, "receipt")
        assert entries == messages >= 6
        assert message_log.verify_log(workspace).ok


BUREAU = "bureau_collection"
COUNT = 60


@pytest.fixture
def bureau(tmp_path, workspace, monkeypatch):
    """A source of addresses that gives ten a page, and the store that is set up to extract from it."""
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(COUNT)])
        connect(workspace, running, monkeypatch)
        yield running


def assert_extracted_by_one(workspace):
    """All of it in one change set, and nothing under way."""
    (brought,) = [run for run in runs(workspace) if run.change_set]
    assert (brought.read, brought.counts["new"], brought.agreed) == (COUNT, COUNT, True)
    with workspace.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(TABLES["address"])).scalar() == COUNT
        assert connection.execute(select(func.count()).select_from(extraction_page)).scalar() == 0
    assert {run.state for run in runs(workspace)} == {"applied"}


def test_an_extraction_that_another_client_is_at_is_left_to_it_by_name(workspace, bureau):
    first, second = two(workspace, "extract", BUREAU, environment=bureau.facts.environment())
    bureau.misbehave({"kind": "slow", "route": "page", "seconds": 0.3, "times": 9})
    first.go()
    time.sleep(0.4)
    second.go()
    refused = second.end()["error"]
    assert refused["code"] == "extraction_busy" and refused["cure"]
    assert "steward" in refused["message"] and platform.node() in refused["message"]
    assert "error" not in first.end()
    assert_extracted_by_one(workspace)


def test_two_extractions_that_begin_at_the_same_moment_bring_everything_once(workspace, bureau):
    told = together(*two(workspace, "extract", BUREAU, environment=bureau.facts.environment()))
    errors = [one["error"]["code"] for one in told if "error" in one]
    assert errors in ([], ["extraction_busy"])
    assert_extracted_by_one(workspace)


def test_the_extraction_of_a_killed_client_is_taken_up_by_another_at_once(workspace, bureau):
    killed, other = two(workspace, "extract", BUREAU, environment=bureau.facts.environment())
    bureau.misbehave({"kind": "slow", "route": "page", "seconds": 0.3, "times": 9})
    killed.go()
    assert killed.kill(1.0)
    bureau.misbehave()
    other.go()
    assert "error" not in other.end()
    assert_extracted_by_one(workspace)
    assert runs(workspace)[-1].resumed == 1


def test_a_run_that_was_taken_over_changes_nothing_any_more(workspace, bureau, monkeypatch):
    """The first client stood still for longer than its lease; the second brought everything."""
    monkeypatch.setattr(extracting, "in_force", paged_in_force)
    late, applied = [], extracting.apply

    def stand_still(*given):
        if not late:
            late.append(1)
            hours_later = replace(workspace, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
            extract(hours_later, BUREAU)
        return applied(*given)

    monkeypatch.setattr(extracting, "apply", stand_still)
    with pytest.raises(ExtractionBusy):
        extract(workspace, BUREAU)
    assert_extracted_by_one(workspace)
