"""Spreadsheets: forms that are filled, return files that are corrected, lists that lose no row."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from python_calamine import load_workbook

from core.packages.crypto import verify as verify_signature
from core.registry.undo import undo
from core.security import keys
from core.security.workspace import Workspace
from core.sheets.lists import write_list
from core.sheets.reading import SheetUnreadable, read_book
from core.stewardship.findings import Filters, counts, listed
from core.stewardship.return_files import NothingToReturn, return_files, write_return
from core.stewardship.sheet_intake import SheetRefused, ingest_sheet, write_template
from tests.core.departments import address, digest, house, row


def filled(path: Path, resource: str, *rows: dict[str, Any]) -> None:
    """Opens a form as a person does and fills it from the first free row on."""
    book = openpyxl.load_workbook(path)
    sheet = book[resource]
    at = {cell.value: cell.column for cell in sheet[2]}
    for n, values in enumerate(rows, 3):
        for name, value in values.items():
            sheet.cell(n, at[name], value)
    book.save(path)


@pytest.fixture
def form(workspace: Workspace, sender, tmp_path: Path) -> Path:
    sender("bureau").send(address=[address(1), address(2)])
    return write_template(workspace, "house", tmp_path / "房屋.xlsx").path


def test_a_filled_template_comes_in_verified_like_a_package(workspace: Workspace, form: Path):
    code = address(1)["address_code"]
    let = {"use": "出租", "area_m2": 45.5, "rooms": 2, "landlord_masked": "张*"}
    filled(
        form, "house", {"house_code": "H-1001", "address_code": code} | let,
        {"house_code": "H-1002", "address_code": "nowhere", "use": "自住"},
    )  # fmt: skip
    trial = ingest_sheet(workspace, form, dry_run=True)
    result = ingest_sheet(workspace, form)
    assert trial.resources == result.resources
    assert (result.resources["house"].new, result.resources["house"].quarantined) == (1, 1)
    held = row(workspace, "house", "H-1001")
    assert (held["use"], held["area_m2"], held["rooms"], held["source"]) == ("rented", 45.5, 2, "police")
    assert [one.line for one in listed(workspace, Filters(resource="house", severity="error"))] == [4]


def test_the_same_file_again_does_nothing_and_undo_lets_it_in_again(workspace: Workspace, form: Path):
    filled(form, "house", {"house_code": "H-1001", "address_code": address(1)["address_code"], "use": "空置"})
    before = digest(workspace)
    first = ingest_sheet(workspace, form)
    assert ingest_sheet(workspace, form).repeat
    assert first.change_set is not None
    undo(workspace, first.change_set)
    assert digest(workspace) == before
    assert not ingest_sheet(workspace, form).repeat


def test_a_template_has_drop_downs_text_cells_and_says_what_it_is(form: Path):
    book = openpyxl.load_workbook(form)
    choices = {v.formula1 for v in book["house"].data_validations.dataValidation}
    assert any("rented" in c or "出租" in c for c in choices)
    assert book["_gridlink"].sheet_state == "hidden" and json.loads(book["_gridlink"]["A1"].value)["form"] == "template"


def test_a_sheet_of_the_stations_own_is_recognised_by_its_titles(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.append(["单位台账"])
    book.active.append(["统一社会信用代码", "名称", "类别", "地址编码", "状态"])
    book.active.append(["91350100M000100Y43", "观前面馆", "企业", "320508017003000001", "开业"])
    book.save(tmp_path / "a.xlsx")
    (table,) = read_book(tmp_path / "a.xlsx").tables
    assert table.resource.name == "organisation" and table.rows["kind"].to_list() == ["enterprise"]


def test_a_column_of_the_never_list_refuses_the_whole_sheet(workspace: Workspace, form: Path):
    book = openpyxl.load_workbook(form)
    book["house"].cell(1, 12, "民族")
    book["house"].cell(3, 1, "H-1")
    book.save(form)
    with pytest.raises(SheetRefused):
        ingest_sheet(workspace, form)


@pytest.mark.parametrize("content", [b"", b"no spreadsheet", b"PK\x03\x04broken"])
def test_what_is_no_spreadsheet_is_named_and_changes_nothing(workspace: Workspace, tmp_path: Path, content: bytes):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    before = digest(workspace)
    with pytest.raises(SheetUnreadable):
        ingest_sheet(workspace, path)
    assert digest(workspace) == before


@pytest.fixture
def wrong(workspace: Workspace, sender, tmp_path: Path) -> Path:
    """Of three houses one has a wrong use, one no use and a wrong number; an address lacks what its parts say."""
    sender("bureau").send(
        address=[address(1, road="平江路"), address(2), address(3)],
        house=[house(1, use="住"), house(2, use="", area_m2="很大"), house(3)],
    )
    return write_return(workspace, "bureau", tmp_path).xlsx


def test_a_return_file_marks_the_bad_cells_and_says_why(wrong: Path):
    sheet = openpyxl.load_workbook(wrong)["house"]
    at = {cell.value: cell.column for cell in sheet[2]}
    use = sheet.cell(3, at["use"])
    assert use.value == "住" and use.comment is not None and use.fill.fill_type == "solid"
    assert sheet.cell(3, at["house_code"]).comment is None
    assert sheet.max_row == 4 and sheet.column_dimensions["A"].hidden is False


def test_correcting_one_row_clears_exactly_its_findings(workspace: Workspace, wrong: Path):
    before = counts(workspace, Filters(sender="bureau"))
    filled(wrong, "house", {"use": "自住"})
    result = ingest_sheet(workspace, wrong)
    assert result.sender == "bureau" and {n: c.read for n, c in result.resources.items()} == {"address": 0, "house": 1}
    after = counts(workspace, Filters(sender="bureau"))
    assert (before.open - after.open, after.fixed) == (1, 1)
    assert row(workspace, "house", "H-000001")["use"] == "self" and not row(workspace, "house", "H-000002")
    assert return_files(workspace)[0].cleared == 1


def test_an_untouched_return_file_touches_nothing(workspace: Workspace, wrong: Path):
    before, found = digest(workspace), counts(workspace)
    result = ingest_sheet(workspace, wrong)
    assert sum(c.read for c in result.resources.values()) == 0
    assert (digest(workspace), counts(workspace)) == (before, found)


def test_a_key_that_was_corrected_clears_its_findings_too(workspace: Workspace, sender, tmp_path: Path):
    sender("bureau").send(address=[address(1)], house=[house(1, house_code="h 1")])
    path = write_return(workspace, "bureau", tmp_path).xlsx
    filled(path, "house", {"house_code": "H-0001"})
    result = ingest_sheet(workspace, path)
    assert counts(workspace).open == 0 and row(workspace, "house", "H-0001")
    assert result.change_set is not None
    undo(workspace, result.change_set)
    assert counts(workspace).open == 1 and not row(workspace, "house", "H-0001")


def test_the_same_goes_back_as_a_package_signed_by_the_station(workspace: Workspace, wrong: Path):
    with zipfile.ZipFile(wrong.with_suffix(".zip")) as archive:
        descriptor = archive.read("datapackage.json")
        signature = archive.read("datapackage.json.jws").decode()
        rows = pl.read_csv(archive.read("data/house.csv"), infer_schema=False)
    with workspace.store.read() as connection:
        _private, public = keys.sign_key_pems(connection)
    verify_signature(descriptor, signature, public_pem=public)
    assert json.loads(descriptor)["gridlink"]["sender"] == "police"
    assert rows["finding_rules"].to_list()[0] == "value.code_unknown@use"


def test_the_next_return_file_follows_the_chain_of_the_one_before(workspace: Workspace, wrong: Path, tmp_path: Path):
    second = write_return(workspace, "bureau", tmp_path / "again").package
    with zipfile.ZipFile(second) as archive:
        own = json.loads(archive.read("datapackage.json"))["gridlink"]
    assert own["sequence"] == 2 and own["previous"].startswith("sha256:")


def test_nothing_goes_back_to_whom_nothing_is_wrong(workspace: Workspace, tmp_path: Path):
    with pytest.raises(NothingToReturn):
        write_return(workspace, "fire", tmp_path)


@pytest.mark.parametrize("count", [9, 10, 11, 0])
def test_a_list_is_split_over_sheets_and_states_its_total(tmp_path: Path, count: int):
    rows = pl.DataFrame({"键": [f"k{n}" for n in range(count)]}, schema={"键": pl.String})
    sheets = write_list(tmp_path / "l.xlsx", rows, title="清单", about=[("筛选", "全部")], rows_a_sheet=10)
    book = load_workbook(str(tmp_path / "l.xlsx"))
    assert sheets == (2 if count == 11 else 1)
    bodies = [book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names[1:]]
    assert [r[0] for body in bodies for r in body] == rows["键"].to_list()
    assert f"{count}" in [r[1] for r in book.get_sheet_by_index(0).to_python()]


def test_no_cell_of_a_list_is_run_as_a_formula(tmp_path: Path):
    rows = pl.DataFrame({"a": ["=1+1", "@x", "-5", "+86 512", "\t=2", "平江路"]})
    write_list(tmp_path / "l.xlsx", rows, title="清单", about=[])
    sheet = openpyxl.load_workbook(tmp_path / "l.xlsx")["清单"]
    assert all(cell.data_type != "f" for line in sheet for cell in line)
    assert [sheet.cell(n, 1).value for n in range(2, 8)] == ["'=1+1", "'@x", "-5", "'+86 512", "'\t=2", "平江路"]
