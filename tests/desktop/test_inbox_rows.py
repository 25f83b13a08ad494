"""The Inbox before the import: each figure opens its rows; what waits in quarantine and what was released; gaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.registry.held_rows import held_rows
from core.registry.ledger import packages, store_info
from core.security.workspace import Workspace
from core.stewardship.fixes import apply
from core.training.generator import TrainingDistrict
from desktop import theme
from desktop.pages.inbox import InboxPage
from desktop.shell import Shell
from desktop.widgets.arrivals import Arrivals
from desktop.widgets.bars import ChangeBars
from desktop.widgets.exporting import ListExport
from desktop.widgets.package_view import CandidateView, HeldView, ImportedView
from tests.desktop.window import said, settle

PAGES = [InboxPage]


@pytest.fixture
def shell(filled: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(filled, PAGES)
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def candidate(qtbot: Any, shell: Shell, path: str) -> CandidateView:
    inbox = shell.pages["inbox"]
    inbox.take([Path(path)])
    qtbot.waitUntil(lambda: bool(inbox.candidates), timeout=20_000)
    settle(qtbot, shell)
    return inbox._detail.widget()


def test_every_bar_opens_exactly_its_rows_by_key_before_anything_is_imported(
    qtbot, shell: Shell, filled: Workspace, district: TrainingDistrict, tmp_path: Path
):
    before = store_info(filled, with_digest=True)["digest"]
    view = candidate(qtbot, shell, district.packages[-1])
    bars = view.findChild(ChangeBars).bars
    opened = 0
    for (resource, kind), bar in bars.items():
        figure = int(bar.accessibleName().split(": ")[1])
        if not figure:
            continue
        QTest.keyClick(bar, Qt.Key.Key_Return)
        settle(qtbot, shell)
        assert len({view.rows.model.index(n, 0).data() for n in range(view.rows.model.rowCount())}) == figure
        view.rows.export.write(tmp_path / f"{resource}-{kind}.xlsx")
        settle(qtbot, shell)
        book = openpyxl.load_workbook(tmp_path / f"{resource}-{kind}.xlsx")
        assert book.worksheets[1].max_row - 1 == view.rows.model.rowCount()
        opened += 1
    assert opened >= 4
    assert store_info(filled, with_digest=True)["digest"] == before


def test_a_package_says_what_of_its_quarantine_was_released_since(qtbot, shell: Shell, filled: Workspace):
    result = apply(filled, "value.datetime_impossible")
    assert result.released > 0
    inbox = shell.pages["inbox"]
    row = next(r for r in packages(filled) if held_rows(filled, r.change_set).released)
    inbox._chosen = ("package", row.change_set)
    inbox.refresh()
    settle(qtbot, shell)
    view = inbox._detail.widget()
    assert isinstance(view, ImportedView)
    assert f"已解除隔离 {held_rows(filled, row.change_set).released:,} 行" in said(view)


def test_a_number_that_never_came_is_a_gap_on_the_time_line_and_a_click_opens_a_package(qtbot, shell: Shell):
    inbox = shell.pages["inbox"]
    assert inbox.arrivals.gaps() == []
    box = next(b for b in inbox.arrivals.boxes if b.sender == "governance" and b.sequence == 1)
    QTest.mouseClick(inbox.arrivals, Qt.MouseButton.LeftButton, pos=box.place.center().toPoint())
    settle(qtbot, shell)
    assert inbox._detail.widget()._row.name == box.row.name
    lanes = Arrivals()
    qtbot.addWidget(lanes)
    rows = [
        SimpleNamespace(
            sender="fire", sequence=n, state="imported", change_set=n, name=str(n), imported_at=""
        )
        for n in (4, 1)
    ]
    lanes.show_packages(rows)
    assert lanes.gaps() == [("fire", 2), ("fire", 3)]
    assert "一直没有收到" in lanes.words(next(b for b in lanes.boxes if b.row is None))
    lanes.grab()


def test_the_list_of_packages_is_exported(qtbot, shell: Shell, filled: Workspace, tmp_path: Path):
    export = next(e for e in shell.pages["inbox"].findChildren(ListExport) if e.title == "数据包")
    export.write(tmp_path / "packages.xlsx")
    settle(qtbot, shell)
    book = openpyxl.load_workbook(tmp_path / "packages.xlsx")
    assert book.worksheets[1].max_row - 1 == len(packages(filled))


def test_a_long_quarantine_says_that_only_its_beginning_is_shown_and_exports_all_of_it(
    qtbot, shell: Shell, filled: Workspace, tmp_path: Path
):
    row = max(packages(filled), key=lambda r: held_rows(filled, r.change_set).waiting)
    whole = held_rows(filled, row.change_set, limit=None)
    assert len(whole.rows) == whole.waiting + whole.released > 1
    view = HeldView(shell.desk, row.change_set, held_rows(filled, row.change_set, limit=1))
    qtbot.addWidget(view)
    assert f"共 {len(whole.rows):,} 项，显示前 1 项" in said(view)
    view.export.write(tmp_path / "quarantine.xlsx")
    settle(qtbot, shell)
    book = openpyxl.load_workbook(tmp_path / "quarantine.xlsx")
    assert book.worksheets[1].max_row - 1 == len(whole.rows)
    complete = HeldView(shell.desk, row.change_set, whole)
    qtbot.addWidget(complete)
    assert "显示前" not in said(complete)
