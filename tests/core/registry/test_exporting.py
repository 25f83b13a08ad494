"""Exports: all that match, masked, with who and when; formulas only read; sheets split; positions; rare characters."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from sqlalchemy import select

from core.cli import main
from core.errors import Cancelled
from core.jobs import Progress
from core.model.security import audit_entry
from core.registry import tables, views
from core.registry.exporting import ExportUnclear, export
from core.registry.filters import FilterUnclear, Selection
from core.registry.tables import Order
from core.registry.views import View
from core.registry.where import select_where
from core.security.workspace import Actor, NotPermitted, Workspace
from core.store import search
from tests.core.conftest import ADMIN, PASSWORD
from tests.core.rows import begin, put

RARE = (
    [chr(c) for c in range(0x3400, 0x3400 + 60)] + [chr(c) for c in range(0x20000, 0x20000 + 60)]
    + [chr(c) for c in range(0x2A700, 0x2A700 + 30)] + [chr(c) for c in range(0x2B740, 0x2B740 + 20)]
    + [chr(c) for c in range(0x2B820, 0x2B820 + 20)] + [chr(c) for c in range(0x30000, 0x30000 + 10)]
)  # fmt: skip
"""Two hundred rare characters: extension A in the BMP; B, C, D, E and G beyond it."""


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "full_text": f"平江路{n}号", "lon": 120.6 + n / 1000 if n < 8 else None,
             "lat": 31.3 if n < 8 else None, "crs": "EPSG:4490" if n < 8 else None} for n in range(10)
        ])  # fmt: skip
        put(connection, "house", change, [
            {"house_code": f"H{n:03d}", "address_code": f"A{n:011d}", "use": "rented" if n % 2 else "self",
             "area_m2": 10.5 * n} for n in range(10)
        ])  # fmt: skip
        put(connection, "person", change, [{"person_token": "f" * 64, "house_code": "H001"}])
        put(connection, "organisation", change, [{"uscc": f"91320508MA1MJ4{n:04d}", "name": f"{c}记茶馆"}
                                                 for n, c in enumerate(RARE)])  # fmt: skip
        put(connection, "event", change, [{"event_no": "E1", "summary": '=HYPERLINK("http://x")'}])
        search.update(connection, change)
    return workspace


def sheet(path: Path, number: int = 1) -> list[tuple[object, ...]]:
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [tuple(row) for row in book.worksheets[number].iter_rows(values_only=True)]
    book.close()
    return rows


def test_a_spreadsheet_holds_all_that_match_with_filter_user_and_time(filled: Workspace, tmp_path: Path):
    made = export(filled, select_where("house", ("use=rented",)), tmp_path / "h.xlsx")
    head, *rows = sheet(tmp_path / "h.xlsx")
    assert made.rows == len(rows) == 5
    assert "use" in head
    told = " ".join(str(cell) for row in sheet(tmp_path / "h.xlsx", 0) for cell in row)
    assert ADMIN in told
    assert "rented" in told
    assert "20" in told
    with filled.store.read() as connection:
        (entry,) = connection.execute(
            select(audit_entry).where(audit_entry.c.action == "registry.export")
        ).all()
    assert json.loads(entry.details)["rows"] == 5


def test_a_list_too_long_for_a_sheet_is_split_and_the_total_stated(filled: Workspace, tmp_path: Path):
    made = export(filled, Selection("house"), tmp_path / "h.xlsx", rows_a_sheet=4)
    assert (made.rows, made.sheets) == (10, 3)
    assert [len(sheet(tmp_path / "h.xlsx", n)) - 1 for n in (1, 2, 3)] == [4, 4, 2]
    assert any("10" in str(row) for row in sheet(tmp_path / "h.xlsx", 0))


def test_csv_names_the_columns_of_the_package_and_neutralises_formulas(filled: Workspace, tmp_path: Path):
    export(filled, Selection("event"), tmp_path / "e.csv")
    rows = pl.read_csv(tmp_path / "e.csv")
    assert rows["summary"].to_list() == ['\'=HYPERLINK("http://x")']
    assert rows["exported_by"].to_list() == [ADMIN]
    assert rows["exported_at"].is_not_null().all()
    export(filled, Selection("house"), tmp_path / "h.csv", columns=("house_code", "full_text", "area_m2"))
    assert pl.read_csv(tmp_path / "h.csv").row(1)[:3] == ("H001", "平江路1号", 10.5)


def test_no_pseudonym_and_no_identity_leaves_unasked(filled: Workspace, tmp_path: Path):
    export(filled, Selection("person"), tmp_path / "p.csv")
    text = (tmp_path / "p.csv").read_text("utf-8")
    assert "f" * 64 not in text
    assert "********" in text
    with pytest.raises(FilterUnclear):
        export(filled, Selection("identity"), tmp_path / "i.csv", columns=("name",))


@pytest.mark.parametrize("resource", ["address", "house"])
def test_a_geopackage_has_each_row_at_its_place_and_says_how_many_have_none(
    filled: Workspace, tmp_path: Path, resource: str
):
    made = export(filled, Selection(resource), tmp_path / "a.gpkg")
    assert (made.rows, made.unplaced) == (10, 2)
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as base:
        placed = base.execute(f"SELECT count(*) FROM {resource} WHERE geom IS NOT NULL").fetchone()[0]
        about = base.execute("SELECT description FROM gpkg_contents").fetchone()[0]
    assert placed == 8
    assert ADMIN in about


def test_a_cancelled_export_leaves_no_file_and_an_unknown_form_is_refused(filled: Workspace, tmp_path: Path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        export(filled, Selection("house"), tmp_path / "h.xlsx", progress=progress)
    with pytest.raises(ExportUnclear):
        export(filled, Selection("house"), tmp_path / "h.docx")
    assert not list(tmp_path.glob("h.*"))


def test_two_hundred_rare_characters_survive_search_table_spreadsheet_and_csv(
    filled: Workspace, tmp_path: Path
):
    assert len(set(RARE)) == 200
    export(filled, Selection("organisation"), tmp_path / "o.xlsx", columns=("name",))
    export(filled, Selection("organisation"), tmp_path / "o.csv", columns=("name",))
    expected = {f"{c}记茶馆" for c in RARE}
    assert {row[0] for row in sheet(tmp_path / "o.xlsx")[1:]} == expected
    assert set(pl.read_csv(tmp_path / "o.csv")["name"]) == expected
    matches = tables.matches(filled, Selection("organisation"), Order("name"))
    assert {row[2] for row in tables.rows_at(filled, matches, 0, 200, columns=("name",)).rows} == expected
    with filled.store.read() as connection:
        for character in RARE:
            assert [hit.title for hit in search.search(connection, f"{character}记")] == [
                f"{character}记茶馆"
            ]
    assert tables.count(filled, select_where("organisation", (f"name~{RARE[70]}记",))) == 1


def test_the_command_takes_conditions_and_saved_views(
    filled: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRIDLINK_USER", ADMIN)
    monkeypatch.setenv("GRIDLINK_PASSWORD", PASSWORD)
    views.save(
        filled, View("出租", select_where("house", ("use=rented",)), Order("house_code"), ("house_code",))
    )
    base = ["--store", filled.store.location, "export", "house", "--json"]
    assert main([*base, "--out", str(tmp_path / "a.csv"), "--where", "@出租", "--where", "area_m2<40"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    assert pl.read_csv(tmp_path / "a.csv").columns == ["house_code", "exported_by", "exported_at"]
    assert main([*base, "--out", str(tmp_path / "b.csv"), "--where", "colour=red"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "filter_unclear"


def test_who_may_not_export_gets_no_file(filled: Workspace, tmp_path: Path):
    with pytest.raises(NotPermitted):
        export(Workspace(filled.store, Actor("x", frozenset({"system_administrator"}))), Selection("house"),
               tmp_path / "h.csv")  # fmt: skip
