"""The list of grids from which they are assigned, with its gaps counted."""

from __future__ import annotations

import json

import pytest

from core.cli import main
from core.security import accounts
from core.security.assigning import assign
from core.security.workspace import Actor, NotPermitted, Workspace
from core.stewardship.grid_keeping import grids_kept
from core.stewardship.upkeep import Filters, hand_over_grids
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

ONE, TWO = "320508018001G01", "320508018001G02"


@pytest.fixture
def held(workspace: Workspace) -> Workspace:
    """Two governance grids, one without maintainer, a police grid, three addresses of which one is retired."""
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [
            {"grid_code": ONE}, {"grid_code": TWO, "maintainer": ""}, {"grid_code": "P1", "kind": "police"},
        ])  # fmt: skip
        put(connection, "address", change, [
            {"address_code": "A1", "grid_code": ONE}, {"address_code": "A2", "grid_code": ONE},
            {"address_code": "A3", "grid_code": ONE, "retired_in": change},
        ])  # fmt: skip
    accounts.create_account(workspace, "wang", "a quite long one", ["officer"])
    return workspace


def test_each_grid_says_who_keeps_it_and_who_works_in_it(held: Workspace):
    assign(held, "wang", [ONE])
    one, two = grids_kept(held)
    assert (one.grid_code, one.accounts, one.addresses, one.kept) == (ONE, ("wang",), 2, True)
    assert (two.grid_code, two.accounts, two.addresses, two.kept) == (TWO, (), 0, False)
    assert one.subdistrict_code == "320508018000"
    hand_over_grids(held, Filters(grid=TWO), "G777", reason="补录维护人")
    assert grids_kept(held)[1].maintainer == "G777" and grids_kept(held)[1].kept
    with pytest.raises(NotPermitted):
        grids_kept(Workspace(held.store, Actor("wang", frozenset({"officer"}))))


def test_the_command_counts_the_gaps(held: Workspace, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    assign(held, "wang", [ONE])
    assert main(["--store", held.store.location, "assign", "grids", "--gaps", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["total"], told["unassigned"], told["without_maintainer"]) == (2, 1, 1)
    assert [one["grid_code"] for one in told["grids"]] == [TWO]
