"""What runs by itself: each duty once a day or when something is due, one client at a time, whatever the clock does."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from core.cli import main
from core.errors import Cancelled
from core.exchange import channels
from core.exchange.configuration import configure_connector
from core.exchange.declaration import Limits
from core.exchange.extraction.extracting import extract
from core.exchange.hours import next_open
from core.exchange.outbox import outbox
from core.exchange.reconciling import last_reconciled
from core.exchange.rounds import ledger, timing
from core.exchange.rounds.duties import duties, set_automatic
from core.exchange.rounds.going import due, go_round
from core.jobs import Progress
from core.model.exchange import exchange_duty, message, reconciliation
from core.security.workspace import Actor
from core.settings import RESOURCES
from core.training.upstream import start_upstream
from tests.core.conftest import ADMIN, KEY, PASSWORD
from tests.core.exchange.people import TARGET, arrive
from tests.core.exchange.sources import address, connect

BUREAU = "bureau_collection"

OFFICE = Limits(days=("mon", "tue", "wed", "thu", "fri"), begin="08:30", end="17:30")
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # a Wednesday, noon in China


def at(workspace, moment):
    return replace(workspace, clock=lambda: moment)


def duty(workspace, act, target=TARGET):
    return next(d for d in duties(workspace) if (d.target, d.act) == (target, act))


def acts(made):
    return [(d.target, d.act, d.code) for d in made.done]


def test_a_round_pushes_what_waits_and_reconciles_once_a_day(connected):
    arrive(connected, range(3))
    made = go_round(connected)
    assert acts(made) == [(TARGET, "push", ""), (TARGET, "reconcile", "")]
    assert outbox(connected)[TARGET].accepted == 3 and last_reconciled(connected, TARGET).agrees
    assert go_round(connected).done == () and duty(connected, "reconcile").next_at > connected.now()
    arrive(connected, range(3, 5))
    soon = at(connected, datetime.now(UTC) + timedelta(minutes=11))
    assert [d.act for d in go_round(soon).done] == ["push"], "one reconciliation a day is enough"
    tomorrow = at(connected, datetime.now(UTC) + timedelta(days=1))
    assert [d.act for d in go_round(tomorrow).done] == ["reconcile"]


def test_a_source_is_extracted_once_a_day_after_somebody_has_begun(connected, tmp_path, monkeypatch):
    with start_upstream(tmp_path / "bureau", system=BUREAU) as bureau:
        bureau.records("address", put=[address(n) for n in range(4)])
        connect(connected, bureau, monkeypatch)
        assert go_round(connected).done == () and duty(connected, "extract", BUREAU).next_at is None
        extract(connected, BUREAU)
        assert go_round(connected).done == (), "that was today's"
        bureau.records("address", put=[address(9)])
        tomorrow = at(connected, datetime.now(UTC) + timedelta(days=1))
        (made,) = go_round(tomorrow).done
        assert (made.target, made.act, made.code, made.registry) == (BUREAU, "extract", "", True)
        missed = duty(at(connected, datetime.now(UTC) + timedelta(days=4)), "extract", BUREAU)
        assert missed.missed and missed.due


def test_nothing_runs_by_itself_outside_the_operators_hours_nor_where_somebody_paused(connected):
    arrive(connected, range(2))
    channels.pause(connected, TARGET, "对方升级")
    assert go_round(connected).done == () and duty(connected, "push").paused
    channels.resume(connected, TARGET)
    assert duty(connected, "push").due
    night = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
    assert next_open(OFFICE, night) == datetime(2026, 11, 30, 0, 30, tzinfo=UTC), (
        "Friday night waits for Monday"
    )
    assert timing.daily(None, night, OFFICE, night) == datetime(2026, 11, 30, 0, 30, tzinfo=UTC)


def test_states_are_read_again_some_times_a_day_within_the_hours():
    def again(hours):
        return timing.again((NOON - timedelta(hours=hours)).isoformat(), NOON, OFFICE, NOON)

    assert again(5) == NOON and again(1) == NOON + timedelta(hours=3)
    assert timing.again(None, NOON, OFFICE, NOON) == NOON
    assert again(-24 * 7) == NOON, "a clock that was put back is not waited for"


def test_trouble_is_kept_with_its_reason_tried_again_later_each_time_and_leaves_the_others_alone(
    connected, upstream
):
    arrive(connected, range(2))
    upstream.stop()
    now = datetime.now(UTC)
    made = go_round(at(connected, now))
    assert [d.act for d in made.done] == ["push"] and made.done[0].code
    shown = duty(at(connected, now), "push")
    assert shown.failures == 1 and shown.message and not shown.due
    assert go_round(at(connected, now + timedelta(minutes=14))).done == ()
    assert go_round(at(connected, now + timedelta(minutes=16))).done[0].code
    waits = [timing.rested(now.isoformat(), failures, now) - now for failures in (1, 2, 3, 20)]
    assert waits == sorted(waits) and waits[-1] == timedelta(hours=4)


def test_a_clock_that_leaps_forward_a_week_makes_one_act_due_and_one_put_back_starves_nothing(connected):
    arrive(at(connected, NOON), range(2))
    week = timedelta(days=7)
    go_round(at(connected, NOON))
    ahead = go_round(at(connected, NOON + week))
    assert [d.act for d in ahead.done] == ["reconcile"] and go_round(at(connected, NOON + week)).done == ()
    arrive(at(connected, NOON + week), range(2, 4))
    back = at(connected, NOON + timedelta(hours=1))
    assert sorted(d.act for d in go_round(back).done) == ["push", "reconcile"], (
        "what is due in a week is due now"
    )
    assert outbox(back)[TARGET].accepted == 4 and go_round(back).done == ()
    with connected.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(reconciliation)).scalar() == 3


def test_a_breaker_that_opened_before_the_clock_was_put_back_does_not_hold_for_a_week(connected):
    with connected.store.write() as connection:
        week = [(NOON + timedelta(days=7, hours=n)).isoformat(timespec="milliseconds") for n in (0, 1)]
        kept = {
            "failures": 9,
            "trouble": "unreachable:ConnectError",
            "trouble_at": week[0],
            "retry_at": week[1],
        }
        channels.write_channel(connection, TARGET, **kept)
    arrive(at(connected, NOON), range(2))
    assert [d.act for d in go_round(at(connected, NOON)).done] == ["push", "reconcile"]


def test_a_missed_day_is_said_with_the_last_one(connected):
    arrive(at(connected, NOON), range(2))
    go_round(at(connected, NOON))
    assert duty(at(connected, NOON + timedelta(days=1)), "reconcile").missed == ""
    missed = duty(at(connected, NOON + timedelta(days=2)), "reconcile")
    assert missed.missed_since and "2026-11-25" in missed.missed


def test_a_day_without_anything_is_reported_in_the_afternoon_to_who_wants_to_hear(
    embedded, tmp_path, monkeypatch
):
    with start_upstream(tmp_path / "zhenyan", system="zhenyan") as zhenyan:
        for name, value in zhenyan.facts.environment().items():
            monkeypatch.setenv(name, value)
        configure_connector(embedded, "zhenyan", base_url=zhenyan.base_url, ca_pem=zhenyan.ca_pem,
                            receipt_public_pem=zhenyan.receipt_public_pem)  # fmt: skip
        channels.begin_queueing(embedded, "zhenyan")
        today = datetime.now(UTC).replace(hour=2, minute=0)
        assert go_round(at(embedded, today)).done == (), (
            "at ten in the morning the day may still bring something"
        )
        afternoon = today.replace(hour=7, minute=30)
        assert ("zhenyan", "push", "") in acts(go_round(at(embedded, afternoon)))
        assert ("zhenyan", "push", "") not in acts(go_round(at(embedded, afternoon + timedelta(hours=1))))
        with embedded.store.read() as connection:
            sent = connection.execute(select(message.c.direction).order_by(message.c.number))
            assert sent.scalars().all()[0] == "zero"


def test_one_client_at_a_time_goes_the_round_of_a_store(workspace):
    with ledger.the_round(workspace) as first:
        assert first is not None and first.renew()
        assert go_round(workspace).state == "busy"
        later = at(workspace, datetime.now(UTC) + timedelta(hours=2))
        with ledger.the_round(later) as second:
            assert second is not None and not first.renew(), "an hour without a word is too long"
    assert not ledger.last_round(workspace).under_way
    with ThreadPoolExecutor(4) as pool:
        assert all(
            made.state in {"gone", "busy"} for made in pool.map(lambda _n: go_round(workspace), range(8))
        )


def test_a_lease_of_a_clock_that_was_put_back_is_void(embedded):
    with (
        ledger.the_round(at(embedded, NOON + timedelta(days=7))),
        ledger.the_round(at(embedded, NOON)) as ours,
    ):
        assert ours is not None


KILLED = """
import os, signal, sys
from core.exchange.rounds import going
from core.security.workspace import Actor, Workspace
from core.store.lifecycle import open_store
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
going._WORK["reconcile"] = die
going.go_round(Workspace(open_store(sys.argv[1], sys.argv[2]), Actor("steward", frozenset({"steward"}))))
"""


def test_a_round_that_is_killed_is_gone_on_with_by_the_next_at_once(connected):
    arrive(connected, range(3))
    place = RESOURCES.parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED, connected.store.location, KEY], cwd=place, check=False
    )
    assert done.returncode == -9 and outbox(connected)[TARGET].accepted == 3
    assert last_reconciled(connected, TARGET) is None
    rested = at(connected, datetime.now(UTC) + timedelta(minutes=11))
    assert acts(go_round(rested)) == [(TARGET, "reconcile", "")]


def test_what_somebody_stops_rests_before_it_is_tried_again(connected):
    arrive(connected, range(3))
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        go_round(connected, progress=progress)

    class Stopping(Progress):
        def advance(self, count=1):
            self.cancel()
            super().advance(count)

    with pytest.raises(Cancelled):
        go_round(connected, progress=Stopping())
    assert duty(connected, "push").failures == 1 and not duty(connected, "push").due
    assert not ledger.last_round(connected).under_way


def test_the_administrator_switches_it_off_and_a_role_does_only_what_it_may(connected):
    arrive(connected, range(2))
    officer = replace(connected, actor=Actor("officer", frozenset({"officer", "audit_administrator"})))
    administrator = replace(connected, actor=Actor("a", frozenset({"system_administrator"})))
    assert [d.act for d in due(administrator)] == ["push"]
    assert officer.actor.may("exchange.read") is False
    set_automatic(administrator, on=False)
    assert due(connected) == [] and go_round(connected).state == "off"
    with connected.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(exchange_duty)).scalar() == 0


def test_the_commands_go_a_round_show_the_duties_and_say_what_failed(connected, upstream, monkeypatch, capfd):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def run(*words):
        capfd.readouterr()
        code = main(["--store", connected.store.location, "exchange", *words, "--json"])
        return code, json.loads(capfd.readouterr().out)

    arrive(connected, range(2))
    code, made = run("round")
    assert code == 0 and [d["act"] for d in made["done"]] == ["push", "reconcile"]
    code, shown = run("duties")
    assert code == 0 and shown["automatic"] and shown["last_round"]["ended_at"]
    assert {d["act"] for d in shown["duties"]} == {"push", "reconcile"}
    assert run("automatic", "off")[1] == {"automatic": False} and run("round")[1]["state"] == "off"
    run("automatic", "on")
    upstream.stop()
    arrive(connected, range(2, 3))
    with connected.store.write() as connection:
        connection.execute(update(exchange_duty).values(tried_at=None))
    code, failed = run("round")
    assert code == 1 and failed["error"]["code"] == "duties_failed"
