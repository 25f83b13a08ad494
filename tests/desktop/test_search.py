"""The search field: groups that stream in, commands by pinyin, positions, addresses that are meant, all by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.model.registry import entity_id
from core.security import audit
from core.security.workspace import Workspace
from core.store import search
from desktop import theme
from desktop.app import PAGES
from desktop.pages import Page
from desktop.pages.map import MapPage
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell
from desktop.widgets.filter_bar import chip_text
from tests.core.rows import begin, enter, put
from tests.desktop.window import settle


class Ground(Page):
    """Stands where the map is, without a web page; it keeps what it was asked to show."""

    name = "map"
    title = "Map"
    shown: tuple[float, float] | None = None

    def show_position(self, lon: float, lat: float) -> None:
        self.shown = (lon, lat)


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [
            {"address_code": f"A{n:011d}", "full_text": f"江苏省苏州市姑苏区平江街道平江路{n}号丽景苑{n}幢10{n}室",
             "road": "平江路", "doorplate": f"{n}号", "estate": "丽景苑", "building": f"{n}幢", "room": f"10{n}室"}
            for n in range(1, 6)
        ])  # fmt: skip
        put(connection, "organisation", change, [{"uscc": "91320508MA1MJ4AA1X", "name": "丽景苑茶馆"}])
        search.update(connection, change)
    theme.apply(qapp, "light")
    made = Shell(workspace, [Ground if page is MapPage else page for page in PAGES])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=5000)
    made.search.start()
    settle(qtbot, made)
    yield made
    made.close()


def typed(shell: Shell, qtbot: Any, text: str, wait_for: str) -> list[str]:
    """Types a text and waits until a line is there that begins so."""
    shell.search.setText(text)
    shell.search.textEdited.emit(text)
    qtbot.waitUntil(lambda: any(one.startswith(wait_for) for one in shell.search.titles()), timeout=10_000)
    settle(qtbot, shell)
    return shell.search.titles()


def press(shell: Shell, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(shell.search, key, modifier)


def test_before_anything_is_typed_it_says_what_can_be(shell: Shell):
    assert shell.search.hits.isVisible() and "可以输入" in shell.search.titles()


def test_hits_stand_under_their_kinds_and_enter_opens_the_file(shell: Shell, qtbot: Any):
    titles = typed(shell, qtbot, "丽景苑", "江苏省")
    assert "标准地址" in titles and "实有单位" in titles and titles.index("标准地址") < titles.index("丽景苑茶馆")
    first = shell.search.hits.currentItem().text().split("\n")[0]
    press(shell, Qt.Key.Key_Return)
    settle(qtbot, shell)
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage) and page.files.bar.tabToolTip(1) == first
    assert not shell.search.hits.isVisible()


def test_tab_goes_to_the_next_group_and_shift_enter_looks_at_it_in_the_drawer(shell: Shell, qtbot: Any):
    typed(shell, qtbot, "丽景苑", "江苏省")
    press(shell, Qt.Key.Key_Tab)
    assert shell.search.hits.currentItem().text().startswith("丽景苑茶馆")
    press(shell, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, shell)
    assert shell.drawer.isVisible() and not shell.pages["registry"].isVisible()


@pytest.mark.parametrize("text", ["收件箱", "sjx", "inbox", "open inbox", "打开收件箱"])
def test_a_page_opens_by_its_name_in_either_language_and_by_pinyin_initials(shell: Shell, qtbot: Any, text: str):
    typed(shell, qtbot, text, "收件箱")
    press(shell, Qt.Key.Key_Return)
    assert shell.pages["inbox"].isVisible()
    settle(qtbot, shell)


def test_dark_is_a_command_too(shell: Shell, qtbot: Any):
    typed(shell, qtbot, "dark", "命令")
    press(shell, Qt.Key.Key_Return)
    assert theme.scheme() == "dark"
    settle(qtbot, shell)


def test_a_position_goes_to_the_map(shell: Shell, qtbot: Any):
    typed(shell, qtbot, "31.31，120.62", "坐标")
    press(shell, Qt.Key.Key_Return)
    page = shell.pages["map"]
    assert isinstance(page, Ground) and page.shown == (120.62, 31.31)


def test_an_address_written_otherwise_is_offered_with_the_reasons(shell: Shell, qtbot: Any):
    titles = typed(shell, qtbot, "平江路3号丽景园3栋103", "江苏省")
    head = next(one for one in titles if one.startswith(("请从中选择", "对应的标准地址")))
    assert titles[titles.index(head) + 1].endswith("平江路3号丽景苑3幢103室")
    press(shell, Qt.Key.Key_Return)
    settle(qtbot, shell)
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage) and page.files.current == ("address", entity_id("A00000000003"))


def test_what_is_not_found_says_so(shell: Shell, qtbot: Any):
    typed(shell, qtbot, "qqqqqq", "没有找到")


def test_a_search_is_one_entry_however_fast_it_was_typed(shell: Shell, qtbot: Any, workspace: Workspace):
    QTest.keyClicks(shell.search, "91320508")
    qtbot.waitUntil(lambda: "实有单位" in shell.search.titles(), timeout=10_000)
    settle(qtbot, shell)
    assert [one.subject for one in audit.entries(workspace, action="registry.search")] == ["91320508"]


def test_what_was_opened_lately_is_offered_first(shell: Shell, qtbot: Any):
    shell.open_file("address", entity_id("A00000000002"))
    settle(qtbot, shell)
    shell.search.clear()
    shell.show_page("inbox")
    shell.search.clearFocus()
    shell.search.start()
    titles = shell.search.titles()
    assert titles[0] == "最近打开" and titles[1].endswith("平江路2号丽景苑2幢102室")
    settle(qtbot, shell)


def test_the_window_goes_on_drawing_while_answers_come(shell: Shell, qtbot: Any):
    """Not a timing: only that the thread of the window is never the one that asks the store."""
    beats: list[float] = []
    heart = QTimer()
    heart.setInterval(0)
    heart.timeout.connect(lambda: beats.append(time.monotonic()))
    heart.start()
    typed(shell, qtbot, "丽景苑", "江苏省")
    heart.stop()
    assert len(beats) > 10


def test_a_community_opens_its_addresses_and_pinyin_finds_roads(shell: Shell, qtbot: Any):
    titles = typed(shell, qtbot, "pjl", "江苏省")
    assert any("平江路" in one for one in titles)
    typed(shell, qtbot, "联青社区", "联青社区")
    while not shell.search.hits.currentItem().text().startswith("联青社区"):
        press(shell, Qt.Key.Key_Tab)
    press(shell, Qt.Key.Key_Return)
    settle(qtbot, shell)
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    assert chip_text("address", page.model.selection.conditions[0]) == "社区为联青社区"


def test_a_masked_name_alone_is_not_looked_for_and_the_note_says_what_to_add(shell: Shell, qtbot: Any):
    titles = typed(shell, qtbot, "张*", "提示")
    assert any("人" in one for one in titles)
