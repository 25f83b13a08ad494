"""Visits: picked records handed to an officer, found by him alone, handed over, withdrawn, closed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.cli import main
from core.model.registry import entity_id
from core.model.security import audit_entry
from core.registry.filters import Condition, Selection
from core.security import accounts
from core.security.reasons import ReasonMissing
from core.security.workspace import Actor, NotPermitted, Workspace
from core.stewardship.audit_items import FOUND, VisitForAnother, enter, items
from core.stewardship.check_sheets import write_check_sheet
from core.stewardship.coefficients import coefficients
from core.stewardship.field_audit import RoundGone, RoundUnclear, close, draw, rounds
from core.stewardship.visits import VisitUnclear, hand_out, hand_over, takers, visits, visits_left, withdraw
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

WHY, DUE = "租住房屋集中走访", "2026-12-01"
RENTED = Selection("house", (Condition("use", "is", "rented"),))


@pytest.fixture
def station(workspace: Workspace) -> Workspace:
    """Three houses in two communities, one of them not let, and a retired one; two officers."""
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [
            {"address_code": "A1"}, {"address_code": "A2", "community_code": "320508021031"},
        ])  # fmt: skip
        put(connection, "house", change, [
            {"house_code": "H1", "address_code": "A1", "use": "rented"},
            {"house_code": "H2", "address_code": "A2", "use": "rented"},
            {"house_code": "H3", "address_code": "A2"}, {"house_code": "H4", "use": "rented", "retired_in": change},
        ])  # fmt: skip
    for name, roles in (("wang", ["officer"]), ("li", ["officer"]), ("sun", ["system_administrator"])):
        accounts.create_account(workspace, name, "a quite long one", roles)
    return Workspace(workspace.store, workspace.actor, lambda: datetime(2026, 11, 25, 8, tzinfo=UTC))


def of(station: Workspace, name: str, day: int = 25) -> Workspace:
    return Workspace(
        station.store, Actor(name, frozenset({"officer"})), lambda: datetime(2026, 11, day, 8, tzinfo=UTC)
    )


def test_all_matching_records_are_handed_out_and_only_their_officer_works_on_them(
    station: Workspace, tmp_path: Path
):
    one = hand_out(station, RENTED, "wang", due=DUE, reason=WHY)
    assert (one.items, one.assignee, one.due_on, one.title) == (2, "wang", DUE, WHY)
    wang, li = of(station, "wang"), of(station, "li")
    assert [item.entity for item in items(wang, one.id)] == [entity_id("H1"), entity_id("H2")]
    assert [v.id for v in visits(wang)] == [one.id] and visits(li) == [] and rounds(li) == []
    for look in (lambda: items(li, one.id), lambda: write_check_sheet(li, one.id, tmp_path / "no.xlsx")):
        with pytest.raises(VisitForAnother):
            look()
    left = visits_left(wang)
    assert (left.records, left.visits, left.overdue, left.next_due) == (2, 1, 0, DUE)
    first = items(wang, one.id)[0]
    enter(wang, one.id, first.id, FOUND, dict.fromkeys(one.fields, "right"))
    assert visits_left(wang).records == 1 and visits(station)[0].checked == 1
    assert write_check_sheet(wang, one.id, tmp_path / "visit.xlsx") == 2
    close(station, one.id)
    assert visits_left(wang).visits == 0


def test_picked_rows_are_handed_out_and_what_is_overdue_is_handed_over_with_its_results(station: Workspace):
    one = hand_out(station, Selection("address", state="all", ids=(entity_id("A1"),)), "wang", due="2026-11-26",
                   reason=WHY, title="平江路")  # fmt: skip
    (item,) = items(of(station, "wang"), one.id)
    enter(of(station, "wang"), one.id, item.id, FOUND, dict.fromkeys(one.fields, "right"))
    other = hand_out(station, RENTED, "wang", due="2026-11-26", reason=WHY)
    assert visits_left(of(station, "wang", day=27)).overdue == 1
    with pytest.raises(ReasonMissing):
        hand_over(station, other.id, "li", reason=".")
    taken = hand_over(station, other.id, "li", due=DUE, reason="王民警休假")
    assert (taken.assignee, taken.due_on) == ("li", DUE)
    assert (
        visits_left(of(station, "wang", day=27)).visits == 0
        and visits_left(of(station, "li", day=27)).records == 2
    )


def test_a_visit_is_withdrawn_until_something_was_entered(station: Workspace):
    one = hand_out(station, RENTED, "wang", due=DUE, reason=WHY)
    withdraw(station, one.id)
    assert visits(station) == [] and rounds(station) == []
    with pytest.raises(RoundGone):
        items(of(station, "wang"), one.id)
    again = hand_out(station, RENTED, "wang", due=DUE, reason=WHY)
    item = items(of(station, "wang"), again.id)[0]
    enter(of(station, "wang"), again.id, item.id, "not_found")
    with pytest.raises(VisitUnclear):
        withdraw(station, again.id)
    with station.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.action).order_by(audit_entry.c.number)).scalars().all()
    assert [act for act in acts if act.startswith("visit.")] == [
        "visit.handed_out", "visit.withdrawn", "visit.handed_out",
    ]  # fmt: skip


def test_nothing_unclear_is_handed_out(station: Workspace):
    assert takers(station) == [ADMIN, "li", "wang"]
    nothing = Selection("house", (Condition("use", "is", "vacant"),))
    for selection, to, due in (
        (RENTED, "sun", DUE), (RENTED, "nobody", DUE), (RENTED, "wang", "2026-11-24"), (RENTED, "wang", "soon"),
        (nothing, "wang", DUE), (Selection("person"), "wang", DUE),
    ):  # fmt: skip
        with pytest.raises(VisitUnclear):
            hand_out(station, selection, to, due=due, reason=WHY)
    with pytest.raises(ReasonMissing):
        hand_out(station, RENTED, "wang", due=DUE, reason="")
    with pytest.raises(NotPermitted):
        hand_out(of(station, "wang"), RENTED, "li", due=DUE, reason=WHY)
    assert visits(station) == []


def test_what_was_picked_by_hand_says_nothing_of_the_whole(station: Workspace):
    one = hand_out(station, RENTED, "wang", due=DUE, reason=WHY)
    drawn = draw(station, "house", per_community=1)
    with pytest.raises(RoundUnclear):
        coefficients(station, one.id)
    assert coefficients(station, drawn.id).size == 3
    with pytest.raises(VisitUnclear):
        hand_over(station, drawn.id, "li", reason=WHY)


def test_the_commands(
    station: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def told(*words: str) -> dict:
        assert main(["--store", station.store.location, "visit", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    made = told(
        "hand-out", "house", "--to", "wang", "--due", "2099-01-01", "--reason", WHY, "--where", "use=rented"
    )
    assert (made["items"], made["assignee"]) == (2, "wang")
    assert told("list")["total"] == 1 and told("list", "--mine")["total"] == 0
    assert told("hand-over", str(made["id"]), "--to", "li", "--reason", WHY)["assignee"] == "li"
    assert told("withdraw", str(made["id"]))["withdrawn"] and told("list")["total"] == 0
