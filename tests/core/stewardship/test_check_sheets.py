"""The check sheet of a field audit: printed or filled, brought back whole or not at all; the commands around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.cli import main
from core.security.workspace import Workspace
from core.sheets.reading import SheetUnreadable
from core.stewardship.audit_items import ResultUnclear, items
from core.stewardship.check_sheets import enter_check_sheet, write_check_sheet
from core.stewardship.field_audit import Round, draw
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.departments import address, house


@pytest.fixture
def drawn(workspace: Workspace, sender) -> Round:
    sender("bureau").send(
        address=[address(n) for n in range(1, 6)], house=[house(n) for n in range(1, 6)]
    )
    return draw(workspace, "house", per_community=3, seed="一", fields=["use", "rooms"])


def fill(path: Path, *rows: dict[str, str]) -> None:
    """Chooses from the lists as a person does, from the first record on."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    at = {cell.value: cell.column for cell in sheet[2]}
    for n, row in enumerate(rows, 3):
        for name, word in row.items():
            sheet.cell(n, at[name], word)
    book.save(path)


def test_a_filled_sheet_is_entered_and_empty_rows_were_not_looked_at(workspace, drawn, tmp_path):
    out = tmp_path / "check.xlsx"
    assert write_check_sheet(workspace, drawn.id, out) == 3
    fill(
        out, {"_found": "seen on site", "=use": "agrees with what is there", "=rooms": "漏登", "_remark": "三楼"},
        {"_found": "查无"},
    )  # fmt: skip
    entered = enter_check_sheet(workspace, out)
    assert (entered.rows, entered.answered, entered.fresh) == (3, 2, 2)
    first, second, third = items(workspace, drawn.id)
    assert (first.found, first.results, first.remark) == ("found", {"use": "right", "rooms": "missing"}, "三楼")
    assert (second.found, third.found) == ("not_found", "")
    assert enter_check_sheet(workspace, out).fresh == 0


def test_a_sheet_with_one_half_filled_row_enters_nothing(workspace, drawn, tmp_path):
    out = tmp_path / "check.xlsx"
    write_check_sheet(workspace, drawn.id, out)
    fill(out, {"_found": "查无"}, {"_found": "seen on site", "=use": "agrees with what is there"})
    with pytest.raises(ResultUnclear):
        enter_check_sheet(workspace, out)
    assert not any(item.found for item in items(workspace, drawn.id))


def test_the_sheet_offers_choices_and_says_how_it_was_drawn(workspace, drawn, tmp_path):
    out = tmp_path / "check.xlsx"
    write_check_sheet(workspace, drawn.id, out)
    book = openpyxl.load_workbook(out)
    choices = {one.formula1 for one in book.worksheets[1].data_validations.dataValidation}
    assert len(choices) == 2 and any("not there" in one or "查无" in one for one in choices)
    assert drawn.seed in " ".join(str(cell.value) for row in book.worksheets[0] for cell in row)
    assert book.worksheets[1].print_title_rows == "$1:$1"


def test_any_other_spreadsheet_is_no_check_sheet(workspace, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.save(tmp_path / "other.xlsx")
    for path in (tmp_path / "other.xlsx", tmp_path / "absent.xlsx"):
        with pytest.raises(SheetUnreadable):
            enter_check_sheet(workspace, path)


@pytest.fixture
def run(workspace: Workspace, sender, location: str, monkeypatch: pytest.MonkeyPatch, capsys):
    sender("bureau").send(address=[address(n) for n in range(1, 6)])
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)

    def command(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["--store", location, "field-audit", *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return command


def test_a_whole_round_from_the_command_line(run, tmp_path):
    number = str(run("draw", "address", "--per-community", "2", "--seed", "s", "--field", "full_text")["id"])
    assert run("list")["rounds"][0]["items"] == 2
    first, second = run("items", number)["items"]
    assert run("enter", "--round", number, "--item", str(first["id"]), "--result", "full_text=right")["fresh"] == 1
    assert run("enter", "--round", number, "--item", str(second["id"]), "--not-found")["fresh"] == 1
    assert run("sheet", number, "--out", str(tmp_path / "c.xlsx"))["rows"] == 2
    told = run("result", number)
    assert told["measures"]["existence"]["value"] == 0.5 and told["measures"]["existence"]["high"] < 1
    assert run("reproduce", number)["same_sample"] is True
    assert run("close", number)["closed_by"] == ADMIN
