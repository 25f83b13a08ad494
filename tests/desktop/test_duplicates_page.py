"""Duplicates in the real window: two records side by side, answered by keyboard, the answer kept and undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTableWidget

from core.security.workspace import Workspace
from core.stewardship.duplicate_search import search, searched
from core.stewardship.duplicates import candidates
from desktop import theme
from desktop.pages.adjudication import AdjudicationPage
from desktop.pages.duplicates import DuplicatesPage
from desktop.shell import Shell
from desktop.widgets.pair_view import PairView
from tests.desktop.window import said, settle

PAGES = [AdjudicationPage, DuplicatesPage]


@pytest.fixture
def shell(filled: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(filled, PAGES)
    qtbot.addWidget(made)
    made.show()
    made.show_page("duplicates")
    settle(qtbot, made)
    yield made
    made.close()


def test_nobody_looked_yet_is_another_look_than_none_found(qtbot, shell: Shell, filled: Workspace):
    page = shell.pages["duplicates"]
    assert page._states.currentIndex() == 2 and "尚未查找" in said(page) and searched(filled)[0] == ""
    page.search()
    settle(qtbot, shell)
    assert searched(filled)[0]
    for kind, count in searched(filled)[1].items():
        page.show_kind(kind)
        settle(qtbot, shell)
        assert page._states.currentIndex() == (0 if count else 1)
        assert page.model.rowCount() == count


def test_a_pair_is_told_apart_by_keyboard_and_remembered_and_that_can_be_undone(qtbot, shell: Shell, filled: Workspace):
    page = shell.pages["duplicates"]
    search(filled)
    page.refresh()
    settle(qtbot, shell)
    before = candidates(filled, "person")[0]
    assert before > 0
    view = page.findChild(PairView)
    table: QTableWidget = view.fields
    assert [table.item(n, 3).text() for n in range(table.rowCount())].count("一致") >= 1
    assert "%" not in said(view), "no score"
    QTest.keyClick(table, Qt.Key.Key_N)
    assert QApplication.focusWidget() is view.reason or not shell.isActiveWindow()
    assert not view.act.isEnabled()
    view.reason.setText("双胞胎")
    QTest.keyClick(view.reason, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert candidates(filled, "person")[0] == before - 1
    search(filled)
    assert candidates(filled, "person")[0] == before - 1, "remembered by the next search"
    (undo,) = [b for b in shell.messages.findChildren(QPushButton) if b.text() == "撤销"]
    undo.click()
    settle(qtbot, shell)
    assert candidates(filled, "person")[0] == before


def test_the_list_of_pairs_is_exported_whole(qtbot, shell: Shell, filled: Workspace, tmp_path: Path):
    search(filled)
    page = shell.pages["duplicates"]
    page.refresh()
    settle(qtbot, shell)
    page.export.write(tmp_path / "pairs.xlsx")
    settle(qtbot, shell)
    book = openpyxl.load_workbook(tmp_path / "pairs.xlsx")
    assert book.worksheets[1].max_row - 1 == candidates(filled, "person")[0]
