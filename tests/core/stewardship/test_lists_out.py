"""Any list as a spreadsheet, read back as a spreadsheet program reads it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from core.security.workspace import Workspace
from core.sheets import lists
from core.stewardship.exporting_lists import export_list


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
    monkeypatch.setattr(lists.write_list, "__kwdefaults__", {"rows_a_sheet": 3, "beside": None})
    out = tmp_path / "long.xlsx"
    assert export_list(workspace, out, title="清单", columns=["数"], rows=[(n,) for n in range(7)]) == 7
    book = openpyxl.load_workbook(out)
    assert [sheet.max_row - 1 for sheet in book.worksheets[1:]] == [3, 3, 1]
    assert "7" in [row[1].value for row in book.worksheets[0].iter_rows()]
