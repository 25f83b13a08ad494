"""The steward's pages in the real window: findings, adjudication, overdue, rules; by keyboard where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from core.atlas.grid_work import grid_work
from core.registry import ledger
from core.registry.rule_settings import settings
from core.security.workspace import Workspace
from core.stewardship import findings as core_findings
from core.stewardship.conflicts import case, conflicts
from core.stewardship.findings import Filters, counts
from core.stewardship.upkeep import KEPT_UP
from core.stewardship.verifying import last_run
from desktop import theme
from desktop.pages import upkeep
from desktop.pages.adjudication import AdjudicationPage
from desktop.pages.findings import FindingsPage
from desktop.pages.inbox import InboxPage
from desktop.pages.rules import RulesPage, RuleView
from desktop.pages.upkeep import OverduePage
from desktop.pages.workbench import WorkbenchPage
from desktop.shell import Shell
from desktop.widgets.case_view import BulkView, CaseView
from desktop.widgets.exporting import ListExport
from desktop.widgets.finding_view import FindingView, FixView
from desktop.widgets.grid_map import said_of
from desktop.widgets.ignored_view import IgnoredView
from tests.desktop.window import said, settle

PAGES = [InboxPage, FindingsPage, AdjudicationPage, OverduePage, RulesPage]


@pytest.fixture
def shell(filled: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(filled, PAGES)
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def page(qtbot: Any, shell: Shell, name: str) -> Any:
    shell.show_page(name)
    settle(qtbot, shell)
    return shell.pages[name]


def test_groups_and_rows_add_up_to_what_core_counts(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    assert sum(g.count for g in found._groups.rows) == counts(filled).open > 0
    assert found.model.rowCount() == found._groups.rows[0].count
    QAbstractItemModelTester(found.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    found.grouping.setCurrentIndex(found.grouping.findData("sender"))
    settle(qtbot, shell)
    assert {g.value for g in found._groups.rows} >= {"bureau", "community"}


def test_not_checked_looks_other_than_checked_without_findings(qtbot, qapp, workspace: Workspace):
    theme.apply(qapp, "light")
    empty = Shell(workspace, PAGES)
    qtbot.addWidget(empty)
    empty.show()
    found = page(qtbot, empty, "findings")
    assert found._rows.currentIndex() == 2 and "尚未整体核验" in said(found)
    found.verify()
    settle(qtbot, empty)
    assert last_run(workspace).run and found._rows.currentIndex() == 1 and "上次整体核验" in said(found)
    empty.close()


def test_a_correction_is_previewed_applied_and_undone_from_its_message(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    before, digest = counts(filled), ledger.store_info(filled, with_digest=True)["digest"]
    found.preview_fix("value.datetime_impossible")
    settle(qtbot, shell)
    view = shell.findChild(FixView)
    assert view.act.isEnabled() and ledger.store_info(filled, with_digest=True)["digest"] == digest
    view.act.click()
    settle(qtbot, shell)
    assert counts(filled).open < before.open
    found.view.setFocus()
    QTest.keyClick(found.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, shell)
    assert counts(filled) == before and ledger.store_info(filled, with_digest=True)["digest"] == digest


def test_a_finding_opens_by_key_and_is_ignored_with_a_reason_only(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    qtbot.waitUntil(lambda: found.model.row(0) is not None, timeout=5000)
    found.view.setFocus()
    found.view.selectRow(0)
    QTest.keyClick(found.view, Qt.Key.Key_Return)
    view = shell.findChild(FindingView)
    assert not view.act.isEnabled()
    view.reason.setText("新表格")
    view.act.click()
    settle(qtbot, shell)
    assert counts(filled).ignored == 1 and "已忽略 1" in said(found)


def test_a_return_file_is_written_for_the_chosen_department_and_comes_back_through_the_inbox(
    qtbot, shell: Shell, filled: Workspace, tmp_path: Path
):
    found = page(qtbot, shell, "findings")
    found.grouping.setCurrentIndex(found.grouping.findData("sender"))
    settle(qtbot, shell)
    found.write_return(tmp_path)
    settle(qtbot, shell)
    (path,) = tmp_path.glob("*.xlsx")
    sender = found.filters.sender
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) >= 3
    inbox = page(qtbot, shell, "inbox")
    inbox.take([path])
    qtbot.waitUntil(lambda: bool(inbox.candidates), timeout=20_000)
    settle(qtbot, shell)
    (candidate,) = inbox.candidates.values()
    assert candidate.trial is not None and candidate.trial.sender == sender
    assert sum(c.read for c in candidate.trial.resources.values()) == 0


def test_a_conflict_is_settled_by_keyboard_alone(qtbot, shell: Shell, filled: Workspace):
    total = conflicts(filled).total
    assert total > 0
    judged = page(qtbot, shell, "adjudication")
    view = judged.findChild(CaseView)
    assert not view.act.isEnabled() and view.case.open_fields
    view.fields.setFocus()
    for _field in view.case.open_fields:
        QTest.keyClick(view.fields, Qt.Key.Key_1)
    assert set(view.choices) == set(view.case.open_fields) and not view.act.isEnabled()
    QTest.keyClick(view.fields, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is view.reason or not shell.isActiveWindow()
    view.reason.setText("上门核实")
    QTest.keyClick(view.reason, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert conflicts(filled).total < total
    assert judged._case.currentWidget() is not view


def test_settling_all_is_previewed_and_carries_its_count(qtbot, shell: Shell, filled: Workspace):
    total = conflicts(filled).total
    judged = page(qtbot, shell, "adjudication")
    judged.preview_bulk()
    settle(qtbot, shell)
    view = shell.findChild(BulkView)
    assert f"{total:,}" in view.act.text() and not view.act.isEnabled()
    view.reason.setText("按权威")
    view.act.click()
    settle(qtbot, shell)
    assert conflicts(filled).total == 0 and judged._states.currentIndex() == 1


def test_a_grid_is_handed_over_and_taken_back(qtbot, shell: Shell, filled: Workspace):
    kept = page(qtbot, shell, "overdue")
    grid = kept.grids.rows[0]
    assert not kept.act.isEnabled()
    kept.to.setText("W9999")
    kept.reason.setText("调岗")
    kept.act.click()
    settle(qtbot, shell)
    assert {g.grid_code: g.maintainer for g in kept.grids.rows}[grid.grid_code] == "W9999"
    (undo,) = [b for b in shell.messages.findChildren(QPushButton) if b.text() == "撤销"]
    undo.click()
    settle(qtbot, shell)
    assert {g.grid_code: g.maintainer for g in kept.grids.rows}[grid.grid_code] == grid.maintainer


def test_the_catalogue_counts_how_often_a_rule_fired_and_switches_its_severity(qtbot, shell: Shell, filled: Workspace):
    shown = page(qtbot, shell, "rules")
    assert {r.rule.id: r.fired for r in shown.model.rows if r.fired} == dict(core_findings.fired(filled))
    shown.filter.setText("spelling.blanks")
    shown.view.selectRow(0)
    assert shell.findChild(RuleView) is not None
    shown.switch("spelling.blanks", "off", "试行")
    settle(qtbot, shell)
    assert [row.rule for row in settings(filled)] == ["spelling.blanks"]
    assert shown.model.rows[0].severity == "off"


def test_an_export_holds_every_finding_of_the_filter(filled: Workspace, tmp_path: Path):
    from core.stewardship.exporting import export_findings

    count = export_findings(filled, Filters(state="all"), tmp_path / "f.xlsx")
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")
    assert count == counts(filled).all == book.worksheets[1].max_row - 1


def test_a_finding_shows_its_whole_row_with_the_bad_cell_marked(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    found.narrow.severity.setCurrentIndex(found.narrow.severity.findData("error"))
    settle(qtbot, shell)
    view = found.open_row(0)
    settle(qtbot, shell)
    bad = [w for w in view.findChildren(QLabel) if w.objectName() == "bad"]
    assert bad and all(w.text().startswith("✗") for w in bad) and "隔离区中的原行" in said(view)


def test_boxes_above_the_findings_narrow_groups_and_rows_alike(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    found.narrow.severity.setCurrentIndex(found.narrow.severity.findData("error"))
    settle(qtbot, shell)
    assert sum(g.count for g in found._groups.rows) == counts(filled, Filters(severity="error")).open
    found.narrow.sender_box.setCurrentIndex(found.narrow.sender_box.findData("bureau"))
    settle(qtbot, shell)
    wanted = Filters(severity="error", sender="bureau")
    assert sum(g.count for g in found._groups.rows) == counts(filled, wanted).open
    assert all(not found._groups.index(n, 0).data().endswith("…") for n in range(found._groups.rowCount()))
    grid = next(one.grid for one in core_findings.listed(filled, wanted) if one.grid)
    found.narrow.text.setText(grid)
    qtbot.wait(400)
    settle(qtbot, shell)
    assert sum(g.count for g in found._groups.rows) == counts(filled, Filters("", "", "error", "bureau", grid)).open


def test_what_is_ignored_says_until_when_and_can_be_shown_again(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    qtbot.waitUntil(lambda: found.model.row(0) is not None, timeout=5000)
    found.view.setFocus()
    found.view.selectRow(0)
    QTest.keyClick(found.view, Qt.Key.Key_I)
    view = shell.findChild(FindingView)
    view.reason.setText("已知")
    view.days.setCurrentIndex(view.days.findData(30))
    view.act.click()
    settle(qtbot, shell)
    found.show_state("ignored")
    settle(qtbot, shell)
    found.show_ignored()
    settle(qtbot, shell)
    listed = shell.findChild(IgnoredView)
    assert listed.model.rows[0].until == str(date.today() + timedelta(days=30))
    listed.view.selectRow(0)
    listed.act.click()
    settle(qtbot, shell)
    assert counts(filled).ignored == 0


def test_thousands_of_findings_come_page_by_page_down_to_the_last(qtbot, shell: Shell, filled: Workspace):
    from core.model.ledger import finding
    from core.store import bulk

    many = 5_000
    columns = ("change_set", "resource", "line", "key", "rule", "severity", "field")
    with filled.store.write() as connection:
        rows = ((1, "house", n, f"H{n}", "value.code_unknown", "warning", "use") for n in range(many))
        bulk.insert_rows(connection, finding, columns, rows)
    found = page(qtbot, shell, "findings")
    qtbot.waitUntil(lambda: found.model.rowCount() >= many, timeout=10_000)
    last = found.model.index(found.model.rowCount() - 1, 4)
    found.view.scrollToBottom()
    qtbot.waitUntil(lambda: last.data() == f"H{many - 1}", timeout=10_000)
    assert len(found.model._pages) <= 24


def test_a_settled_record_can_be_settled_anew_for_the_word_that_lost(qtbot, shell: Shell, filled: Workspace):
    judged = page(qtbot, shell, "adjudication")
    view = judged._case.currentWidget()
    for place, name in enumerate(field.name for field in view.case.fields):
        if name in view.open_fields:
            view.choose(place, 1)
    view.reason.setText("电话核实")
    view.settle()
    settle(qtbot, shell)
    judged.state.setCurrentIndex(judged.state.findData("settled"))
    settle(qtbot, shell)
    assert judged.model.rowCount() == 1 and not judged.bulk.isEnabled()
    again = judged._case.currentWidget()
    assert again.open_fields and "落选的说法仍在" in said(again) and "电话核实" in said(again)
    assert not again.act.isEnabled()
    for place, name in enumerate(field.name for field in again.case.fields):
        if name in again.open_fields:
            again.choose(place, 2)
    again.reason.setText("上门核实")
    again.settle()
    settle(qtbot, shell)
    now = case(filled, again.case.resource, again.case.entity)
    lost = again.case.sources[1].name
    assert all(f.now == f.said[lost] for f in now.fields if f.name in again.open_fields)


def test_the_lists_of_adjudication_and_overdue_are_exported(qtbot, shell: Shell, filled: Workspace, tmp_path: Path):
    for name in ("adjudication", "overdue"):
        for number, export in enumerate(page(qtbot, shell, name).findChildren(ListExport)):
            export.write(tmp_path / f"{name}{number}.xlsx")
            settle(qtbot, shell)
            assert len(openpyxl.load_workbook(tmp_path / f"{name}{number}.xlsx").sheetnames) >= 2
    grids = openpyxl.load_workbook(tmp_path / "overdue0.xlsx").worksheets[1]
    assert grids.max_row - 1 in {shell.pages["overdue"].grids.rowCount(), 0}


def test_a_maintainer_who_goes_hands_over_every_grid_at_once(qtbot, shell: Shell, filled: Workspace):
    kept = page(qtbot, shell, "overdue")
    before = {g.grid_code: g.maintainer for g in kept.grids.rows}
    first = kept.grids.rows[0].maintainer
    theirs = [code for code, who in before.items() if who == first]
    kept.whole.setChecked(True)
    kept.to.setText("W9999")
    kept.reason.setText("退休")
    kept.act.click()
    settle(qtbot, shell)
    assert [g.grid_code for g in kept.grids.rows if g.maintainer == "W9999"] == sorted(theirs)
    (undo,) = [b for b in shell.messages.findChildren(QPushButton) if b.text() == "撤销"]
    undo.click()
    settle(qtbot, shell)
    assert {g.grid_code: g.maintainer for g in kept.grids.rows} == before


def test_each_tile_of_the_workbench_opens_the_list_that_it_counts(qtbot, qapp, filled: Workspace):
    theme.apply(qapp, "light")
    shell = Shell(filled, [WorkbenchPage, *PAGES])
    qtbot.addWidget(shell)
    shell.show()
    settle(qtbot, shell)
    bench = shell.pages["workbench"]
    assert bench.tiles["findings"].text().startswith(f"{counts(filled).open:,} ")
    assert bench.tiles["conflicts"].text().startswith(f"{conflicts(filled).total:,} ")
    for tile, name in (("findings", "findings"), ("conflicts", "adjudication"), ("overdue", "overdue")):
        shell.show_page("workbench")
        bench.tiles[tile].clicked.emit()
        settle(qtbot, shell)
        assert shell.pages[name].isVisible()
    shell.close()


def test_the_small_map_of_the_workbench_shows_where_something_is_to_do(qtbot, qapp, filled: Workspace):
    theme.apply(qapp, "light")
    shell = Shell(filled, [WorkbenchPage])
    qtbot.addWidget(shell)
    shell.show()
    settle(qtbot, shell)
    bench, opened = shell.pages["workbench"], []
    grids = grid_work(filled).grids
    assert bench.grids.rowCount() == sum(1 for one in grids if one.total) > 0
    bench.grid_map.opened.connect(opened.append)
    paths = bench.grid_map._paths
    middle = next(p.boundingRect().center() for p in paths if p.contains(p.boundingRect().center()))
    assert bench.grid_map.rect().contains(middle.toPoint())
    QTest.mouseClick(bench.grid_map, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert opened == [bench.grid_map.grid_at(middle)]
    assert "全区网格" in said(bench) and f"{opened[0].findings} 项" in said_of(opened[0])
    shell.close()


def test_user_and_station_stand_at_the_right_of_the_top(qtbot, shell: Shell):
    settle(qtbot, shell)
    assert any(text.endswith("· 姑苏区") for text in said(shell).splitlines())


def test_an_imported_package_opens_all_its_findings_in_the_workbench(qtbot, shell: Shell, filled: Workspace):
    found = page(qtbot, shell, "findings")
    found.narrow.severity.setCurrentIndex(1)
    inbox = page(qtbot, shell, "inbox")
    row = max(ledger.packages(filled), key=lambda r: counts(filled, Filters(package=r.uuid)).open)
    inbox._chosen = ("package", row.change_set)
    inbox.refresh()
    settle(qtbot, shell)
    next(b for b in inbox.findChildren(QPushButton) if b.text() == "在核查发现中打开").click()
    settle(qtbot, shell)
    expected = counts(filled, Filters(package=row.uuid)).open
    assert found.isVisible() and sum(g.count for g in found._groups.rows) == expected > 0
    assert found.narrow.package.isVisible() and found.narrow.package.text() == row.name
    found.narrow.package.click()
    settle(qtbot, shell)
    assert not found.narrow.package.isVisible()
    assert sum(g.count for g in found._groups.rows) == counts(filled).open > expected


def test_overdue_says_when_only_the_longest_overdue_are_shown(
    qtbot, shell: Shell, monkeypatch: pytest.MonkeyPatch, filled: Workspace
):
    later = page(qtbot, shell, "overdue")
    object.__setattr__(filled, "clock", lambda: datetime.now(UTC) + timedelta(days=4000))
    later.refresh()
    settle(qtbot, shell)
    assert later.cut.text() == "" and len(later.rows.rows) > len(KEPT_UP)
    total = len(later.rows.rows)
    monkeypatch.setattr(upkeep, "_SHOWN", 1)
    later._open(0)
    settle(qtbot, shell)
    shown = len(later.rows.rows)
    assert later.cut.text() == f"每类显示逾期最久的 1 条：共 {total:,} 条，显示 {shown} 条"
