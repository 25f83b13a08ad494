"""Fixes and ignoring: previewed, in bulk, undoable; what is ignored is counted and comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.registry.undo import undo
from core.security.workspace import Workspace
from core.stewardship.findings import Filters, by_number, counts, groups, listed, numbers
from core.stewardship.fixes import NotFixable, apply, preview
from core.stewardship.ignoring import Ignored, IgnoringIncomplete, ignore, ignorings, stop_ignoring
from tests.core.departments import address, digest, house, person, row

CODE = address(1)["address_code"]


@pytest.fixture
def slips(sender) -> None:
    """A full-width address in the registry; a house in quarantine for its unit, another for two slips."""
    sender("bureau").send(
        address=[address(1, full_text="江苏省苏州市姑苏区平江路５８号"), address(2)],
        house=[house(1, area_m2="86.5㎡"), house(2, area_m2="50平方米", use="闲着")],
    )


def test_a_preview_counts_everything_and_changes_nothing(workspace: Workspace, slips):
    before = digest(workspace)
    one = preview(workspace, "value.number_wrong")
    assert (one.registry, one.quarantine, one.not_curable) == (0, 2, 0)
    assert {(c.field, c.before, c.after) for c in one.changes} == {
        ("area_m2", "86.5㎡", "86.5"), ("area_m2", "50平方米", "50")}  # fmt: skip
    assert digest(workspace) == before and counts(workspace).open == 4


def test_a_fix_corrects_the_registry_and_its_findings_are_gone(workspace: Workspace, slips):
    result = apply(workspace, "spelling.full_width", reason="半角")
    assert (result.corrected, result.released) == (1, 0)
    assert row(workspace, "address", CODE)["full_text"] == "江苏省苏州市姑苏区平江路58号"
    assert "spelling.full_width" not in {one.value for one in groups(workspace)}


def test_a_fix_lets_cured_rows_in_and_holds_those_that_are_still_wrong(workspace: Workspace, slips):
    result = apply(workspace, "value.number_wrong")
    assert (result.released, result.held) == (1, 1)
    assert row(workspace, "house", "H-000001")["area_m2"] == 86.5
    assert {one.rule for one in listed(workspace, Filters(key="H-000002"))} == {"value.code_unknown"}


def test_undoing_a_fix_brings_rows_and_findings_back(workspace: Workspace, slips):
    before, found = digest(workspace), {one.value: one.count for one in groups(workspace)}
    numbers_before = numbers(workspace)
    for rule in ("value.number_wrong", "spelling.full_width"):
        undo(workspace, apply(workspace, rule).change_set)
    assert digest(workspace) == before
    assert {one.value: one.count for one in groups(workspace)} == found and numbers(workspace) == numbers_before


def test_the_same_wrong_value_sent_again_does_not_undo_the_correction(workspace: Workspace, sender, slips):
    apply(workspace, "spelling.full_width")
    sender("bureau").send(mode="delta", at="2026-11-05T08:00:00+08:00", address=[
        address(1, full_text="江苏省苏州市姑苏区平江路５８号", op="upsert")])  # fmt: skip
    assert row(workspace, "address", CODE)["full_text"] == "江苏省苏州市姑苏区平江路58号"


def test_what_knows_no_fix_says_so(workspace: Workspace):
    with pytest.raises(NotFixable):
        preview(workspace, "person.sex_differs")


def test_a_personal_value_is_shown_by_its_shape_only(workspace: Workspace, sender):
    sender("bureau").send(address=[address(1)], house=[house(1)])
    sender("police").send(person=[person(1, id_type="03", id_masked="８10000********0012")])
    (change,) = preview(workspace, "person.id_form").changes
    assert change.before == "######********####"


def test_ignored_findings_are_counted_and_come_back_when_the_day_has_passed(workspace: Workspace, slips):
    today = workspace.clock().date()
    ignore(workspace, Ignored("value.number_wrong", key="H-000001"), reason="新表格", until=str(today))
    assert (counts(workspace).open, counts(workspace).ignored) == (3, 1)
    assert [one.state for one in listed(workspace, Filters(state="ignored"))] == ["ignored"]
    tomorrow = replace(workspace, clock=lambda: datetime.now(UTC) + timedelta(days=1))
    assert (counts(tomorrow).open, counts(tomorrow).ignored) == (4, 0)


def test_what_is_ignored_can_be_shown_again_and_stays_on_record(workspace: Workspace, slips):
    number = ignore(workspace, Ignored("value.number_wrong"), reason="新表格", until=str(workspace.clock().date()))
    assert counts(workspace).ignored == 2
    stop_ignoring(workspace, number)
    assert counts(workspace).ignored == 0 and ignorings(workspace)[0].withdrawn_by


@pytest.mark.parametrize(("reason", "days"), [("", 10), ("因为", -1), ("因为", 800)])
def test_ignoring_takes_a_reason_and_an_end_within_a_year(workspace: Workspace, reason: str, days: int):
    until = str(workspace.clock().date() + timedelta(days=days))
    with pytest.raises(IgnoringIncomplete):
        ignore(workspace, Ignored("value.number_wrong"), reason=reason, until=until)


def test_findings_are_grouped_by_who_sent_where_and_when(workspace: Workspace, slips):
    assert [(g.value, g.count, g.errors) for g in groups(workspace, "sender")] == [("bureau", 4, 3)]
    assert [g.value for g in groups(workspace, "collector")] == ["C001"]
    (day,) = groups(workspace, "day")
    assert day.count == 4 and counts(workspace, Filters(day=day.value)).open == 4
    some = numbers(workspace, Filters(severity="error"))
    assert [one.number for one in by_number(workspace, some)] == list(some)
