"""The registry's table: pages around what is seen, sorting, filtering, the keyboard, the record beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QTableView

from core.security.workspace import Workspace
from core.store import search
from desktop import theme
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell
from desktop.widgets.record_view import RecordView
from desktop.widgets.rows_window import KEPT, PAGE, ListingModel
from desktop.widgets.watermark import Watermark
from tests.core.rows import begin, enter, put

ROWS = PAGE * (KEPT + 4) + 7


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """A window on more addresses than the model may hold, one house and two people."""
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "full_text": f"姑苏区平江路{n:05d}号", "community_code": "320508021031"}
            for n in range(ROWS)
        ])  # fmt: skip
        put(
            connection,
            "house",
            change,
            [{"house_code": "H001", "address_code": "A00000000000", "use": "rented"}],
        )
        put(connection, "person", change, [{"person_token": "a" * 64}, {"person_token": "b" * 64}])
        search.update(connection, change)
    theme.apply(qapp, "light")
    made = Shell(workspace, [RegistryPage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("registry")
    settle(qtbot, made)
    yield made
    made.close()


def settle(qtbot: Any, shell: Shell) -> None:
    qtbot.waitUntil(lambda: not shell.jobs.running, timeout=20_000)


def page_of(shell: Shell) -> tuple[RegistryPage, ListingModel, QTableView]:
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    return page, page.model, page.view


def seen(model: ListingModel, row: int, column: int = 0) -> Any:
    return model.data(model.index(row, column))


def words(widget: Any) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_the_table_counts_all_rows_and_keeps_only_pages_around_what_was_seen(shell: Shell, qtbot: Any):
    _page, model, _view = page_of(shell)
    assert model.rowCount() == ROWS
    for row in range(0, ROWS, PAGE):
        seen(model, row)
        settle(qtbot, shell)
    assert seen(model, ROWS - 1) == f"姑苏区平江路{ROWS - 1:05d}号"
    assert len(model._pages) <= KEPT


def test_the_model_keeps_the_promises_of_qt(shell: Shell, qtbot: Any):
    _page, model, _view = page_of(shell)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.open("person")
    settle(qtbot, shell)
    model.open("address")
    settle(qtbot, shell)
    assert model.rowCount() == ROWS


def test_the_end_is_there_at_once_when_jumped_to(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.scrollToBottom()
    seen(model, ROWS - 1)
    settle(qtbot, shell)
    assert seen(model, ROWS - 1) == f"姑苏区平江路{ROWS - 1:05d}号"


def test_a_click_on_the_header_sorts_the_other_way_round(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(qtbot, shell)
    assert seen(model, 0) == f"姑苏区平江路{ROWS - 1:05d}号"


def test_a_column_without_an_index_is_not_sorted_by(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.sortByColumn(model.columns.index("status"), Qt.SortOrder.DescendingOrder)
    settle(qtbot, shell)
    assert model.order_by == "full_text"


def test_a_filter_shows_what_it_finds_and_clearing_it_shows_all_again(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    page.filter.setFocus()
    QTest.keyClicks(page.filter, "00012")
    qtbot.waitUntil(lambda: model.filtered and not shell.jobs.running, timeout=20_000)
    assert (model.rowCount(), seen(model, 0)) == (1, "姑苏区平江路00012号")
    page.filter.clear()
    QTest.keyClicks(page.filter, " ")
    qtbot.waitUntil(lambda: not model.filtered and model.rowCount() == ROWS, timeout=20_000)


def test_j_and_k_walk_and_enter_opens_the_record(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.setFocus()
    view.setCurrentIndex(model.index(0, 0))
    for key in (Qt.Key.Key_J, Qt.Key.Key_J, Qt.Key.Key_K):
        QTest.keyClick(view, key)
    assert view.currentIndex().row() == 1
    QTest.keyClick(view, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert "姑苏区平江路00001号" in words(shell.drawer)


def test_communities_are_shown_by_name_and_their_code_is_in_the_tool_tip(shell: Shell, qtbot: Any):
    _page, model, _view = page_of(shell)
    column = model.columns.index("community_code")
    index = model.index(0, column)
    assert seen(model, 0, column) == "联青社区"
    assert model.data(index, Qt.ItemDataRole.ToolTipRole) == "320508021031"


def test_an_address_shows_its_people_and_why_each_value_is_what_it_is(shell: Shell, qtbot: Any):
    page, _model, _view = page_of(shell)
    page.open_row(0)
    settle(qtbot, shell)
    said = words(shell.drawer)
    assert "实有人口  2" in said
    assert "出租" in said
    (view,) = shell.drawer.findChildren(RecordView)
    why = [button for button in view.findChildren(type(page.kinds.buttons()[0])) if button.text() == "?"]
    assert "first" in why[0].toolTip()
    assert "市局" in why[0].toolTip()


def test_a_watermark_with_user_lies_over_the_table_and_the_record(shell: Shell, qtbot: Any):
    page, _model, view = page_of(shell)
    page.open_row(0)
    settle(qtbot, shell)
    marks = shell.findChildren(Watermark)
    assert {mark.parentWidget() for mark in marks} >= {view, *shell.drawer.findChildren(RecordView)}
    assert all(mark.text().startswith("steward  20") for mark in marks)
    assert all(mark.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents) for mark in marks)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_a_picture_of_the_page_can_be_looked_at(
    shell: Shell, qtbot: Any, tmp_path: Path, width: int, height: int
):
    page, _model, _view = page_of(shell)
    shell.resize(width, height)
    page.open_row(0)
    settle(qtbot, shell)
    target = tmp_path / f"registry-{width}x{height}.png"
    assert shell.grab().save(str(target))
    assert target.stat().st_size > 20_000
