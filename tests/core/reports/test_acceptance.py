"""The acceptance report: a value that recomputes, and files that say what the value says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select, update

from core import i18n
from core.exchange import message_log
from core.exchange.message_log import Crossing
from core.model.exchange import message
from core.model.ledger import change_set, quarantine, refusal
from core.model.registry import TABLES
from core.model.security import audit_entry
from core.reports import document, spreadsheet
from core.reports.acceptance import acceptance, write_acceptance
from core.reports.files import ReportNotWritten
from core.reports.value import AcceptanceReport, recomputes
from core.security.workspace import Actor, NotPermitted, Workspace
from tests.core.rows import AT, begin, enter, put

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # 2026-11-24 02:30 in Beijing
RARE = "𠮷㛃䶮"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    i18n.set_language("zh")
    yield
    i18n.set_language("en")


@pytest.fixture
def filled(embedded: Workspace) -> Workspace:
    """Five addresses of the bureau, four of them placed, two rows quarantined; one refused package."""
    with embedded.store.write() as connection:
        change = begin(connection)
        placed = {"lon": 120.6, "lat": 31.3}
        rows = [{"address_code": f"A{n:011d}"} | (placed if n else {}) for n in range(5)]
        put(connection, "address", change, rows)
        counts = {"address": {"read": 7, "accepted": 5, "quarantined": 2, "new": 5, "changed": 0,
                              "unchanged": 0, "retired": 0, "missing": 0}}  # fmt: skip
        for line in (2, 3):
            connection.execute(
                insert(quarantine).values(change_set=change, resource="address", line=line, key="", row="")
            )
        connection.execute(update(change_set).where(change_set.c.id == change).values(counts=counts))
        enter(connection, change, name=f"320508-bureau-{RARE}", sender="bureau", resources=counts)
        connection.execute(insert(refusal).values(
            at=AT, actor="x", file_name="a.zip", file_hash="", code='=HYPERLINK("http://x")', message="", details={}
        ))  # fmt: skip
    return Workspace(embedded.store, embedded.actor, clock=lambda: NOW)


@pytest.fixture
def report(filled: Workspace) -> AcceptanceReport:
    return acceptance(filled)


def by_id(report: AcceptanceReport):
    return {indicator.id: indicator for indicator in report.indicators}


def pdf_text(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def test_all_declared_indicators_are_there_in_their_order(report: AcceptanceReport):
    numbers = [indicator.number for indicator in report.indicators]
    assert numbers == [
        *(f"1.{n}" for n in range(1, 15)),
        *(f"2.{n}" for n in range(1, 7)),
        "3.1",
        "3.2",
        "4.1",
        "4.2",
    ]
    assert [m.period for m in report.milestones] == ["5 月", "7 月", "8 月至 11 月"]


def test_an_extraction_is_met_when_every_row_of_the_bureau_is_accounted_for(report: AcceptanceReport):
    address = by_id(report)["output.address"]
    assert (address.value, address.met) == (5, True)
    assert address.evidence[0].definition.id == "import.reconciliation"


def test_an_extraction_whose_counts_do_not_reconcile_is_not_met(filled: Workspace):
    with filled.store.write() as connection:
        table = TABLES["address"]
        connection.execute(table.delete().where(table.c.address_code == "A00000000001"))
    assert by_id(acceptance(filled))["output.address"].met is False


def test_rows_from_elsewhere_do_not_prove_an_extraction_from_the_bureau(filled: Workspace):
    with filled.store.write() as connection:
        change = begin(connection)
        put(connection, "house", change, [{"house_code": "H1"}])
        counts = {"house": {"read": 1, "accepted": 1, "quarantined": 0, "new": 1}}
        connection.execute(update(change_set).where(change_set.c.id == change).values(counts=counts))
        enter(connection, change, name="c", sender="community", resources=counts)
    house = by_id(acceptance(filled))["output.house"]
    assert (house.value, house.met) == (1, None)


def test_the_map_is_not_complete_while_one_address_is_missing(report: AcceptanceReport):
    on_the_map = by_id(report)["output.map"]
    assert (on_the_map.value, on_the_map.met) == (80.0, False)


def test_what_has_no_evidence_is_never_met(report: AcceptanceReport):
    for indicator in report.indicators:
        assert indicator.evidence or indicator.met is None
        assert indicator.value is not None or indicator.met is None
        assert all((indicator.target, indicator.population, indicator.needs))
        assert indicator.note or indicator.met is not None


def test_an_empty_store_claims_nothing(embedded: Workspace):
    assert acceptance(embedded).tally() == (0, 0, 24)


def test_the_same_store_at_the_same_moment_gives_the_same_digest(filled: Workspace, report: AcceptanceReport):
    assert acceptance(filled).digest == report.digest
    assert replace(report, generated_by="somebody else").digest != report.digest


def test_the_written_snapshot_recomputes_and_a_changed_one_does_not(filled: Workspace, tmp_path: Path):
    written = write_acceptance(filled, tmp_path)
    text = (tmp_path / "验收报告-320508-2026-11-24.json").read_text(encoding="utf-8")
    assert recomputes(text)
    assert json.loads(text)["digest"] == written.report.digest
    assert not recomputes(text.replace('"held": 5', '"held": 6'))


def test_three_files_with_honest_names_and_nothing_else_are_left(filled: Workspace, tmp_path: Path):
    written = write_acceptance(filled, tmp_path / "验收 folder")
    names = sorted(path.name for path in (tmp_path / "验收 folder").iterdir())
    assert names == sorted(f"验收报告-320508-2026-11-24.{suffix}" for suffix in ("xlsx", "pdf", "json"))
    assert [str(path) for path in written.files] == written.as_dict()["files"]


def test_writing_is_audited_with_the_digest(filled: Workspace, tmp_path: Path):
    written = write_acceptance(filled, tmp_path)
    with filled.store.read() as connection:
        last = connection.execute(select(audit_entry).order_by(audit_entry.c.number.desc())).first()
    assert last is not None
    assert (last.action, json.loads(last.details)["digest"]) == ("report.acceptance", written.report.digest)


def test_a_folder_that_cannot_be_made_is_told_and_nothing_is_recorded(filled: Workspace, tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ReportNotWritten):
        write_acceptance(filled, tmp_path / "taken")
    with filled.store.read() as connection:
        actions = connection.execute(select(audit_entry.c.action)).scalars().all()
    assert "report.acceptance" not in actions


def test_an_officer_may_read_figures_but_not_make_the_report(filled: Workspace, tmp_path: Path):
    officer = Workspace(filled.store, Actor("officer", frozenset({"officer"})))
    with pytest.raises(NotPermitted):
        write_acceptance(officer, tmp_path)
    assert acceptance(officer).tally() == acceptance(filled).tally()


def test_the_pdf_says_every_indicator_and_figure_of_the_value(report: AcceptanceReport):
    text = pdf_text(document.write(report))
    for indicator in report.indicators:
        assert "".join(indicator.title.split()) in text
    for words in ("80.00%", "5条", "数据暂不支持", "第1页", "北京时间2026-11-2402:30", report.digest[:20]):
        assert words in text


def test_rare_characters_are_printed_with_a_glyph_and_read_back(report: AcceptanceReport):
    content = document.write(replace(report, generated_by=f"{RARE}警官"))
    assert f"{RARE}警官" in pdf_text(content)
    assert b"/.notdef" not in content


def test_the_snapshot_travels_inside_the_pdf(report: AcceptanceReport):
    attached = PdfReader(BytesIO(document.write(report))).attachments
    assert recomputes(attached["acceptance-snapshot.json"][0].decode())


def test_the_pdf_speaks_english_when_asked(filled: Workspace):
    i18n.set_language("en")
    text = pdf_text(document.write(acceptance(filled)))
    assert "Extractionofstandardaddresses" in text
    assert "Notyetsupportedbydata" in text


def sheets(report: AcceptanceReport):
    book = CalamineWorkbook.from_filelike(BytesIO(spreadsheet.write(report)))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def test_the_spreadsheet_holds_the_indicators_as_numbers(report: AcceptanceReport):
    rows = {row[0]: row for row in sheets(report)["绩效指标"][1:]}
    assert len(rows) == 24
    assert rows["2.1"][3] == 5
    assert rows["2.6"][3] == 80.0
    assert rows["2.1"][6] == "✓ 达标"
    assert rows["3.1"][6] == "– 数据暂不支持"
    assert rows["2.1"][10] == datetime(2026, 11, 24, 2, 30)


def test_the_spreadsheet_shows_the_evidence_row_by_row(report: AcceptanceReport):
    evidence = sheets(report)["证据"]
    assert ["标准地址", 1, 1, 1, 7, 5, 2, 2, 5, 5, "是"] in [row[:11] for row in evidence]


def test_text_that_looks_like_a_formula_stays_text(report: AcceptanceReport):
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(spreadsheet.write(report)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    (named,) = [cell for cell in cells if cell.value == '=HYPERLINK("http://x")']
    assert named.quotePrefix


def test_every_sheet_prints_on_a4_with_user_and_time(report: AcceptanceReport):
    from openpyxl import load_workbook

    for sheet in load_workbook(BytesIO(spreadsheet.write(report))):
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert report.generated_by in sheet.oddFooter.left.text
        assert "2026-11-24 02:30" in sheet.oddFooter.left.text


def test_the_end_of_the_message_log_is_printed_and_a_log_that_was_altered_is_not_called_whole(filled: Workspace):
    with filled.store.write() as connection:
        for name in ("one", "two"):
            end = message_log.record(connection, "linkage", [Crossing("sent", name, b"{}", 1)], at=AT)
    made = acceptance(filled)
    (row,) = next(f for f in made.figures if f.definition.id == "exchange.log").dicts()
    assert (row["entries"], row["whole"], row["head"]) == (2, True, end.hash)
    assert end.hash in pdf_text(document.write(made))
    with filled.store.write() as connection:
        connection.execute(insert(message).values(
            number=3, at=AT, target="linkage", direction="sent", batch="forged", records=1, digest="0" * 64,
            previous=end.hash, hash="0" * 64,
        ))  # fmt: skip
    (row,) = next(f for f in acceptance(filled).figures if f.definition.id == "exchange.log").dicts()
    assert (row["entries"], row["whole"], row["head"]) == (2, False, end.hash)
