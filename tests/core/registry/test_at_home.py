"""Lists, searches and exports of who has grids of his own: there by default, beyond for a reason that is on record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.cli import main
from core.model.registry import entity_id
from core.registry import bulk_editing, tables
from core.registry.at_home import at_home
from core.registry.bulk_editing import BulkChange
from core.registry.exporting import export
from core.registry.filters import Selection, selection_of
from core.registry.lookup import look_up
from core.registry.where import say
from core.security import accounts
from core.security.assigning import assign
from core.security.looks import looks
from core.security.own_grids import MINUTES, ListOutsideGrids, enter_list, list_is_open
from core.security.reasons import ReasonMissing
from core.security.workspace import Actor, Workspace
from core.stewardship import upkeep
from tests.core.rows import begin, put

HERE, THERE = "320508018001G01", "320508018001G02"
ANN, BEN = (f"{n:064x}" for n in (1, 2))
WHY = "协查走失老人，需核对全部租住人员"


@pytest.fixture
def founder(workspace: Workspace) -> Workspace:
    """An address, a house and a person in each of two grids, an address in none; an officer of the first grid."""
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": HERE}, {"grid_code": THERE}])
        put(connection, "address", change, [
            {"address_code": "A1", "grid_code": HERE}, {"address_code": "A2", "grid_code": THERE},
            {"address_code": "A3"},
        ])  # fmt: skip
        put(
            connection,
            "house",
            change,
            [{"house_code": f"H000{n}", "address_code": f"A{n}"} for n in (1, 2, 3)],
        )
        put(connection, "person", change, [
            {"person_token": ANN, "house_code": "H0001"}, {"person_token": BEN, "house_code": "H0002"},
        ])  # fmt: skip
    accounts.create_account(workspace, "wang", "a quite long one", ["officer"])
    assign(workspace, "wang", [HERE])
    return workspace


def working(founder: Workspace, *roles: str, later: int = 0) -> Workspace:
    moment = datetime(2026, 11, 25, 8, tzinfo=UTC) + timedelta(minutes=later)
    return Workspace(founder.store, Actor("wang", frozenset(roles or ("officer",))), lambda: moment)


def listed(workspace: Workspace, selection: Selection) -> list[int]:
    by = tables.Order(
        {"address": "full_text", "person": "person_token"}.get(selection.resource, "house_code")
    )
    found = tables.matches(workspace, selection, by)
    rows = tables.rows_at(workspace, found, 0)
    assert found.total == tables.count(workspace, selection) == len(rows.rows)
    return [row[0] for row in rows.rows]


def test_every_kind_is_narrowed_to_the_own_grids_by_default(founder: Workspace):
    officer = working(founder)
    for kind, key in (("address", "A1"), ("house", "H0001"), ("person", f"{ANN}:H0001")):
        mine = at_home(officer, Selection(kind))
        assert mine.grids == (HERE,) and listed(officer, mine) == [entity_id(key)]
        assert "1 grids" in say(mine) and selection_of(json.loads(json.dumps(mine.as_dict()))) == mine
    assert at_home(officer, Selection("grid")).grids == (HERE,)
    assert at_home(founder, Selection("person")) == Selection("person")  # works in the whole district
    assert tables.addresses_of(officer, at_home(officer, Selection("person"))).tolist() == [entity_id("A1")]


def test_the_first_people_of_the_own_grids_are_there_before_all_are_found(founder: Workspace):
    officer, by = working(founder), tables.Order("house_code")
    mine = at_home(officer, Selection("person"))
    assert tables.begins_at_once(mine, by) and not tables.begins_at_once(mine, tables.Order("person_token"))
    assert not tables.begins_at_once(replace(mine, ids=(1,)), by) and tables.begins_at_once(
        Selection("person"), by
    )
    assert [row[0] for row in tables.page(officer, mine, by).rows] == [entity_id(f"{ANN}:H0001")]
    assert looks(founder, "all") == []  # what finds them all is on record, once
    tables.matches(officer, mine, by)
    assert [one.action for one in looks(founder, "all")] == ["registry.filter"]


def test_addresses_are_listed_everywhere_people_and_houses_beyond_for_a_reason_only(founder: Workspace):
    officer = working(founder)
    assert len(listed(officer, Selection("address"))) == 3
    for beyond in (Selection("person"), Selection("house"), Selection("person", grids=(HERE, THERE)),
                   Selection("person", ids=(entity_id(f"{BEN}:H0002"),))):  # fmt: skip
        for look in (listed, tables.addresses_of):
            with pytest.raises(ListOutsideGrids):
                look(officer, beyond)
    with pytest.raises(ListOutsideGrids):
        bulk_editing.preview(working(founder, "steward"), Selection("house"), BulkChange("use", "rented"))

    with pytest.raises(ReasonMissing):
        enter_list(officer, "person", "...")
    entry = enter_list(officer, "person", WHY)
    assert (entry.resource, entry.entity, entry.reason) == ("person", None, WHY)
    assert len(listed(working(founder, later=MINUTES - 1), Selection("person"))) == 2
    assert not list_is_open(officer, "house", None)
    with pytest.raises(ListOutsideGrids):
        listed(working(founder, later=MINUTES), Selection("person"))
    (look_,) = looks(founder, "outside")
    assert (look_.action, look_.reason, look_.subject) == ("entry.listed", WHY, "Population")


def test_an_export_beyond_the_own_grids_has_its_reason_on_record(founder: Workspace, tmp_path: Path):
    officer, out = working(founder), tmp_path / "o.csv"
    assert export(officer, at_home(officer, Selection("person")), out).rows == 1
    enter_list(officer, "person", WHY)  # looking at a list is not taking it along
    for kind in ("person", "address"):
        with pytest.raises(ListOutsideGrids):
            export(officer, Selection(kind), tmp_path / "no.csv")
    with pytest.raises(ReasonMissing):
        export(officer, Selection("person"), tmp_path / "no.csv", reason="..")
    assert not (tmp_path / "no.csv").exists()
    assert export(officer, Selection("person"), out, reason=WHY).rows == 2
    assert export(officer, Selection("grid"), tmp_path / "g.csv").rows == 2
    first = looks(founder, "outside")[0]
    assert (first.action, first.reason) == ("entry.exported", WHY)


def test_a_search_tells_that_somebody_lives_outside_but_not_who(founder: Workspace):
    (seen,) = look_up(founder, "H0002", kinds=["person"]).groups[0].hits
    assert seen.title == "张*"
    (veiled,) = look_up(working(founder), "H0002", kinds=["person"]).groups[0].hits
    assert veiled == replace(seen, title="A person outside your grids", subtitle=THERE)
    (own,) = look_up(working(founder), "H0001", kinds=["person"]).groups[0].hits
    assert own.title == "张*"


def test_overdue_lists_are_those_of_the_own_grids(founder: Workspace):
    officer = working(founder, later=60 * 24 * 60)
    (grid,) = upkeep.overdue(officer)
    assert (grid.grid_code, grid.overdue["person"]) == (HERE, 1)
    assert upkeep.items(officer, HERE, "person")[0] == 1
    with pytest.raises(ListOutsideGrids):
        upkeep.items(officer, THERE, "person")
    assert len(upkeep.overdue(founder)) == 2


def test_the_commands_keep_to_the_own_grids_unless_a_reason_is_given(
    founder: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", "wang")
    monkeypatch.setenv("GRIDLINK_PASSWORD", "a quite long one")

    def told(*words: str) -> tuple[int, dict]:
        code = main(["--store", founder.store.location, *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    out = str(tmp_path / "p.csv")
    assert told("export", "person", "--out", out)[1]["rows"] == 1
    code, answer = told("export", "person", "--out", out, "--everywhere")
    assert (code, answer["error"]["code"]) == (1, "outside_grids")
    assert told("export", "person", "--out", out, "--everywhere", "--reason", WHY)[1]["rows"] == 2
    assert told("address", "A2")[1]["error"]["code"] == "outside_grids"
    assert told("address", "A2", "--reason", WHY)[1]["address_code"] == "A2"
    assert [one.action for one in looks(founder, "outside")] == [
        "entry.used",
        "entry.granted",
        "entry.exported",
    ]
