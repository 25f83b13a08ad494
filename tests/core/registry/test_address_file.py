"""The file of an address: people house by house, who lived there, what lies there, what is to do."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event, insert, select

from core.cli import main
from core.model.ledger import finding
from core.model.registry import TABLES, entity_id
from core.model.security import audit_entry
from core.registry.address_file import AddressUnknown, address_file, household, residences
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

ANN, BEN, CAT = (f"{n:064x}" for n in (1, 2, 3))


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": "G1", "cycle_days": 30}])
        put(connection, "address", change, [
            {"address_code": "A1", "full_text": "平江路1号", "grid_code": "G1"},
            {"address_code": "A2", "full_text": "平江路2号"},
        ])  # fmt: skip
        put(connection, "house", change, [{"house_code": f"H{n}", "address_code": "A1"} for n in range(2)]
            + [{"house_code": f"K{n}", "address_code": "A2"} for n in range(30)])  # fmt: skip
        put(connection, "person", change, [
            {"person_token": ANN, "house_code": "H0", "move_in": "2010-01-01"},
            {"person_token": BEN, "house_code": "H0", "move_in": "2011-01-01", "move_out": "2015-01-01"},
            {"person_token": CAT, "house_code": "H1", "retired_in": change},
            {"person_token": BEN, "house_code": "K0", "move_in": "2015-01-01"},
        ])  # fmt: skip
        put(connection, "organisation", change, [{"uscc": "91320508MA1MJ4XC59", "address_code": "A1"}])
        put(connection, "dispute", change, [{"dispute_no": "D1", "address_code": "A1"}])
        first = TABLES["address"].c.id == entity_id("A1")
        at = "2020-01-01T00:00:00.000+00:00"
        connection.execute(TABLES["address"].update().where(first).values(collected_at=at))
        connection.execute(insert(finding).values(
            change_set=change, resource="house", line=1, key="H1", rule="x", severity="warning", field="use",
            entity=entity_id("H1"),
        ))  # fmt: skip
    return workspace


def test_a_file_shows_people_house_by_house_and_who_lived_there(filled: Workspace):
    file = address_file(filled, "A1")
    first, second = file.households
    assert [one.moved_in for one in first.residents] == ["2010-01-01"]
    assert [one.moved_out for one in first.former] == ["2015-01-01"]
    assert (len(second.residents), len(second.former)) == (0, 1)
    assert all("*" in one.name for one in first.residents)
    assert file.counts == {"house": 2, "person": 1, "organisation": 1, "dispute": 1}
    assert {one.resource for one in file.around} == {"organisation", "dispute"}


def test_it_says_what_is_overdue_and_what_was_found(filled: Workspace):
    todo = address_file(filled, "A1").todo
    assert (todo.due, todo.overdue, todo.findings, todo.conflicts) == ("2020-01-31", True, 1, 0)
    assert address_file(filled, "A2").todo.due == ""


def test_however_much_lies_there_the_store_is_asked_as_often(filled: Workspace):
    counted: list[str] = []
    event.listen(filled.store.engine, "before_cursor_execute", lambda *told: counted.append(told[2]))
    asked = []
    for code in ("A1", "A2"):
        counted.clear()
        address_file(filled, code)
        asked.append(len(counted))
    assert max(asked) <= 45
    assert abs(asked[0] - asked[1]) <= 2


def test_where_a_person_lives_and_lived_is_on_record(filled: Workspace):
    found = residences(filled, entity_id(f"{BEN}:K0"))
    assert [(one.house_code, one.address, one.moved_out) for one in found] == [
        ("K0", "平江路2号", ""), ("H0", "平江路1号", "2015-01-01"),
    ]  # fmt: skip
    assert household(filled, "H0").residents  # type: ignore[union-attr]  # it is there
    assert household(filled, "none") is None
    with filled.store.read() as connection:
        actions = connection.execute(select(audit_entry.c.action)).scalars().all()
    assert {"person.read", "person.list"} <= set(actions)


def test_an_unknown_address_says_what_to_do_and_strangers_see_nothing(filled: Workspace):
    with pytest.raises(AddressUnknown):
        address_file(filled, "A9")
    with pytest.raises(NotPermitted):
        address_file(Workspace(filled.store, Actor("x", frozenset({"audit_administrator"}))), "A1")


def test_the_command_gives_the_file_as_json_and_as_lines(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    assert main(["--store", filled.store.location, "address", "A1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["address_code"] == "A1"
    assert told["households"][0]["residents"][0]["moved_in"] == "2010-01-01"
    assert told["todo"]["overdue"] is True
    assert main(["--store", filled.store.location, "address", "A1"]) == 0
    assert "平江路1号" in capsys.readouterr().out
    assert main(["--store", filled.store.location, "address", "A9", "--json"]) == 1
