"""Extraction from real sources: in full, then what changed; reconciled, verified, resumable, nothing lost."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from core.exchange.configuration import ConnectorNotConfigured
from core.exchange.declaration import Limits
from core.exchange.extraction import extracting
from core.exchange.extraction.extracting import ExtractionDiffers, NotASource, extract
from core.exchange.extraction.gone import NotDecided, decide_gone, gone, open_questions
from core.exchange.extraction.runs import runs
from core.exchange.hours import OutsideHours
from core.exchange.troubles import Refused, Rejected, Trouble, Unreachable
from core.jobs import Cancelled, Progress
from core.model.extraction import extraction_page
from core.model.ledger import change_set, finding, quarantine
from core.model.registry import TABLES
from core.registry.undo import undo
from core.security.workspace import Actor, NotPermitted
from core.training.upstream import start_upstream
from tests.core.departments import row
from tests.core.exchange.paging import paged, paged_in_force
from tests.core.exchange.sources import ROWS, address, connect, house, person

BUREAU, PLATFORM = "bureau_collection", "police_platform"
COUNT = 25


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Ten rows a page, so that a few rows make several."""
    monkeypatch.setattr(extracting, "in_force", paged_in_force)


@pytest.fixture
def bureau(tmp_path):
    with start_upstream(tmp_path / "bureau", system=BUREAU) as running:
        running.records("address", put=[address(n) for n in range(COUNT)])
        yield running


@pytest.fixture
def connected(workspace, bureau, monkeypatch):
    connect(workspace, bureau, monkeypatch)
    return workspace


@pytest.fixture
def embedded_bureau(embedded, bureau, monkeypatch):
    connect(embedded, bureau, monkeypatch)
    return embedded


def held(workspace, resource="address"):
    with workspace.store.read() as connection:
        table = TABLES[resource]
        return connection.execute(
            select(func.count()).select_from(table).where(table.c.retired_in.is_(None))
        ).scalar()


def take(workspace, system=BUREAU, **options):
    return extract(workspace, system, pause=lambda seconds: None, **options)


def test_everything_comes_first_and_then_only_what_changed(connected, bureau):
    (first,) = take(connected)
    assert (first.mode, first.state, first.read, first.pages, first.agreed) == (
        "full",
        "applied",
        COUNT,
        3,
        True,
    )
    assert first.counts["new"] == held(connected) == COUNT
    code = address(3)["dzbm"]
    moved = address(3, dzmc="江苏省苏州市姑苏区白洋湾街道富强路3号乙", gxsj="2026-11-21 09:00:00")
    bureau.records("address", put=[moved, address(90, gxsj="2026-11-21 09:00:01")])
    (second,) = take(connected)
    assert (second.mode, second.read, second.counts["new"], second.counts["changed"]) == (
        "incremental",
        2,
        1,
        1,
    )
    assert second.since == first.until and second.agreed
    assert row(connected, "address", code)["full_text"].endswith("3号乙")
    assert row(connected, "address", code)["source"] == "bureau"
    (third,) = take(connected)
    assert (third.read, third.change_set, third.state) == (0, None, "applied")


def test_a_run_is_evidence_of_what_when_how_many_from_where_and_by_whom(embedded_bureau, bureau):
    take(embedded_bureau)
    (run,) = runs(embedded_bureau)
    assert (run.system, run.resource, run.transport, run.actor) == (BUREAU, "address", "rest", "founder")
    assert run.endpoint == bureau.base_url and run.started_at <= run.ended_at and run.seconds > 0
    told = run.reconciliation
    assert (told["ours"], told["theirs"], told["differing"], told["digests"]) == (COUNT, COUNT, [], True)
    assert [c["community"] for c in told["communities"]] == ["320508017003", "320508017004"]
    with embedded_bureau.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(extraction_page)).scalar() == 0


def test_a_row_that_fails_verification_is_quarantined_with_its_rule_as_from_a_package(
    embedded_bureau, bureau
):
    bureau.records("address", put=[address(50, sqbm="999999999999"), address(51, zt="7")])
    (run,) = take(embedded_bureau)
    assert (run.counts["accepted"], run.counts["quarantined"]) == (COUNT, 2)
    with embedded_bureau.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(quarantine)).scalar() == 2
        values = connection.execute(
            select(finding.c.field, finding.c.value).where(finding.c.severity == "error")
        ).all()
    assert ("status", "?7") in [tuple(v) for v in values]


@pytest.mark.parametrize("fault", [
    {"kind": "server_error", "times": 2, "route": "page"}, {"kind": "cut_half", "route": "page"},
    {"kind": "reset_before_commit", "route": "page"}, {"kind": "unavailable", "times": 3, "route": "snapshot"},
    {"kind": "expired", "route": "page"}, {"kind": "row_missing", "route": "page"},
    {"kind": "row_twice", "route": "page"},
    {"kind": "wrong_totals", "route": "totals"}, {"kind": "slow", "seconds": 0.1, "route": "page"},
])  # fmt: skip
def test_what_passes_is_waited_for_and_what_does_not_fit_together_is_read_again(
    embedded_bureau, bureau, fault
):
    bureau.misbehave(fault)
    (run,) = take(embedded_bureau)
    assert run.agreed and run.counts["new"] == held(embedded_bureau) == COUNT


@pytest.mark.parametrize(("fault", "error"), [
    ({"kind": "wrong_totals", "times": 9, "route": "totals"}, ExtractionDiffers),
    ({"kind": "row_missing", "times": 99, "route": "page"}, ExtractionDiffers),
    ({"kind": "garbled", "route": "page"}, Rejected), ({"kind": "stuck", "times": 9, "route": "page"}, Rejected),
    ({"kind": "unauthorised", "route": "page"}, Refused), ({"kind": "error_body", "route": "page"}, Rejected),
])  # fmt: skip
def test_what_does_not_agree_changes_nothing_and_says_where(embedded_bureau, bureau, fault, error):
    bureau.misbehave(fault)
    with pytest.raises(error) as caught:
        take(embedded_bureau)
    assert caught.value.message and caught.value.cure
    assert held(embedded_bureau) == 0
    bureau.misbehave()
    take(embedded_bureau)
    assert held(embedded_bureau) == COUNT
    assert runs(embedded_bureau)[0].state == "applied"


def test_what_is_gone_at_the_source_is_asked_about_and_never_retired_by_itself(connected, bureau):
    take(connected)
    bureau.records(
        "address", put=[address(1, scbz="1", gxsj="2026-11-22 09:00:00")], remove=[address(2)["dzbm"]]
    )
    (run,) = take(connected)
    assert (run.read, run.counts["gone"]) == (1, 1)
    assert [(q.key, q.told) for q in gone(connected)] == [(address(1)["dzbm"], "marked")]
    (whole,) = take(connected, full=True)
    assert whole.agreed and whole.counts["gone"] == 1
    assert {q.key: q.told for q in gone(connected)} == {
        address(1)["dzbm"]: "marked",
        address(2)["dzbm"]: "unnamed",
    }
    assert held(connected) == COUNT and open_questions(connected) == 2
    first, second = gone(connected)
    with pytest.raises(NotDecided):
        decide_gone(connected, [first.id], retire=True, reason=" ")
    made = decide_gone(connected, [first.id], retire=True, reason="市局已注销")
    assert (made.decided, made.retired, held(connected)) == (1, 1, COUNT - 1)
    assert decide_gone(connected, [second.id], retire=False, reason="现场仍在").retired == 0
    assert held(connected) == COUNT - 1 and open_questions(connected) == 0
    undo(connected, made.change_sets[0])
    assert held(connected) == COUNT


def test_a_record_that_comes_back_closes_its_question(embedded_bureau, bureau):
    take(embedded_bureau)
    bureau.records("address", put=[address(1, scbz="1", gxsj="2026-11-22 09:00:00")])
    take(embedded_bureau)
    bureau.records("address", put=[address(1, gxsj="2026-11-22 09:00:01")])
    take(embedded_bureau)
    assert open_questions(embedded_bureau) == 0
    assert [q.key for q in gone(embedded_bureau, state="returned")] == [address(1)["dzbm"]]


def test_an_undone_extraction_is_extracted_again(embedded_bureau, bureau):
    (first,) = take(embedded_bureau)
    undo(embedded_bureau, first.change_set)
    assert held(embedded_bureau) == 0
    (again,) = take(embedded_bureau)
    assert (again.mode, again.counts["new"]) == ("full", COUNT)
    bureau.records("address", put=[address(90, gxsj="2026-11-21 09:00:01")])
    (change,) = take(embedded_bureau)
    (nothing,) = take(embedded_bureau)
    assert (change.read, nothing.read, nothing.change_set) == (1, 0, None)
    undo(embedded_bureau, change.change_set)
    (once_more,) = take(embedded_bureau)
    assert (once_more.mode, once_more.counts["new"]) == ("incremental", 1)


def test_a_cancelled_run_is_taken_up_where_it_stood(embedded_bureau, bureau):
    progress = Progress()
    pages = iter(range(9))

    def cancel_at_second(count=1):
        if count and next(pages) == 1:
            progress.cancel()
        Progress.advance(progress, count)

    progress.advance = cancel_at_second
    with pytest.raises(Cancelled):
        take(embedded_bureau, progress=progress)
    before = bureau.requests()["page"]
    (run,) = take(embedded_bureau)
    assert (run.resumed, run.pages, run.read, run.agreed) == (1, 3, COUNT, True)
    assert bureau.requests()["page"] == 3 and before == 2
    assert bureau.requests()["snapshot"] == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def platform(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with start_upstream(tmp_path / "platform", system=PLATFORM, database=url) as running:
        for resource in ("house", "person", "organisation"):
            running.records(resource, put=[ROWS[resource](n) for n in range(COUNT)])
        yield running


@pytest.fixture
def beside(embedded, platform, tmp_path, monkeypatch):
    """The embedded store with the addresses in it, connected to the platform."""
    with start_upstream(tmp_path / "bureau", system=BUREAU) as bureau:
        bureau.records("address", put=[address(n) for n in range(COUNT)])
        connect(embedded, bureau, monkeypatch)
        take(embedded)
    connect(embedded, platform, monkeypatch)
    return embedded


def test_views_of_a_database_are_extracted_in_full_and_then_what_changed(beside, platform):
    done = take(beside, PLATFORM)
    assert [(r.resource, r.counts["new"], r.agreed) for r in done] == [
        (name, COUNT, True) for name in ("house", "person", "organisation")
    ]
    found = row(beside, "person", f"{3:064x}:H-000003")
    assert (found["id_type"], found["residence"], found["move_in"], found["source"]) == (
        "01", "floating", "2020-01-01", "police")  # fmt: skip
    assert found["collected_at"].startswith("2026-11-20T00:00:03")
    platform.records("person", put=[person(3, xb="2", gxsj="2026-11-22 09:00:00")])
    done = take(beside, PLATFORM)
    assert [(r.mode, r.read) for r in done] == [("incremental", 0), ("incremental", 1), ("incremental", 0)]
    assert row(beside, "person", f"{3:064x}:H-000003")["sex"] == "2"


def test_records_that_change_while_they_are_read_are_not_mixed(beside, platform):
    changed = []

    class Meddling(Progress):
        def advance(self, count=1):
            if count == 10 and not changed:
                changed.append(
                    platform.records("house", put=[house(24, fwyt="3", gxsj="2026-11-23 09:00:00")])
                )
            super().advance(count)

    done = take(beside, PLATFORM, progress=Meddling())
    assert done[0].agreed and row(beside, "house", "H-000024")["use"] == "rented"
    take(beside, PLATFORM)
    assert row(beside, "house", "H-000024")["use"] == "vacant"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("platform", ["sqlite"], indirect=True)
def test_exported_files_serve_as_well_as_views(beside, platform, form, monkeypatch):
    connect(beside, platform, monkeypatch, base_url=platform.facts.exports)
    with pytest.raises(Rejected):
        take(beside, PLATFORM)
    for resource in ("house", "person", "organisation"):
        platform.export(resource, form=form)
    done = take(beside, PLATFORM)
    assert [(r.transport, r.counts["new"], r.agreed) for r in done] == [("files", COUNT, True)] * 3
    platform.records("house", put=[house(3, fwyt="3", gxsj="2026-11-22 09:00:00")])
    path = platform.export("house", form=form, since=done[0].until)
    assert take(beside, PLATFORM)[0].read == 1
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Rejected) as caught:
        take(beside, PLATFORM)
    assert caught.value.details["cause"] == "checksum"


@pytest.mark.parametrize("platform", ["sqlite"], indirect=True)
def test_a_view_that_is_not_there_or_a_database_that_is_not_there_says_which(beside, platform, monkeypatch):
    connect(beside, platform, monkeypatch, base_url="postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unreachable):
        take(beside, PLATFORM)
    connect(beside, platform, monkeypatch, base_url=f"sqlite:///{platform.folder / 'received.db'}")
    with pytest.raises(Rejected) as caught:
        take(beside, PLATFORM)
    assert caught.value.details["cause"] == "no_such_view"


def test_outside_the_operators_hours_nothing_is_asked(embedded_bureau, bureau, monkeypatch):
    closed = paged(BUREAU).model_copy(update={"limits": Limits(begin="08:30", end="17:59")})
    monkeypatch.setattr(extracting, "in_force", lambda _store, system: closed)
    night = replace(embedded_bureau, clock=lambda: datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
    with pytest.raises(OutsideHours):
        take(night)
    assert "snapshot" not in bureau.requests() and held(embedded_bureau) == 0


def test_only_a_configured_source_is_extracted_and_only_by_who_may(embedded):
    with pytest.raises(NotASource):
        take(embedded, "linkage")
    with pytest.raises(ConnectorNotConfigured):
        take(embedded)
    with pytest.raises(NotPermitted):
        take(replace(embedded, actor=Actor("officer", frozenset({"officer"}))))


def test_troubles_of_a_source_end_with_what_was_read_kept(embedded_bureau, bureau):
    bureau.misbehave(
        {"kind": "server_error", "times": 1, "route": "totals"}, {"kind": "unauthorised", "route": "totals"}
    )
    with pytest.raises(Trouble):
        take(embedded_bureau)
    (run,) = runs(embedded_bureau)
    assert (run.state, run.read) == ("running", COUNT)
    (run,) = take(embedded_bureau)
    assert (run.state, run.resumed, run.pages) == ("applied", 1, 3)
    with embedded_bureau.store.read() as connection:
        kinds = connection.execute(select(change_set.c.kind)).scalars().all()
    assert kinds == ["extraction"]
