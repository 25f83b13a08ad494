"""Addresses in words: in a station's list, in a department's rows, in a report from a door plate, in the search box."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from core.registry.browse import search
from core.registry.undo import undo
from core.security.workspace import Workspace
from core.stewardship.findings import Filters, listed
from core.stewardship.fixes import apply, preview
from core.stewardship.sheet_intake import ingest_sheet
from core.stewardship.verifying import verify_registry
from tests.core.departments import address, digest, row

TEN = {"road": "平江路", "doorplate": "10号"}
ELEVEN = {"road": "平江路", "doorplate": "11号"}


@pytest.fixture
def district(sender) -> None:
    """Two doors of one road."""
    sender("bureau").send(address=[
        address(1, full_text="江苏省苏州市姑苏区白洋湾街道平江路10号", **TEN),
        address(2, full_text="江苏省苏州市姑苏区白洋湾街道平江路11号", **ELEVEN),
    ])  # fmt: skip


def shop(code: str, where: str) -> dict[str, str]:
    return {
        "org_no": code, "name": f"平江{code}面馆", "kind": "individual_business", "address_code": where,
        "status": "open",
    }  # fmt: skip


def test_a_stations_own_list_with_addresses_in_words_comes_in_matched(workspace: Workspace, district, tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["org_no", "名称", "kind", "经营地址", "status"])
    sheet.append(["D1", "平江面馆", "individual_business", "苏州市平江区平江路十号", "open"])
    sheet.append(["D2", "临顿面馆", "individual_business", "临顿路999号", "open"])
    book.save(tmp_path / "单位.xlsx")
    trial = ingest_sheet(workspace, tmp_path / "单位.xlsx", dry_run=True)
    result = ingest_sheet(workspace, tmp_path / "单位.xlsx")
    assert trial.resources == result.resources
    assert row(workspace, "organisation", "D1")["address_code"] == address(1)["address_code"]
    assert [one.rule for one in listed(workspace, Filters(key="D2"))] == ["reference.address_words"]
    (note,) = [one for one in result.warnings if one["code"] == "addresses_matched"]
    assert (note["details"]["matched"], note["details"]["words"]) == (1, 2)


def test_words_in_a_departments_rows_are_held_then_corrected_by_rule_and_undone(workspace: Workspace, sender, district):
    sender("governance").send(organisation=[shop("A1", "平江路11号"), shop("A2", "平江路乙11号")])
    held = digest(workspace)
    assert {one.rule for one in listed(workspace, Filters(resource="organisation"))} == {"reference.address_words"}
    told = preview(workspace, "reference.address_words")
    assert (told.quarantine, told.not_curable) == (1, 1)
    assert told.changes[0].after == address(2)["address_code"]
    fixed = apply(workspace, "reference.address_words")
    assert (fixed.released, fixed.held, fixed.not_curable) == (1, 0, 1)
    assert row(workspace, "organisation", "A1")["address_code"] == address(2)["address_code"]
    undo(workspace, fixed.change_set)
    assert digest(workspace) == held


def test_a_report_that_speaks_of_another_door_than_its_plate_is_found(workspace: Workspace, sender, district):
    def report(number: int, payload: str) -> dict[str, str]:
        return {"report_no": f"R{number}", "kind": "address_check", "address_code": address(1)["address_code"],
                "submitted_at": "2026-11-01T08:00:00+08:00", "payload": payload, "op": "upsert"}  # fmt: skip

    sender("qr").send("delta", qr_report=[
        report(1, '{"address": "平江路11号"}'), report(2, '{"地址": "平江路10号"}'), report(3, '{"answer": "一致"}'),
    ])  # fmt: skip
    found = verify_registry(workspace)
    assert found.by_rule["qr_report.address_differs"] == 1
    (one,) = listed(workspace, Filters(rule="qr_report.address_differs"))
    assert (one.key, one.value) == ("R1", address(2)["address_code"])


@pytest.mark.parametrize("wanted", ["平江路十号", "姑苏区平江路１０号（租户）", "平江区平江路10"])
def test_the_search_box_finds_another_spelling(workspace: Workspace, district, wanted: str):
    assert [hit.subtitle for hit in search(workspace, wanted)][:1] == [address(1)["address_code"]]


def test_the_search_box_finds_nothing_where_nothing_is_meant(workspace: Workspace, district):
    assert not search(workspace, "无此路99号") and not search(workspace, "无此人")
