"""The registry's table: pages around what is seen, sorting, filtering, the keyboard, the record beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QTableView

from core.registry import tables
from core.registry.filters import Condition, Selection
from core.registry.where import select_where
from core.security.workspace import Workspace
from core.store import search
from desktop import theme
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell
from desktop.widgets.record_view import RecordView
from desktop.widgets.rows_window import KEPT, PAGE, ListingModel
from desktop.widgets.watermark import Watermark
from tests.core.rows import begin, enter, put
from tests.desktop.window import settle

ROWS = PAGE * (KEPT + 4) + 7


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """A window on more addresses than the model may hold, one house and two people."""
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "full_text": f"江苏省苏州市姑苏区平江路{n:05d}号",
             "community_code": "320508021031"}
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
    assert seen(model, ROWS - 1) == f"平江路{ROWS - 1:05d}号"
    assert len(model._pages) <= KEPT


def test_the_model_keeps_the_promises_of_qt(shell: Shell, qtbot: Any):
    _page, model, _view = page_of(shell)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show(Selection("person"))
    settle(qtbot, shell)
    model.show(Selection("address"))
    settle(qtbot, shell)
    model.pick(3)
    model.pick_all()
    assert model.rowCount() == ROWS


def test_the_end_is_there_at_once_when_jumped_to(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.scrollToBottom()
    seen(model, ROWS - 1)
    settle(qtbot, shell)
    assert seen(model, ROWS - 1) == f"平江路{ROWS - 1:05d}号"


def test_a_click_on_the_header_sorts_the_other_way_round(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(qtbot, shell)
    assert seen(model, 0) == f"平江路{ROWS - 1:05d}号"


def test_a_column_without_an_index_is_not_sorted_by(shell: Shell, qtbot: Any):
    _page, model, view = page_of(shell)
    view.sortByColumn(model.columns.index("status"), Qt.SortOrder.DescendingOrder)
    settle(qtbot, shell)
    assert model.order.column == "full_text"


def test_a_filter_shows_what_it_finds_and_clearing_it_shows_all_again(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    page.filter.setFocus()
    QTest.keyClicks(page.filter, "00012")
    qtbot.waitUntil(lambda: model.rowCount() == 1 and seen(model, 0) == "平江路00012号", timeout=20_000)
    settle(qtbot, shell)
    assert "符合条件 1 条" in words(page)
    page.filter.clear()
    qtbot.waitUntil(lambda: model.rowCount() == ROWS, timeout=20_000)


def test_a_filters_first_rows_are_seen_while_the_others_are_counted(
    shell: Shell, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    page, model, view = page_of(shell)
    counted, matches = threading.Event(), tables.matches

    def later(*given: Any, **named: Any) -> tables.Matches:
        assert counted.wait(20)
        return matches(*given, **named)

    monkeypatch.setattr(tables, "matches", later)
    monkeypatch.setattr(tables, "AT_ONCE", PAGE // 2)
    page.listing.show_selection(select_where("address", ("full_text~路00",)))
    qtbot.waitUntil(lambda: model.rowCount() == PAGE // 2, timeout=20_000)
    assert view.isVisible() and seen(model, 3) == "平江路00003号" and "正在计数" in words(page)
    counted.set()
    qtbot.waitUntil(lambda: model.rowCount() == 1000 and not shell.jobs.running, timeout=20_000)
    for row in (3, PAGE // 2 + 1, 999):
        seen(model, row)
        settle(qtbot, shell)
        assert seen(model, row) == f"平江路{row:05d}号"
    assert "符合条件 1,000 条" in words(page)


def test_conditions_combine_as_chips_and_each_can_be_taken_away(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    bar = page.listing.bar
    bar.ask()
    bar.asking.column.setCurrentIndex(bar.asking.column.findData("grid_code"))
    bar.asking.operator.setCurrentIndex(bar.asking.operator.findData("blank"))
    bar.asking.finish()
    bar.ask()
    bar.asking.column.setCurrentIndex(bar.asking.column.findData("full_text"))
    QTest.keyClicks(bar.asking.value, "0001")
    QTest.keyClick(bar.asking.value, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert model.rowCount() == 11  # 00001 and 00010 to 00019
    assert "网格为空" in words(bar) and "标准地址包含“0001”" in words(bar)
    bar.take_away(1)
    settle(qtbot, shell)
    assert model.rowCount() == ROWS
    bar.clear_all()
    settle(qtbot, shell)
    assert model.selection.whole


def test_a_condition_that_makes_no_sense_says_so_beside_it(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    page.open_kind("person")
    settle(qtbot, shell)
    asking = page.listing.bar.asking
    page.listing.bar.ask()
    asking.column.setCurrentIndex(asking.column.findData("birth_year"))
    QTest.keyClicks(asking.value, "old")
    asking.finish()
    assert "请用数字填写" in words(asking) and model.selection.whole


def test_nothing_matching_says_so_and_offers_to_clear_the_filter(shell: Shell, qtbot: Any):
    page, model, view = page_of(shell)
    page.filter.setText("没有这条路")
    qtbot.waitUntil(lambda: model.known and model.rowCount() == 0, timeout=20_000)
    assert not view.isVisible() and "没有符合全部条件的记录" in words(page)
    page.listing.bar.clear_all()
    qtbot.waitUntil(lambda: view.isVisible() and model.rowCount() == ROWS, timeout=20_000)


def test_space_picks_rows_and_ctrl_a_picks_all_matching_not_this_page(shell: Shell, qtbot: Any):
    page, model, view = page_of(shell)
    view.setFocus()
    view.setCurrentIndex(model.index(0, 0))
    for _twice in range(2):
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert model.picks == 2 and view.currentIndex().row() == 2
    assert model.chosen().ids == tuple(sorted(model.picked)) and "已选 2 条" in words(page)
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert model.picks == ROWS and model.chosen() == model.selection
    page.filter.setText("0001")
    qtbot.waitUntil(lambda: model.rowCount() == 11, timeout=20_000)
    assert model.picks == 0
    seen(model, 0)  # asks for the row, which comes beside the window
    settle(qtbot, shell)
    assert "0001" in seen(model, 0)
    model.pick_all()
    model.pick(0)
    assert model.picks == 10


def test_columns_are_chosen_and_remembered_for_the_next_time(
    shell: Shell, qtbot: Any, workspace: Workspace, qapp: QApplication
):
    page, model, view = page_of(shell)
    page.listing.columns.turn("road")
    page.listing.columns.turn("grid_code")
    view.setColumnWidth(0, 333)
    settle(qtbot, shell)
    chosen = model.columns
    assert "road" in chosen and "grid_code" not in chosen
    shell.close()
    again = Shell(workspace, [RegistryPage])
    qtbot.addWidget(again)
    again.show()
    again.show_page("registry")
    settle(qtbot, again)
    assert page_of(again)[1].columns == chosen and page_of(again)[2].columnWidth(0) == 333
    again.close()


def test_a_view_is_saved_under_a_name_and_opened_again(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    page.listing.bar.add_condition(Condition("full_text", "contains", "0001"))
    settle(qtbot, shell)
    menu = page.listing.views
    menu.name.setText("试点")
    menu.save()
    settle(qtbot, shell)
    page.open_kind("house")
    settle(qtbot, shell)
    page.open_kind("address")
    (view,) = menu.saved()
    menu.opened.emit(view)
    settle(qtbot, shell)
    assert view.name == "试点" and model.rowCount() == 11 and "标准地址包含" in words(page.listing.bar)


def test_rows_picked_elsewhere_are_shown_in_the_table(shell: Shell, qtbot: Any):
    page, model, _view = page_of(shell)
    entity = model.entity(4)
    assert entity is not None
    shell.desk.show_rows(Selection("person", addresses=(entity, model.entity(0) or 0)))
    settle(qtbot, shell)
    assert model.resource == "person" and model.rowCount() == 2
    assert page.kinds.checkedButton().text() == "实有人口"


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


def test_addresses_are_listed_without_what_all_share_and_stand_whole_in_the_tool_tip(
    shell: Shell, qtbot: Any
):
    _page, model, _view = page_of(shell)
    assert seen(model, 0) == "平江路00000号"
    assert model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole) == "江苏省苏州市姑苏区平江路00000号"


def test_an_address_shows_its_people_and_why_each_value_is_what_it_is(shell: Shell, qtbot: Any):
    page, _model, _view = page_of(shell)
    page.open_row(0)
    settle(qtbot, shell)
    said = words(shell.drawer)
    assert "实有人口  2" in said
    assert "出租" in said
    (view,) = shell.drawer.findChildren(RecordView)
    why = [button for button in view.findChildren(type(page.kinds.buttons()[0])) if button.text() == "?"]
    assert len(why) >= 5
    for one in why:  # every field: department, package, row, who and when
        told, who = one.toolTip(), shell.workspace.actor.name
        assert all(part in told for part in ("市局", "数据包 first", "，行 A000", f"{who} 于 2")), told
    why[0].click()
    assert why[0].toolTip() in words(view)


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


@pytest.mark.parametrize("form", ["xlsx", "csv", "gpkg"])
def test_what_is_shown_is_exported_beside_the_window(shell: Shell, qtbot: Any, tmp_path: Path, form: str):
    page, model, _view = page_of(shell)
    page.listing.bar.add_condition(Condition("full_text", "contains", "0001"))
    settle(qtbot, shell)
    target = tmp_path / f"rows.{form}"
    page.listing.export.write(target)
    qtbot.waitUntil(lambda: bool(shell.messages.texts()), timeout=20_000)
    settle(qtbot, shell)
    assert "11 行" in shell.messages.texts()[0]
    assert target.stat().st_size > 200 and model.rowCount() == 11
