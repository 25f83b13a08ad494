"""Working in one's own grids, and looks outside for a reason that auditors read; the same on either database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.cli import main
from core.i18n import set_language
from core.model.registry import entity_id
from core.registry import editing
from core.registry.address_file import address_file, household, residences
from core.registry.record import record
from core.registry.whole_file import whole_file
from core.security import accounts
from core.security.assigning import AssignmentRefused, assign, assignments, unassign
from core.security.founding import found
from core.security.looks import looks
from core.security.own_grids import MINUTES, OutsideGrids, enter, entries
from core.security.reasons import ReasonMissing
from core.security.reveal import IdentityUnknown, reveal_identity
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

HERE, THERE = "320508018001G01", "320508018001G02"
ANN, BEN, LANDLORD = (f"{n:064x}" for n in (1, 2, 3))
WHY = "辖区居民迁往该处，上门核实"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Commands choose the language of the process; the other tests speak English."""
    yield
    set_language("en")


@pytest.fixture
def founder(location: str) -> Iterator[Workspace]:
    """A store with an address, a house and a person in each of two grids, and one address in none; an officer."""
    made = found(location, admin=ADMIN, password=PASSWORD, station="320508")
    with made.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": HERE}, {"grid_code": THERE}])
        put(connection, "address", change, [
            {"address_code": "A1", "grid_code": HERE}, {"address_code": "A2", "grid_code": THERE},
            {"address_code": "A3"},
        ])  # fmt: skip
        put(connection, "house", change, [
            {"house_code": "H1", "address_code": "A1"},
            {"house_code": "H2", "address_code": "A2", "landlord_token": LANDLORD},
        ])  # fmt: skip
        put(connection, "person", change, [
            {"person_token": ANN, "house_code": "H1"}, {"person_token": BEN, "house_code": "H2"},
        ])  # fmt: skip
    accounts.create_account(made, "wang", "a quite long one", ["officer"])
    yield made
    made.store.close()


def working(founder: Workspace, *roles: str, later: int = 0) -> Workspace:
    """The officer's workspace, some minutes later."""
    moment = datetime(2026, 11, 25, 8, tzinfo=UTC) + timedelta(minutes=later)
    return Workspace(founder.store, Actor("wang", frozenset(roles or ("officer",))), lambda: moment)


BEN_FILE = entity_id(f"{BEN}:H2")


def test_an_account_without_grids_of_its_own_opens_every_file(founder: Workspace):
    assert record(working(founder), "address", entity_id("A2")).id == entity_id("A2")


def test_outside_the_own_grids_nothing_is_opened_without_a_reason(founder: Workspace):
    assert assign(founder, "wang", [HERE, HERE]) == 1
    officer = working(founder)
    assert record(officer, "address", entity_id("A1")).counts["house"] == 1
    for look in (
        lambda: record(officer, "address", entity_id("A2")), lambda: record(officer, "address", entity_id("A3")),
        lambda: record(officer, "house", entity_id("H2")), lambda: address_file(officer, "A2"),
        lambda: household(officer, "H2"), lambda: residences(officer, BEN_FILE),
        lambda: editing.editable(officer, "house", entity_id("H2")),
    ):  # fmt: skip
        with pytest.raises(OutsideGrids):
            look()
    assert record(officer, "grid", entity_id(THERE)).resource == "grid"
    with pytest.raises(ReasonMissing):
        enter(officer, "address", entity_id("A2"), "。。。")
    assert looks(founder, "outside") == []


def test_a_stated_reason_opens_one_record_for_a_while_and_the_auditor_reads_it_with_the_file(
    founder: Workspace,
):
    assign(founder, "wang", [HERE])
    entry = enter(working(founder), "person", BEN_FILE, f" {WHY} ")
    assert (entry.grid_code, entry.reason, entry.entity) == (THERE, WHY, BEN_FILE)
    assert record(working(founder, later=MINUTES - 1), "person", BEN_FILE).id == BEN_FILE
    with pytest.raises(OutsideGrids):
        record(working(founder, later=MINUTES), "person", BEN_FILE)
    for resource, entity in (
        ("house", "H2"),
        ("address", "A2"),
        ("address", "A3"),
    ):  # the same grid, other records
        with pytest.raises(OutsideGrids):
            record(working(founder), resource, entity_id(entity))

    assert entries(founder) == entries(founder, "wang") == [entry] and entries(founder, "li") == []
    used, granted = looks(founder, "outside")
    assert [(one.action, one.actor, one.reason) for one in (granted, used)] == [
        ("entry.granted", "wang", WHY), ("entry.used", "wang", WHY),
    ]  # fmt: skip
    assert used.subject == f"Population H2 · {THERE}"


def test_an_opened_address_opens_its_houses_and_not_their_people(founder: Workspace):
    assign(founder, "wang", [HERE])
    officer = working(founder)
    enter(officer, "address", entity_id("A2"), WHY)
    assert [home.house_code for home in address_file(officer, "A2").households] == ["H2"]
    assert household(officer, "H2") and whole_file(officer, "house", entity_id("H2")).record.id == entity_id(
        "H2"
    )
    with pytest.raises(OutsideGrids):
        record(officer, "person", BEN_FILE)


def test_what_lies_outside_is_not_edited_without_a_reason(founder: Workspace):
    assign(founder, "wang", [HERE])
    with pytest.raises(OutsideGrids):
        editing.edit(working(founder), "house", entity_id("H2"), {"use": "rented"}, version=1, reason=WHY)


def test_what_lies_in_no_known_grid_opens_for_a_reason_too(founder: Workspace):
    assign(founder, "wang", [HERE])
    assert enter(working(founder), "address", entity_id("A3"), WHY).grid_code == ""
    assert record(working(founder), "address", entity_id("A3")).title


def test_an_identity_is_shown_only_of_who_lives_in_the_own_grids_or_in_an_opened_record(founder: Workspace):
    assign(founder, "wang", [HERE])
    steward = working(founder, "steward")
    for token in (BEN, LANDLORD):
        with pytest.raises(OutsideGrids):
            reveal_identity(steward, token, WHY)
    with pytest.raises(IdentityUnknown):  # asked for in the own grid: no sealed identity is held
        reveal_identity(steward, ANN, WHY)
    enter(steward, "house", entity_id("H2"), WHY)
    with pytest.raises(IdentityUnknown):
        reveal_identity(steward, LANDLORD, WHY)


def test_grids_are_given_by_others_and_only_such_as_are_there(founder: Workspace):
    with pytest.raises(NotPermitted):
        assign(working(founder), "wang", [HERE])
    for workspace, name, grids in (
        (founder, ADMIN, [HERE]), (founder, "nobody", [HERE]), (founder, "wang", [HERE, "NOWHERE"]),
    ):  # fmt: skip
        with pytest.raises(AssignmentRefused):
            assign(workspace, name, grids)
    assert assignments(founder) == []
    assign(founder, "wang", [HERE, THERE])
    assert unassign(founder, "wang", [THERE]) == 1 and [one.grid_code for one in assignments(founder)] == [
        HERE
    ]
    assert unassign(founder, "wang") == 1 and assignments(founder, "wang") == []
    assert record(working(founder), "address", entity_id("A2")).id


def test_commands_assign_list_and_take_away(
    founder: Workspace, location: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def told(*words: str) -> dict[str, Any]:
        assert main(["--store", location, "assign", *words, "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    assert told("add", "wang", HERE, THERE)["added"] == 2
    assert [one["grid_code"] for one in told("list", "wang")["assignments"]] == [HERE, THERE]
    assert told("remove", "wang", THERE)["removed"] == 1
    enter(working(founder), "house", entity_id("H2"), WHY)
    assert [(one["reason"], one["resource"]) for one in told("entries")["entries"]] == [(WHY, "house")]
