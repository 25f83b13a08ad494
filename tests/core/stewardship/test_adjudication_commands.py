"""Adjudication from the command line: one JSON object, the same acts as in the desktop."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.cli import main
from core.security.workspace import Workspace
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address, house, person

KEY = f"{1:064x}:H-000001"


@pytest.fixture
def run(workspace: Workspace, sender, monkeypatch: pytest.MonkeyPatch, capsys, location):
    sender("bureau").send(address=[address(1)], house=[house(1)])
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["--store", location, *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


def test_a_conflict_is_listed_shown_whole_and_settled(run):
    code, listed = run("conflicts")
    assert (code, listed["total"], listed["by_group"]) == (
        0, 1, [{"resource": "person", "group": "contact", "count": 1}])  # fmt: skip
    _code, whole = run("conflicts", "--resource", "person", "--key", KEY)
    assert [source["name"] for source in whole["sources"]] == ["police", "community"]
    code, settled = run(
        "settle",
        "--resource",
        "person",
        "--key",
        KEY,
        "--choose",
        "phone_masked=police",
        "--reason",
        "电话核实",
    )
    assert (code, settled["settled"], settled["changed"]) == (0, 1, 1)
    assert run("conflicts")[1]["total"] == 0


def test_settling_all_shows_first_and_acts_only_when_told(run):
    _code, preview = run("settle", "--all", "--by", "police")
    assert (preview["applied"], preview["total"], preview["changing"]) == (False, 1, 1)
    assert run("conflicts")[1]["total"] == 1
    code, done = run("settle", "--all", "--by", "police", "--apply", "--reason", "逐户电话核实")
    assert (code, done["changed"]) == (0, 1)
    assert run("undo", str(done["change_set"]))[0] == 0
    assert run("conflicts")[1]["total"] == 1


def test_an_unclear_choice_is_refused_with_a_cure(run):
    code, said = run(
        "settle", "--resource", "person", "--key", KEY, "--choose", "police", "--reason", "电话核实"
    )
    assert (code, said["error"]["code"]) == (1, "choice_unclear")
    code, said = run("settle", "--reason", "电话核实")
    assert (code, said["error"]["code"]) == (1, "choice_unclear")
    code, said = run(
        "settle", "--resource", "person", "--key", KEY, "--value", "birth_year=x", "--reason", "核实"
    )
    assert code == 1 and "birth_year" in said["error"]["message"]
