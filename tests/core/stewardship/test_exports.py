"""Every list leaves as a spreadsheet: complete, with what it is and who made it, and no formula in it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from core.cli import main
from core.security.workspace import Workspace
from core.verification.catalogue import catalogue
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address, house, person


@pytest.fixture
def run(workspace: Workspace, sender, location: str, monkeypatch: pytest.MonkeyPatch, capsys):
    sender("bureau").send(address=[address(1), address(2, full_text="=1+1")], house=[house(1)])
    sender("police").send(person=[person(1, phone_masked="139****0001")])
    sender("community").send(person=[person(1, phone_masked="138****0002")])
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["--store", location, *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return command


@pytest.mark.parametrize(
    "words", [("findings",), ("conflicts",), ("overdue",), ("hazard-proposals",), ("duplicates", "--find")], ids=str
)
def test_each_list_is_written_whole_with_what_it_is(run, tmp_path: Path, words: tuple[str, ...]):
    told = run(*words, "--out", str(tmp_path / "list.xlsx"))
    book = load_workbook(str(tmp_path / "list.xlsx"))
    about, listed = (book.get_sheet_by_index(n).to_python() for n in (0, 1))
    assert len(listed) - 1 == told["rows"]
    assert any(ADMIN in line for line in about) and any(str(told["rows"]) in line for line in about)


def test_a_formula_in_the_data_only_reads(run, tmp_path: Path):
    run("findings", "--out", str(tmp_path / "list.xlsx"))
    book = load_workbook(str(tmp_path / "list.xlsx"))
    cells = [
        cell for name in book.sheet_names
        for line in book.get_sheet_by_name(name).to_python() for cell in line
    ]  # fmt: skip
    assert "'=1+1" in cells and not any(str(cell).startswith("=") for cell in cells)


def test_the_catalogue_stands_beside_the_findings_and_alone_with_how_often_each_rule_fired(run, tmp_path: Path):
    run("findings", "--out", str(tmp_path / "list.xlsx"))
    run("rules", "--out", str(tmp_path / "rules.xlsx"))
    beside = load_workbook(str(tmp_path / "list.xlsx")).get_sheet_by_index(2).to_python()
    alone = load_workbook(str(tmp_path / "rules.xlsx")).get_sheet_by_index(0).to_python()
    assert beside == alone and len(alone) == len(catalogue()) + 1
    fired = {line[0]: line[-1] for line in alone[1:]}
    assert fired["address.text_short"] >= 1 and fired["dispute.party_tokens_form"] == 0


def test_a_rule_is_switched_with_a_reason_and_listed_as_switched(run):
    run("rule", "switch", "address.text_short", "off", "--reason", "老城区地址短")
    (switched,) = run("rule", "switched")["rules"]
    assert (switched["rule"], switched["severity"]) == ("address.text_short", "off")
    run("verify")
