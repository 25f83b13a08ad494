"""Field audit in the real window: a sample, its check sheet, results by keyboard, what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.security.accounts import create_account
from core.security.workspace import Actor, Workspace
from core.stewardship.audit_items import items
from core.stewardship.field_audit import rounds
from desktop import theme
from desktop.pages.field_audit import FieldAuditPage
from desktop.shell import Shell
from desktop.widgets.audit_draw import DrawView
from desktop.widgets.audit_entry import AuditEntry
from desktop.widgets.audit_result import AuditResult
from desktop.widgets.exporting import ListExport
from tests.desktop.window import said, settle

PAGES = [FieldAuditPage]


@pytest.fixture
def shell(filled: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(filled, PAGES)
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def drawn(qtbot: Any, shell: Shell, kind: str = "address", number: int = 1) -> FieldAuditPage:
    page = shell.pages["field_audit"]
    assert isinstance(page, FieldAuditPage)
    page.draw(kind, number, "种子", "十一月")
    settle(qtbot, shell)
    return page


def test_before_the_first_sample_the_page_says_what_it_is_for_and_draws_from_the_drawer(qtbot, shell: Shell):
    page = shell.pages["field_audit"]
    assert page._states.currentIndex() == 1 and "尚未抽样" in said(page)
    page.ask_draw()
    form = shell.findChild(DrawView)
    form.kind.setCurrentIndex(form.kind.findData("person"))
    form.number.setValue(2)
    form.act.click()
    settle(qtbot, shell)
    (one,) = rounds(shell.workspace)
    assert (one.resource, one.per_community) == ("person", 2) and one.seed in page._seed.text()
    assert page.items.rowCount() == one.items and page._states.currentIndex() == 0


def test_results_are_entered_by_keyboard_alone_and_the_next_record_comes_by_itself(qtbot, shell: Shell):
    page = drawn(qtbot, shell)
    view = page.findChild(AuditEntry)
    first, fields = view.item, page.round.fields
    assert not view.act.isEnabled()
    QTest.keyClick(view.fields, Qt.Key.Key_1)
    QTest.keyClick(view.fields, Qt.Key.Key_2)
    assert view.results == {fields[0]: "right", fields[1]: "wrong"} and view.fields.currentRow() == 2
    QTest.keyClick(view.fields, Qt.Key.Key_Return)
    assert page.round.checked == 0, "half a result is not kept"
    QTest.keyClick(view.fields, Qt.Key.Key_A)
    QTest.keyClick(view.fields, Qt.Key.Key_Return)
    settle(qtbot, shell)
    kept = {item.id: item for item in items(shell.workspace, page.round.id)}[first.id]
    assert kept.results[fields[1]] == "wrong" and kept.found == "found"
    following = page._entry.currentWidget()
    assert following.item.id != first.id and not following.item.found
    QTest.keyClick(following.fields, Qt.Key.Key_N)
    settle(qtbot, shell)
    assert {i.id: i.found for i in items(shell.workspace, page.round.id)}[following.item.id] == "not_found"


def test_coefficients_carry_their_intervals_and_say_where_nobody_has_looked(qtbot, shell: Shell):
    page = drawn(qtbot, shell)
    page.show_part(1)
    assert "尚未核查" in said(page.findChild(AuditResult))
    view = page._entry.currentWidget()
    view.rest_right()
    view.keep()
    settle(qtbot, shell)
    result = page._result.currentWidget()
    assert "100.0%" in said(result)
    states = [result.communities.index(n, 2).data() for n in range(result.communities.rowCount())]
    assert states.count("未核查") == len(states) - 1


def test_the_check_sheet_and_every_list_of_the_page_are_written(qtbot, shell: Shell, tmp_path: Path):
    page = drawn(qtbot, shell)
    page.write_sheet(tmp_path / "check.xlsx")
    settle(qtbot, shell)
    assert openpyxl.load_workbook(tmp_path / "check.xlsx").worksheets[1].max_row >= page.round.items
    for number, export in enumerate(page.findChildren(ListExport)):
        export.write(tmp_path / f"{number}.xlsx")
        settle(qtbot, shell)
        book = openpyxl.load_workbook(tmp_path / f"{number}.xlsx")
        assert book.worksheets[1].max_row - 1 == export._model.rowCount()


def test_a_filled_check_sheet_comes_back_as_results(qtbot, shell: Shell, tmp_path: Path):
    page, path = drawn(qtbot, shell), tmp_path / "check.xlsx"
    page.write_sheet(path)
    settle(qtbot, shell)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    names = [sheet.cell(2, n).value for n in range(1, sheet.max_column + 1)]
    sheet.cell(3, names.index("_found") + 1).value = "查无"
    book.save(path)
    page.take_sheet(path)
    settle(qtbot, shell)
    assert page.round.checked == 1 and any("新增结果 1" in text for text in shell.messages.texts())


def test_the_draw_can_be_repeated_and_a_closed_round_takes_no_more(qtbot, shell: Shell):
    page = drawn(qtbot, shell)
    page.reproduce()
    settle(qtbot, shell)
    assert any("样本一致" in text for text in shell.messages.texts())
    page.close_round()
    settle(qtbot, shell)
    view = page._entry.currentWidget()
    view.rest_right()
    assert not view.act.isEnabled() and not view.absent.isEnabled() and not page.end.isEnabled()


def test_an_officer_enters_results_but_draws_nothing(qtbot, qapp, filled: Workspace):
    create_account(filled, "officer1", "another long two", ["officer"])
    theme.apply(qapp, "light")
    shell = Shell(Workspace(filled.store, Actor("officer1", frozenset({"officer"}))), PAGES)
    qtbot.addWidget(shell)
    shell.show()
    settle(qtbot, shell)
    assert not shell.pages["field_audit"].new.isVisible()
    shell.close()
