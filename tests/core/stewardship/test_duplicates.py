"""Duplicates: candidates with reasons per field; "not the same" is remembered until a compared field changes."""

from __future__ import annotations

import pytest

from core.registry.undo import undo
from core.security.workspace import Workspace
from core.stewardship.duplicates import PairUnknown, candidates, find, keep_apart
from tests.core.departments import address, house, person


def firm(**changes: str) -> dict[str, str]:
    return {
        "org_no": "GS-1", "name": "观前面馆", "kind": "individual_business", "address_code": address(1)["address_code"],
        "status": "open",
    } | changes  # fmt: skip


@pytest.fixture
def looked(workspace: Workspace, sender) -> Workspace:
    sender("bureau").send(address=[
        address(1, full_text="江苏省苏州市姑苏区平江路58号3幢201室"), address(2, full_text="苏州市平江路58号3号楼201"),
        address(3, full_text="江苏省苏州市姑苏区平江路58号3幢202室"),
    ], house=[house(1), house(2)])  # fmt: skip
    sender("governance").send(organisation=[
        firm(), firm(org_no="GS-2", name="观前面馆有限公司"), firm(org_no="GS-3", name="平江书店")])  # fmt: skip
    here = {"house_code": "H-000001"}
    sender("police").send(person=[person(1), person(2, **here), person(3, sex="2", **here)])
    return workspace


@pytest.mark.parametrize(("resource", "basis", "agrees"), [
    ("address", "same_text", "community_code"), ("organisation", "same_name", "address_code"),
    ("person", "same_shape", "house_code"),
])  # fmt: skip
def test_what_may_be_the_same_is_found_with_a_reason_for_each_field(
    looked: Workspace, resource: str, basis: str, agrees: str
):
    assert find(looked, resource) == 1
    total, (pair,) = candidates(looked, resource)
    assert (total, pair.basis, pair.reasons[agrees]) == (1, basis, "agrees")
    assert set(pair.reasons.values()) <= {"agrees", "differs", "silent"}


def test_one_person_in_two_houses_is_a_candidate(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1), address(2)], house=[house(1), house(2)])
    sender("police").send(person=[person(1), person(1, house_code="H-000002")])
    find(workspace, "person")
    assert candidates(workspace, "person")[1][0].basis == "same_person"


def test_not_the_same_is_not_asked_again_until_a_compared_field_changes(looked: Workspace, sender):
    find(looked, "organisation")
    pair = candidates(looked, "organisation")[1][0]
    keep_apart(looked, "organisation", [(pair.left, pair.right)], reason="两家")
    assert candidates(looked, "organisation")[0] == find(looked, "organisation") == 0
    sender("governance").send(mode="delta", organisation=[firm(employees="9", op="upsert")])
    assert find(looked, "organisation") == 0, "a field that is not compared does not ask again"
    sender("governance").send(mode="delta", organisation=[firm(phone_masked="138****5678", op="upsert")])
    assert find(looked, "organisation") == 1


def test_undo_forgets_that_they_are_not_the_same(looked: Workspace):
    find(looked, "organisation")
    pair = candidates(looked, "organisation")[1][0]
    undo(looked, keep_apart(looked, "organisation", [(pair.right, pair.left)], reason="两家"))
    assert candidates(looked, "organisation")[0] == 1


def test_without_a_reason_or_a_candidate_nothing_is_remembered(looked: Workspace):
    find(looked, "organisation")
    pair = candidates(looked, "organisation")[1][0]
    for pairs, reason in (([(pair.left, pair.right)], " "), ([(1, 2)], "两家"), ([], "两家")):
        with pytest.raises(PairUnknown):
            keep_apart(looked, "organisation", pairs, reason=reason)
