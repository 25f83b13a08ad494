"""Check sheets and exported lists, read back as a spreadsheet program reads them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from core.security import audit
from core.security.workspace import Workspace
from core.sheets import lists
from core.stewardship.audit_items import items
from core.stewardship.check_sheet import write_check_sheet
from core.stewardship.field_audit import draw
from core.stewardship.list_export import export_list
from tests.core.departments import address, house, person

HERE, THERE = "320508017003", "320508017004"


@pytest.fixture
def district(sender) -> None:
    some = [address(n) for n in range(1, 6)] + [address(n, community_code=THERE) for n in range(6, 9)]
    sender("bureau").send(address=some, house=[house(n) for n in range(1, 5)])
    sender("police").send(person=[person(n) for n in range(1, 5)])


def test_a_check_sheet_has_a_page_for_each_community_with_every_drawn_record_and_room_to_tick(
    workspace: Workspace, district, tmp_path: Path
):
    one = draw(workspace, "address", per_community=3, seed="一")
    out = tmp_path / "check.xlsx"
    assert write_check_sheet(workspace, one.id, out) == 6
    book = openpyxl.load_workbook(out)
    assert [name[-6:] for name in book.sheetnames] == [HERE[-6:], THERE[-6:]]
    sheet = book.worksheets[0]
    listed = [item.title for item in items(workspace, one.id) if item.community_code == HERE]
    assert [sheet.cell(4 + n, 2).value for n in range(3)] == listed
    assert sheet.page_setup.orientation == "landscape" and sheet.print_title_rows == "$1:$3"
    assert len(sheet.data_validations.dataValidation) == 2
    assert "steward" not in one.seed and one.seed in str(sheet.cell(2, 1).value)


def test_a_check_sheet_of_people_is_masked_and_audited(workspace: Workspace, district, tmp_path: Path):
    one = draw(workspace, "person", per_community=2, seed="二")
    write_check_sheet(workspace, one.id, tmp_path / "people.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "people.xlsx").worksheets[0]
    assert "*" in str(sheet.cell(4, 2).value)
    assert "field_audit.check_sheet" in {entry.action for entry in audit.entries(workspace)}


def test_an_exported_list_says_its_total_and_keeps_numbers_as_numbers(workspace: Workspace, tmp_path: Path):
    out = tmp_path / "list.xlsx"
    rows = [("=1+1", 7, None), ("甲", 8, "乙")]
    assert export_list(workspace, out, title="清单", columns=["名", "数", "名"], rows=rows) == 2
    book = openpyxl.load_workbook(out)
    about = {str(row[0].value): row[1].value for row in book.worksheets[0].iter_rows()}
    assert about["rows in all"] == "2"
    assert [cell.value for cell in book.worksheets[1][1]] == ["名", "数", "名 2"]
    assert [cell.value for cell in book.worksheets[1][2]] == ["'=1+1", 7, None]


def test_a_list_longer_than_a_sheet_goes_on_on_the_next(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lists.write_list, "__kwdefaults__", {"rows_a_sheet": 3})
    out = tmp_path / "long.xlsx"
    assert export_list(workspace, out, title="清单", columns=["数"], rows=[(n,) for n in range(7)]) == 7
    book = openpyxl.load_workbook(out)
    assert [sheet.max_row - 1 for sheet in book.worksheets[1:]] == [3, 3, 1]
    assert "7" in [row[1].value for row in book.worksheets[0].iter_rows()]
