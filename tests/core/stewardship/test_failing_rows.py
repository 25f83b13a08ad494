"""The rows that findings are about, seen whole, and what they clash with."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_calamine import load_workbook

from core.model.registry import entity_id
from core.registry.rule_settings import switch
from core.security.workspace import Workspace
from core.stewardship.adjudication import settle
from core.stewardship.failing_rows import FindingGone, export_rows, failing_row
from core.stewardship.findings import Filters, counts, groups, listed
from core.stewardship.verifying import verify_registry
from tests.core.departments import address, house, person, row


def number_of(workspace: Workspace, rule: str) -> int:
    return listed(workspace, Filters(rule=rule))[0].number


def test_a_row_in_quarantine_is_seen_whole_with_personal_values_by_their_shape(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1)], house=[house(1)])
    sender("community").send(person=[person(1, name_masked="张三丰", birth_year="1066")])
    one = failing_row(workspace, number_of(workspace, "masked.name_open"))
    assert (one.place, one.values["name_masked"], one.values["birth_year"]) == (
        "quarantine",
        "某某某",
        "1066",
    )
    assert [(b.resource, b.title) for b in one.beside] == [("house", "H-000001")]


def test_a_rule_over_several_rows_shows_the_others(workspace: Workspace, sender):
    sender("bureau").send(
        address=[address(1), address(2, full_text=address(1)["full_text"])], house=[house(1), house(2)]
    )
    sender("community").send(person=[person(1), person(1, house_code="H-000002")])
    verify_registry(workspace)
    several = failing_row(workspace, number_of(workspace, "person.several_houses"))
    assert [b.values["house_code"] for b in several.beside if b.resource == "person"] == (
        ["H-000002"] if several.values["house_code"] == "H-000001" else ["H-000001"]
    )
    twins = failing_row(workspace, number_of(workspace, "address.same_text"))
    assert len(twins.beside) == 1 and twins.place == "registry"


def test_the_rows_leave_as_a_sheet_with_the_columns_that_somebody_wants(
    workspace: Workspace, sender, tmp_path: Path
):
    sender("bureau").send(
        address=[address(1), address(2)], house=[house(1, use="住", rooms="3"), house(2, use="空")]
    )
    filters = Filters(resource="house", severity="error")
    assert export_rows(workspace, filters, tmp_path / "r.xlsx", columns=["house_code", "rooms"]) == 2
    sheet = load_workbook(str(tmp_path / "r.xlsx")).get_sheet_by_index(1).to_python()
    assert [line[-2:] for line in sheet[1:]] == [["H-000001", "3"], ["H-000002", ""]]
    with pytest.raises(FindingGone):
        export_rows(workspace, Filters(), tmp_path / "r.xlsx")
    with pytest.raises(FindingGone):
        failing_row(workspace, 999_999)


def test_an_old_error_does_not_stop_the_correction_of_another_field(workspace: Workspace, sender):
    switch(workspace, "person.birth_year_impossible", "warning", reason="旧数据")
    sender("bureau").send(address=[address(1)], house=[house(1)])
    sender("police").send(person=[person(1, birth_year="1850")])
    switch(workspace, "person.birth_year_impossible", "error", reason="恢复")
    key = person(1)["person_token"] + ":H-000001"
    settle(workspace, "person", entity_id(key), values={"sex": "2"}, reason="核实")
    held = row(workspace, "person", key)
    assert (held["sex"], held["birth_year"]) == ("2", 1850)
    assert counts(workspace, Filters(rule="person.birth_year_impossible")).open == 1


def test_a_hundred_thousand_errors_are_counted_to_the_last(embedded: Workspace, tmp_path: Path):
    from tests.core.departments import Sender

    sender = Sender(embedded, tmp_path, "bureau")
    sender.send(address=[address(n, status="?") for n in range(1, 100_001)])
    assert counts(embedded).open == 100_000 and groups(embedded)[0].count == 100_000
    assert len(listed(embedded, limit=10)) == 10
