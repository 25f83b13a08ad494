"""Verifying the registry: rules that see what surrounds a row, runs that replace each other, hazard proposals."""

from __future__ import annotations

import json

import pytest

from core.registry.rule_settings import RuleFixed, settings, switch
from core.registry.undo import undo
from core.security.workspace import Workspace
from core.stewardship.findings import Filters, counts, groups, listed
from core.stewardship.proposals import ProposalDecided, decide_proposal, proposals
from core.stewardship.verifying import ScopeUnknown, last_run, scope_of, verify_registry
from tests.core.departments import address, house, person

PLACED = {"lon": "120.6196", "lat": "31.2994", "crs": "EPSG:4326"}
ROUND = 0.0005


def grid(
    code: str = "320508017003001", *, kind: str = "governance", west: float = 0.0, **changes: str
) -> dict[str, str]:
    lon, lat = 120.6196 + west, 31.2994
    ring = [[lon - ROUND, lat - ROUND], [lon + ROUND, lat - ROUND], [lon + ROUND, lat + ROUND],
            [lon - ROUND, lat + ROUND], [lon - ROUND, lat - ROUND]]  # fmt: skip
    return {
        "grid_code": code, "name": "一网格", "kind": kind, "community_code": "320508017003", "maintainer": "M001",
        "cycle_days": "90", "households": "400", "geometry": json.dumps({"type": "Polygon", "coordinates": [ring]}),
    } | changes  # fmt: skip


@pytest.fixture
def let(sender) -> None:
    """House 1 is let to three tenants who are not kin, two are allowed; house 2 is somebody's own."""
    sender("bureau").send(
        address=[address(1, grid_code="320508017003001", **PLACED), address(2)],
        house=[house(1, use="rented", rooms="1", area_m2="30", tenants_max="2", landlord_masked="张*"), house(2)],
    )
    sender("governance").send(grid=[grid()])
    alone = {"house_code": "H-000001", "relation_to_head": "01"}
    sender("community").send(person=[person(n, **alone) for n in (1, 2, 3)] + [person(4, house_code="H-000002")])


def rules_of(workspace: Workspace, resource: str, key: str) -> set[str]:
    return {one.rule for one in listed(workspace, Filters(resource=resource, key=key), limit=500)}


def test_rules_see_what_surrounds_a_house(workspace: Workspace, let):
    result = verify_registry(workspace)
    assert result.checked["house"] == 2 and result.checked["person"] == 4
    about = rules_of(workspace, "house", "H-000001")
    assert {"tenancy.over_limit", "tenancy.persons_a_room", "tenancy.several_households"} <= about
    assert "tenancy.over_limit" not in rules_of(workspace, "house", "H-000002")
    assert rules_of(workspace, "address", "320508017003002" + "") == set()


def test_a_run_replaces_what_the_run_before_it_found(workspace: Workspace, let):
    first = verify_registry(workspace)
    second = verify_registry(workspace)
    assert first.by_rule == second.by_rule and first.total == counts(workspace).open
    assert last_run(workspace).run == second.run


def test_what_an_import_found_and_nobody_corrected_is_not_listed_twice(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1, full_text="平江路５８号")])
    assert rules_of(workspace, "address", address(1)["address_code"]) == {"spelling.full_width"}
    result = verify_registry(workspace)
    assert result.listed == 1 and "spelling.full_width" not in result.by_rule


def test_a_scope_looks_at_nothing_else_and_leaves_other_findings(workspace: Workspace, let):
    whole = verify_registry(workspace)
    only = verify_registry(workspace, scope_of(workspace, ("house",)))
    assert set(only.checked) == {"house"}
    assert counts(workspace).open == whole.total
    in_grid = verify_registry(workspace, scope_of(workspace, ("house", "320508017003001")))
    assert in_grid.checked == {"house": 1}
    assert counts(workspace).open == whole.total
    with pytest.raises(ScopeUnknown):
        scope_of(workspace, ("320599",))


def test_a_house_gets_a_proposal_that_stays_decided(workspace: Workspace, let):
    result = verify_registry(workspace)
    total, rows = proposals(workspace)
    assert total == result.proposals == len(rows) and {row.house_code for row in rows} == {"H-000001"}
    decide_proposal(workspace, rows[0].id, accept=False, reason="一家人")
    assert verify_registry(workspace).proposals == 0
    assert proposals(workspace)[0] == total - 1
    with pytest.raises(ProposalDecided):
        decide_proposal(workspace, rows[0].id, accept=True, reason="再看")


def test_an_open_proposal_goes_when_it_no_longer_holds(workspace: Workspace, let, sender):
    verify_registry(workspace)
    sender("community").send(mode="delta", person=[
        person(n, house_code="H-000001", op="retire") for n in (1, 2, 3)])  # fmt: skip
    verify_registry(workspace)
    assert proposals(workspace)[0] == 0


def test_an_address_outside_its_grid_and_grids_that_overlap_are_found(workspace: Workspace, sender):
    sender("governance").send(grid=[grid(), grid("320508017003002", west=ROUND)])
    found = {one.value: one.count for one in groups(workspace)}
    assert found["grid.overlap"] == 2
    sender("bureau").send(address=[
        address(1, **PLACED | {"lon": "120.6193"}, grid_code="320508017003002"),
        address(2, **PLACED | {"lon": "120.65"}),
        address(3, **PLACED | {"lon": "120.6199"}),
    ])  # fmt: skip
    verify_registry(workspace)
    codes = [address(n)["address_code"] for n in (1, 2, 3)]
    assert "address.grid_differs" in rules_of(workspace, "address", codes[0])
    assert "address.grid_missing" in rules_of(workspace, "address", codes[1])
    assert "address.grids_several" in rules_of(workspace, "address", codes[2])


def test_a_ring_of_grids_has_a_gap_in_its_middle(workspace: Workspace, sender):
    step = 2 * ROUND
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    grids = []
    for n, (i, j) in enumerate(around):
        one = json.loads(grid(west=i * step)["geometry"])
        one["coordinates"] = [[[x, y + j * step] for x, y in one["coordinates"][0]]]
        grids.append(grid(f"32050801700300{n}", geometry=json.dumps(one)))
    sender("governance").send(grid=grids)
    assert {one.value: one.count for one in groups(workspace)}["grid.gap"] == 8


def test_what_is_overdue_by_the_cycle_of_its_grid_is_found(workspace: Workspace, sender):
    sender("governance").send(grid=[grid(cycle_days="1")])
    sender("bureau").send(address=[address(1, grid_code="320508017003001")], at="2026-01-05T08:00:00+08:00")
    verify_registry(workspace)
    assert "cycle.overdue" in rules_of(workspace, "address", address(1)["address_code"])


def test_a_switched_rule_is_milder_or_silent_from_the_next_verification_on(workspace: Workspace, let, sender):
    switch(workspace, "tenancy.over_limit", "notice", reason="老新村")
    switch(workspace, "tenancy.persons_a_room", "off", reason="试行")
    verify_registry(workspace)
    found = {one.rule: one.severity for one in listed(workspace, Filters(resource="house", key="H-000001"))}
    assert found["tenancy.over_limit"] == "notice" and "tenancy.persons_a_room" not in found
    assert [row.reason for row in settings(workspace)] == ["老新村", "试行"]
    switch(workspace, "tenancy.persons_a_room", "warning", reason="恢复")
    assert len(settings(workspace)) == 1


def test_an_error_that_is_switched_to_a_warning_lets_the_row_in(workspace: Workspace, sender):
    switch(workspace, "person.relation_unknown", "warning", reason="试行")
    sender("bureau").send(address=[address(1)], house=[house(1)])
    result = sender("community").send(person=[person(1, relation_to_head="05")])
    assert result.resources["person"].accepted == 1 and result.findings == {"person.relation_unknown": 1}


@pytest.mark.parametrize("rule", ["value.required_missing", "masked.number_open", "no.such"])
def test_the_severity_of_what_must_not_be_stored_cannot_be_switched(workspace: Workspace, rule: str):
    with pytest.raises(RuleFixed):
        switch(workspace, rule, "warning", reason="试行")


def test_findings_close_when_the_sender_corrects_the_row_and_open_again_with_undo(workspace: Workspace, sender):
    wrong = address(1, full_text="平江路５８号")
    sender("bureau").send(address=[wrong, address(2, status="废")])
    assert counts(workspace).open == 2
    again = sender("bureau").send(address=[address(1), address(2, status="旧")])
    assert (counts(workspace).open, counts(workspace).fixed) == (1, 2)
    assert again.change_set is not None
    undo(workspace, again.change_set)
    assert (counts(workspace).open, counts(workspace).fixed) == (2, 0)
