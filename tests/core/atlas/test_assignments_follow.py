"""Assignments follow when grids are split or merged, come back with the undo, and are cured where they hang."""

from __future__ import annotations

import json

import pytest
import shapely

from core.atlas.grid_editing import merge_grids, split_grid
from core.atlas.grid_files import registered
from core.cli.main import main
from core.registry.undo import undo
from core.security import accounts
from core.security.assigning import assign, assignments, exchange, hanging, unassign
from core.security.own_grids import home
from core.security.workspace import Actor, Workspace
from core.stewardship.upkeep import Filters, hand_over_grids
from tests.core.atlas.test_grids import COMMUNITY, EAST, WEST, at, row
from tests.core.conftest import ADMIN, PASSWORD

ONE, TWO, THREE = (f"{COMMUNITY}00{n}" for n in (1, 2, 3))
LINE = shapely.LineString([(120.556, 31.32), (120.556, 31.36)])


@pytest.fixture
def two(workspace: Workspace, sender) -> Workspace:
    """Two grids of two officers, with addresses in both."""
    sender("governance").send(grid=[row(1, WEST), row(2, EAST)])
    sender("bureau").send(
        address=[at(1, 120.552, 31.34, 1), at(2, 120.558, 31.34, 1), at(3, 120.565, 31.34, 2)]
    )
    for name, code in (("wang", ONE), ("li", TWO)):
        accounts.create_account(workspace, name, "a quite long one", ["officer"])
        assign(workspace, name, [code])
    return workspace


def held(workspace: Workspace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"wang": [], "li": []}
    for one in assignments(workspace):
        found[one.account].append(one.grid_code)
    return found


def test_the_new_part_of_a_split_grid_goes_to_who_had_it_and_undo_takes_it_back(two: Workspace):
    hand_over_grids(two, Filters(grid=ONE), "G777", reason="人员调整")
    result = split_grid(two, ONE, LINE, new_code=THREE, new_name="富强3格", reason="户数过多")
    assert held(two) == {"wang": [ONE, THREE], "li": [TWO]}
    assert {g.code: g for g in registered(two)}[THREE].values["maintainer"] == "G777"
    assert result.change_set is not None
    undo(two, result.change_set)
    assert held(two) == {"wang": [ONE], "li": [TWO]} and hanging(two) == []


def test_a_merged_grid_is_worked_in_by_all_who_had_a_part_and_undo_parts_them_again(two: Workspace):
    result = merge_grids(two, [ONE, TWO], reason="合并")
    assert held(two) == {"wang": [ONE], "li": [ONE]} and hanging(two) == []
    officer = Workspace(two.store, Actor("li", frozenset({"officer"})))
    assert home(officer) == (ONE,)
    assert result.change_set is not None
    undo(two, result.change_set)
    assert held(two) == {"wang": [ONE], "li": [TWO]} and home(officer) == (TWO,)


def test_what_was_taken_away_since_does_not_come_back_with_the_undo(two: Workspace):
    result = split_grid(two, ONE, LINE, new_code=THREE, new_name="富强3格", reason="户数过多")
    assert unassign(two, "wang", [THREE]) == 1 and assign(two, "li", [THREE]) == 1
    assert result.change_set is not None
    undo(two, result.change_set)
    assert held(two) == {"wang": [ONE], "li": [TWO, THREE]}
    (left,) = hanging(two)  # the grid is gone with the undo, the steward's own assignment is not
    assert (left.account, left.grid_code) == ("li", THREE)


def test_assignments_that_an_import_leaves_hanging_are_listed_with_where_the_addresses_went(
    two: Workspace, sender, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    sender("governance").send("delta", grid=[row(1, WEST, op="retire")], at="2026-11-02T08:00:00+08:00")
    moved = [at(n, lon, 31.34, 2) | {"op": "upsert"} for n, lon in ((1, 120.552), (2, 120.558))]
    sender("bureau").send("delta", address=moved, at="2026-11-03T08:00:00+08:00")
    (one,) = hanging(two)
    assert (one.account, one.grid_code, list(one.successors)) == ("wang", ONE, [TWO])

    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    assert main(["--store", two.store.location, "assign", "hanging", "--mend", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mended"] == 1
    assert hanging(two) == [] and held(two)["wang"] == [TWO]
    assert exchange(two, "wang", [TWO], [TWO]) == 0 and held(two)["wang"] == [TWO]
