"""Adjudication: what departments contradict each other about is a list; settling it is one undoable act."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.model.exchange import delivery
from core.model.ledger import source_record
from core.model.registry import entity_id
from core.registry.undo import UndoRefused, undo
from core.security import audit
from core.security.workspace import Workspace
from core.stewardship.adjudication import (
    NEWEST,
    SettlingIncomplete,
    preview_all,
    settle,
    settle_all,
)
from core.stewardship.conflicts import CaseGone, Filters, case, conflicts
from tests.core.departments import address, digest, house, person, row

PERSON_KEY = f"{1:064x}:H-000001"
PERSON = entity_id(PERSON_KEY)
POLICE, COMMUNITY = "139****0001", "138****0002"


@pytest.fixture
def contradicted(sender) -> None:
    """Person 1: police and community differ in the phone; person 2: also in the sex; person 3: they agree."""
    place = {"lon": "120.6196", "lat": "31.2994", "crs": "EPSG:4326"}
    sender("bureau").send(
        address=[address(n, **place) for n in (1, 2, 3)], house=[house(n) for n in (1, 2, 3)]
    )
    sender("police").send(person=[
        person(1, phone_masked=POLICE), person(2, phone_masked=POLICE, sex="2"), person(3)
    ])  # fmt: skip
    sender("community").send(
        at="2026-11-02T08:00:00+08:00",
        person=[person(1, phone_masked=COMMUNITY), person(2, phone_masked=COMMUNITY), person(3)],
    )


def test_the_list_counts_every_conflict_and_names_who_contradicts_whom(workspace: Workspace, contradicted):
    page = conflicts(workspace, limit=1)
    assert (page.total, len(page.rows)) == (3, 1)
    assert page.by_group == {("person", "contact"): 2, ("person", "identity"): 1}
    assert set(page.rows[0].sources) == {"police", "community"}


def test_the_list_can_be_narrowed_to_group_department_and_community(workspace: Workspace, contradicted):
    assert conflicts(workspace, Filters(group="identity")).total == 1
    assert conflicts(workspace, Filters(source="fire")).total == 0
    assert conflicts(workspace, Filters(community="320508017003")).total == 3
    assert conflicts(workspace, Filters(community="320508018001")).total == 0
    assert conflicts(workspace, state="agreed").total > 3


def test_a_case_shows_departments_by_authority_with_dates_package_and_place(
    workspace: Workspace, contradicted
):
    shown = case(workspace, "person", PERSON)
    assert [source.name for source in shown.sources] == ["police", "community"]
    assert all(source.package for source in shown.sources)
    phone = next(f for f in shown.fields if f.name == "phone_masked")
    assert phone.said == {"police": POLICE, "community": COMMUNITY} and phone.now == COMMUNITY
    assert shown.open_fields == ("phone_masked",)
    assert shown.position == pytest.approx((120.6196, 31.2994))


def test_comparing_a_persons_words_is_audited(workspace: Workspace, contradicted):
    case(workspace, "person", PERSON)
    (entry,) = audit.entries(workspace, action="person.compare")
    assert entry.subject == f"person:{PERSON}"


def test_settling_sets_the_value_keeps_the_loser_and_tells_upstream(workspace: Workspace, contradicted):
    result = settle(
        workspace, "person", PERSON, choices={"phone_masked": "police"}, reason="called the number"
    )
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == POLICE
    with workspace.store.read() as connection:
        kept = " ".join(connection.execute(select(source_record.c.row)).scalars())
        due = connection.execute(select(delivery).where(delivery.c.change_set == result.change_set)).all()
    assert COMMUNITY in kept and len(due) == result.due["residence_permit"] == 1
    assert conflicts(workspace).total == 2
    (decided,) = case(workspace, "person", PERSON).decisions
    assert (decided.source, decided.reason, decided.actor) == (
        "police",
        "called the number",
        workspace.actor.name,
    )


def test_the_losing_value_can_be_restored(workspace: Workspace, contradicted):
    settle(workspace, "person", PERSON, choices={"phone_masked": "police"}, reason="called the number")
    settle(workspace, "person", PERSON, choices={"phone_masked": "community"}, reason="the other was right")
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == COMMUNITY


def test_a_record_cannot_be_settled_by_half(workspace: Workspace, contradicted):
    before = digest(workspace)
    second = entity_id(f"{2:064x}:H-000002")
    with pytest.raises(SettlingIncomplete, match="sex"):
        settle(workspace, "person", second, choices={"phone_masked": "police"}, reason="half")
    with pytest.raises(SettlingIncomplete):
        settle(workspace, "person", PERSON, choices={"phone_masked": "fire"}, reason="never spoke")
    with pytest.raises(SettlingIncomplete):
        settle(workspace, "person", PERSON, choices={"phone_masked": "police"}, reason=" ")
    assert digest(workspace) == before


def test_a_value_that_nobody_said_can_be_entered(workspace: Workspace, contradicted):
    settle(workspace, "person", PERSON, values={"phone_masked": "137****0009"}, reason="asked at the door")
    assert row(workspace, "person", PERSON_KEY)["phone_masked"] == "137****0009"


def test_an_entered_value_that_breaks_a_rule_is_refused(workspace: Workspace, contradicted):
    before = digest(workspace)
    with pytest.raises(SettlingIncomplete, match="13800138000"):
        settle(workspace, "person", PERSON, values={"phone_masked": "13800138000"}, reason="in the open")
    assert digest(workspace) == before


def test_settling_returns_what_verification_still_finds_in_the_record(workspace: Workspace, contradicted, sender):
    assert settle(workspace, "person", PERSON, choices={"phone_masked": "police"}, reason="asked").remarks == []
    odd = person(2, phone_masked=POLICE, sex="2", name_masked="张*丰")
    sender("police").send(person=[person(1, phone_masked=POLICE), odd, person(3)])
    second = entity_id(f"{2:064x}:H-000002")
    asked = {f.name: "police" for f in case(workspace, "person", second).fields if f.differs}
    result = settle(workspace, "person", second, choices=asked, reason="asked at the door")
    assert {(one.rule, one.field, one.severity) for one in result.remarks} == {
        ("masked.name_form", "name_masked", "warning"), ("person.sex_differs", "sex", "warning")
    }  # fmt: skip


def test_bulk_settling_does_exactly_what_its_preview_said(workspace: Workspace, contradicted):
    filters = Filters(resource="person", group="contact")
    preview = preview_all(workspace, filters, "police")
    assert (preview.total, preview.changing) == (2, 2)
    assert {(c.before, c.after) for c in preview.changes} == {(COMMUNITY, POLICE)}
    result = settle_all(workspace, filters, "police", reason="the station called them all")
    assert (result.settled, result.changed) == (preview.total, preview.changing)
    assert conflicts(workspace, filters).total == 0


def test_bulk_settling_for_authority_only_confirms_what_counts_already(workspace: Workspace, contradicted):
    assert preview_all(workspace, Filters()).changing == 0
    result = settle_all(workspace, Filters(), reason="as declared")
    assert (result.settled, result.changed) == (3, 0)


def test_bulk_settling_for_the_newest_takes_the_later_word(workspace: Workspace, contradicted):
    settle_all(workspace, Filters(), NEWEST, reason="later is better")
    assert row(workspace, "person", f"{2:064x}:H-000002")["sex"] == "1"


def test_a_bulk_settling_is_undone_as_one(workspace: Workspace, contradicted):
    before = digest(workspace)
    result = settle_all(workspace, Filters(), NEWEST, reason="later is better")
    undo(workspace, result.change_set)
    assert digest(workspace) == before and conflicts(workspace).total == 3


def test_a_decision_that_a_later_one_replaced_is_undone_newest_first(workspace: Workspace, contradicted):
    first = settle(
        workspace, "person", PERSON, choices={"phone_masked": "police"}, reason="called the number"
    )
    settle(workspace, "person", PERSON, choices={"phone_masked": "community"}, reason="the other was right")
    with pytest.raises(UndoRefused):
        undo(workspace, first.change_set)


def test_a_record_that_one_department_speaks_of_is_no_case(workspace: Workspace, contradicted):
    with pytest.raises(CaseGone):
        case(workspace, "address", entity_id(str(address(1)["address_code"])))
