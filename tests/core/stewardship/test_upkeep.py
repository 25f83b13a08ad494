"""Upkeep: what is due again by its grid's cycle, who keeps the grid, and handing it over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.security.workspace import Workspace
from core.stewardship.upkeep import (
    Filters,
    HandOverIncomplete,
    hand_over_grids,
    hand_overs,
    items,
    overdue,
    take_back_hand_over,
)
from tests.core.departments import address, house, person
from tests.core.stewardship.test_verifying import grid

ONE, TWO = "320508017003001", "320508017003002"
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def district(workspace: Workspace, sender) -> Workspace:
    """Grid 1 (90 days): an old address, house and person, and a fresh address; grid 2 (365 days): an old address."""
    sender("governance").send(grid=[grid(ONE), grid(TWO, west=0.01, cycle_days="365", maintainer="M002")])
    old = "2026-08-01T08:00:00+08:00"
    sender("bureau").send(
        at=old, house=[house(1)], address=[address(1, grid_code=ONE), address(3, grid_code=TWO)]
    )
    sender("bureau").send(mode="delta", address=[address(2, grid_code=ONE, op="upsert")])
    sender("police").send(at=old, person=[person(1)])
    return replace(workspace, clock=lambda: NOW)


def test_what_is_older_than_its_grids_cycle_is_overdue_by_kind(district: Workspace):
    first, second = overdue(district)
    assert (first.grid_code, first.maintainer, first.total, first.oldest) == (ONE, "M001", 3, "2026-08-01")
    assert first.overdue == {"address": 1, "house": 1, "person": 1} and first.kept["address"] == 2
    assert (second.grid_code, second.total) == (TWO, 0)


def test_the_last_day_of_the_cycle_is_not_overdue_and_the_next_is(district: Workspace):
    def on(day: datetime) -> int:
        return overdue(replace(district, clock=lambda: day))[0].total

    last = datetime(2026, 8, 1, 4, tzinfo=UTC) + timedelta(days=90)
    assert (on(last), on(last + timedelta(days=1))) == (0, 3)


def test_the_list_names_since_when_and_how_long(district: Workspace):
    total, (item,) = items(district, ONE, "house")
    assert (total, item.due, item.days) == (1, "2026-10-30", 25)


def test_a_hand_over_moves_the_list_and_can_be_taken_back(district: Workspace):
    assert hand_over_grids(district, Filters(maintainer="M001"), "M009", reason="调岗") == [ONE]
    assert [one.grid_code for one in overdue(district, Filters(maintainer="M009"))] == [ONE]
    assert overdue(district, Filters(maintainer="M001")) == []
    assert take_back_hand_over(district, ONE) == "M001"
    assert overdue(district, Filters(maintainer="M009")) == [] and hand_overs(district)[0].undone_by


def test_the_platforms_own_later_word_about_the_maintainer_counts(district: Workspace, sender):
    early = replace(district, clock=lambda: datetime(2026, 10, 1, tzinfo=UTC))
    hand_over_grids(early, Filters(grid=ONE), "M009", reason="调岗")
    assert overdue(district, Filters(grid=ONE))[0].maintainer == "M001"  # sent on 1 November


@pytest.mark.parametrize(("filters", "to", "reason"), [
    (Filters(grid="nowhere"), "M009", "调岗"), (Filters(grid=ONE), "", "调岗"), (Filters(grid=ONE), "M009", " "),
])  # fmt: skip
def test_half_a_hand_over_changes_nothing(district: Workspace, filters: Filters, to: str, reason: str):
    with pytest.raises(HandOverIncomplete):
        hand_over_grids(district, filters, to, reason=reason)
    assert hand_overs(district) == []
