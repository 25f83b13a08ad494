"""Files as pages: tabs, the way back and forward, what a file shows, and one identity shown for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QRadioButton

from core.model.registry import TABLES, entity_id
from core.registry import drafts, editing
from core.security import audit
from core.security.workspace import Actor, Workspace
from desktop import theme
from desktop.app import PAGES
from desktop.pages.map import MapPage
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell
from desktop.widgets import reveal_box
from desktop.widgets.bulk_edit import BulkEdit
from desktop.widgets.conflict_view import ConflictView
from desktop.widgets.edit_form import EditForm
from desktop.widgets.file_view import FileView
from desktop.widgets.house_tree import HouseTree
from tests.core.rows import begin, enter, put
from tests.desktop.window import settle

TOKEN = "a" * 64
QUIET = [page for page in PAGES if page is not MapPage]


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """A window on one address with a house, two people and a sealed identity, and on another address."""
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [
            {"address_code": "A00000000001", "full_text": "姑苏区平江路1号101室", "road": "平江路", "room": "101室",
             "lon": 120.62, "lat": 31.31, "crs": "EPSG:4490", "community_code": "320508021031"},
            {"address_code": "A00000000002", "full_text": "姑苏区平江路2号"},
        ])  # fmt: skip
        put(
            connection,
            "house",
            change,
            [{"house_code": "H001", "address_code": "A00000000001", "use": "rented"}],
        )
        put(connection, "person", change, [
            {"person_token": TOKEN}, {"person_token": "b" * 64, "move_in": "2021-01-01"},
            {"person_token": "c" * 64, "move_in": "2022-01-01", "move_out": "2024-05-01"},
        ])  # fmt: skip
        put(connection, "dispute", change, [{"dispute_no": "D1", "address_code": "A00000000001"}])
        row = {"person_token": TOKEN, "name": "张三", "id_type": "01", "id_number": "11010519491231002X"}
        sealed = {"source": "police", "collected_at": "2026-11-20", "collector": "P01", "row_hash": 1, "id": 7,
                  "created_in": change, "changed_in": change}  # fmt: skip
        provenance = {c.name: change for c in TABLES["identity"].c if c.name.startswith("prov_")}
        connection.execute(TABLES["identity"].insert().values(**row, **sealed, **provenance))
    theme.apply(qapp, "light")
    made = Shell(workspace, QUIET)
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def press(qtbot: Any, shell: Shell, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    """A key in the active window, as the user presses it."""
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow, timeout=5000)
    QTest.keyClick(shell, key, modifier)
    settle(qtbot, shell)


def registry(shell: Shell) -> RegistryPage:
    page = shell.pages["registry"]
    assert isinstance(page, RegistryPage)
    return page


def opened(shell: Shell, qtbot: Any, resource: str, key: str) -> FileView:
    """The file of a record, opened and read."""
    entity = entity_id(key)
    shell.open_file(resource, entity)
    settle(qtbot, shell)
    view = registry(shell).files.view((resource, entity))
    assert isinstance(view, FileView)
    return view


def words(widget: Any) -> str:
    parts = [label.text() for label in widget.findChildren(QLabel)]
    return "\n".join(parts + [button.text() for button in widget.findChildren(QPushButton)])


def test_the_file_of_an_address_says_where_it_is_who_lives_there_and_what_happened(shell: Shell, qtbot: Any):
    view = opened(shell, qtbot, "address", "A00000000001")
    said = words(view)
    assert "联青社区  ›  平江路  ›  101室" in said
    assert "实有房屋 1   实有人口 2" in said
    assert "数据包 first" in said
    (tree,) = view.findChildren(HouseTree)
    house = tree.topLevelItem(0)
    assert house is not None and house.text(0) == "H001" and "出租" in house.text(1)
    assert [house.child(n).text(0) for n in range(house.childCount())] == ["张*", "张*", "张*"]
    assert "2024-05-01 迁出" in house.child(2).text(1) and "2 人" in house.text(1)
    assert "矛盾纠纷 1" in said


def test_the_file_of_a_person_says_where_they_live_and_since_when(shell: Shell, qtbot: Any):
    view = opened(shell, qtbot, "person", f"{TOKEN}:H001")
    assert "居住情况" in words(view) and "2020-01-01 迁入" in words(view) and "姑苏区平江路1号101室" in words(view)


def test_several_files_stand_in_tabs_each_once_and_ctrl_w_closes_the_one_in_front(shell: Shell, qtbot: Any):
    files = registry(shell).files
    first, second = ("address", entity_id("A00000000001")), ("address", entity_id("A00000000002"))
    for key in (first, second, first):
        shell.open_file(*key)
        settle(qtbot, shell)
    assert files.keys == [first, second] and files.current == first
    assert files.bar.tabText(1) == "姑苏区平江路1号101室"
    press(qtbot, shell, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert files.current == second
    press(qtbot, shell, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert files.keys == [first]
    files.close_current()
    files.close_current()
    assert files.keys == [] and not files.bar.isVisible() and registry(shell).view.isVisible()


def test_alt_left_and_right_walk_through_what_was_opened_across_pages(shell: Shell, qtbot: Any):
    shell.show_page("inbox")
    opened(shell, qtbot, "address", "A00000000001")
    shell.show_page("reports")
    settle(qtbot, shell)
    for where in ("registry", "inbox"):
        press(qtbot, shell, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
        settle(qtbot, shell)
        assert shell.pages[where].isVisible()
    press(qtbot, shell, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, shell)
    assert registry(shell).files.current == ("address", entity_id("A00000000001"))


def test_a_house_in_the_tree_opens_its_own_file_by_enter(shell: Shell, qtbot: Any):
    view = opened(shell, qtbot, "address", "A00000000001")
    (tree,) = view.findChildren(HouseTree)
    tree.setCurrentItem(tree.topLevelItem(0))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    settle(qtbot, shell)
    assert registry(shell).files.current == ("house", entity_id("H001"))


def test_an_identity_is_shown_for_a_reason_counts_down_and_closes_by_itself(
    shell: Shell, qtbot: Any, workspace: Workspace
):
    view = opened(shell, qtbot, "person", f"{TOKEN}:H001")
    box = view.reveal
    assert box is not None and "张三" not in words(view)
    (eye, *_more) = [b for b in view.findChildren(QPushButton) if b.accessibleName() == "说明理由后查看"]
    eye.click()
    qtbot.waitUntil(box.isVisible, timeout=5000)
    QTest.keyClicks(box.reason, "..")
    assert not box.act.isEnabled()
    box.reason.setText("现场核实居住登记")
    box.act.click()
    settle(qtbot, shell)
    assert (
        "张三" in words(view)
        and "11010519491231002X" in words(view)
        and box.countdown.text() == "3:00 后自动遮盖"
    )
    for _second in range(reveal_box.MINUTES * 60):
        box._tick()
    assert not box.is_open and "张三" not in words(view)
    (entry,) = audit.entries(workspace, action="identity.revealed")
    assert "现场核实居住登记" in entry.details


def test_an_identity_that_is_open_closes_when_its_tab_is_left(shell: Shell, qtbot: Any):
    view = opened(shell, qtbot, "person", f"{TOKEN}:H001")
    assert view.reveal is not None
    view.reveal.start()
    view.reveal.reason.setText("现场核实居住登记")
    view.reveal.ask()
    settle(qtbot, shell)
    assert view.reveal.is_open
    registry(shell).show_table()
    assert not view.reveal.is_open and "张三" not in words(view)


def test_who_may_not_reveal_sees_no_eye(shell: Shell, qtbot: Any, workspace: Workspace, qapp: QApplication):
    officer = Shell(Workspace(workspace.store, Actor("officer1", frozenset({"officer"}))), [RegistryPage])
    qtbot.addWidget(officer)
    officer.show()
    view = opened(officer, qtbot, "person", f"{TOKEN}:H001")
    assert view.reveal is None
    assert not [b for b in view.findChildren(QPushButton) if b.accessibleName() == "说明理由后查看"]
    officer.close()


def test_the_auditor_reads_who_looked_and_why(shell: Shell, qtbot: Any):
    view = opened(shell, qtbot, "person", f"{TOKEN}:H001")
    assert view.reveal is not None
    view.reveal.reason.setText("现场核实居住登记")
    view.reveal.ask()
    settle(qtbot, shell)
    shell.show_page("looks")
    settle(qtbot, shell)
    model = shell.pages["looks"].model  # type: ignore[attr-defined]
    told = [model.data(model.index(0, column)) for column in (1, 2, 3)]
    assert told == ["steward", "明文查看身份", "现场核实居住登记"]


def test_a_file_whose_record_is_gone_says_so(shell: Shell, qtbot: Any):
    shell.open_file("address", 12345)
    settle(qtbot, shell)
    view = registry(shell).files.view(("address", 12345))
    assert "台账中已没有" in words(view)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_a_picture_of_a_file_can_be_looked_at(
    shell: Shell, qtbot: Any, tmp_path: Path, width: int, height: int
):
    shell.resize(width, height)
    opened(shell, qtbot, "address", "A00000000001")
    assert shell.grab().save(str(tmp_path / f"file-{width}.png"))


def edited(shell: Shell, qtbot: Any, resource: str = "house", key: str = "H001") -> tuple[FileView, EditForm]:
    """A record's file with its fields made editable by Ctrl+E."""
    view = opened(shell, qtbot, resource, key)
    press(qtbot, shell, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert view.form is not None
    return view, view.form


def test_an_edit_is_verified_while_typing_and_saved_with_a_reason_and_undone_in_the_bar(
    shell: Shell, qtbot: Any, workspace: Workspace
):
    view, form = edited(shell, qtbot)
    form.editor("area_m2").put("-5")
    qtbot.waitUntil(lambda: bool(form.editor("area_m2").remark.text()), timeout=10_000)
    form.reason.setText("上门核实")
    assert not form.act.isEnabled()
    form.editor("area_m2").put("56.5")
    qtbot.waitUntil(lambda: form.act.isEnabled() and not form.editor("area_m2").remark.text(), timeout=10_000)
    assert form.act.text() == "保存 1 处修改"
    form.act.click()
    qtbot.waitUntil(lambda: view.form is None and "56.5" in words(view), timeout=10_000)
    settle(qtbot, shell)
    assert "已修改" in words(view) and "上门核实" in words(view)
    (back,) = [b for b in shell.messages.findChildren(QPushButton) if b.text() == "撤销"]
    back.click()
    qtbot.waitUntil(lambda: "56.5" not in words(view), timeout=10_000)
    settle(qtbot, shell)


def test_what_was_typed_and_not_saved_is_offered_again(shell: Shell, qtbot: Any, workspace: Workspace):
    _view, form = edited(shell, qtbot)
    form.editor("rooms").put("4")
    qtbot.waitUntil(lambda: bool(drafts.kept(workspace)), timeout=10_000)
    settle(qtbot, shell)
    shell.close()  # as if the machine had lost power after the pause
    again = Shell(workspace, QUIET)
    qtbot.addWidget(again)
    again.show()
    settle(qtbot, again)
    view = opened(again, qtbot, "house", "H001")
    assert "未保存的修改" in words(view)
    view.edit()
    settle(qtbot, again)
    assert view.form is not None and view.form.changed() == {"rooms": "4"}
    view.form.throw_away()
    settle(qtbot, again)
    assert not drafts.kept(workspace) and "未保存的修改" not in words(view)
    again.close()


def test_the_second_of_two_who_edit_sees_both_versions_and_decides(shell: Shell, qtbot: Any, workspace: Workspace):
    view, form = edited(shell, qtbot)
    form.editor("rooms").put("4")
    form.editor("area_m2").put("50")
    form.reason.setText("上门核实")
    entity = entity_id("H001")
    version = editing.editable(workspace, "house", entity).version
    editing.edit(workspace, "house", entity, {"rooms": "3", "use": "vacant"}, version=version, reason="电话核实")
    qtbot.waitUntil(form.act.isEnabled, timeout=10_000)
    form.act.click()
    qtbot.waitUntil(lambda: bool(form.findChildren(ConflictView)), timeout=10_000)
    (conflict,) = form.findChildren(ConflictView)
    said = words(conflict) + " ".join(radio.text() for radio in conflict.findChildren(QRadioButton))
    assert "现在（steward 修改）" in said and "空置" in said and "4" in said and "3" in said
    conflict.choose("rooms", mine=False)
    conflict.act.click()
    qtbot.waitUntil(lambda: view.form is None, timeout=10_000)
    settle(qtbot, shell)
    held = editing.editable(workspace, "house", entity).values
    assert (held["rooms"], held["use"], held["area_m2"]) == (3, "vacant", 50.0)


def test_a_change_of_all_picked_is_previewed_and_its_button_says_how_many(
    shell: Shell, qtbot: Any, workspace: Workspace
):
    page = registry(shell)
    shell.show_page("registry")
    page.open_kind("house")
    settle(qtbot, shell)
    page.model.pick_all()
    page.listing.picks.edit()
    (bulk,) = shell.drawer.findChildren(BulkEdit)
    bulk.field.setCurrentIndex(bulk.field.findData("use"))
    bulk.codes.setCurrentIndex(bulk.codes.findData("self"))
    bulk.preview()
    qtbot.waitUntil(lambda: "修改 1 条" in words(bulk), timeout=10_000)
    assert not bulk.act.isEnabled()
    bulk.reason.setText("批量核实")
    bulk.act.click()
    qtbot.waitUntil(lambda: any("已修改 1 条" in text for text in shell.messages.texts()), timeout=10_000)
    settle(qtbot, shell)
    assert editing.editable(workspace, "house", entity_id("H001")).values["use"] == "self"
    (back,) = [b for b in shell.messages.findChildren(QPushButton) if b.text() == "撤销"]
    back.click()
    settle(qtbot, shell)
    assert editing.editable(workspace, "house", entity_id("H001")).values["use"] == "rented"


def test_a_file_is_printed_masked_with_user_and_time_and_that_is_on_record(
    shell: Shell, qtbot: Any, workspace: Workspace, tmp_path: Path
):
    theme.apply(QApplication.instance(), "dark")  # type: ignore[arg-type]  # it is a QApplication
    view = opened(shell, qtbot, "address", "A00000000001")
    target = tmp_path / "file.pdf"
    view.write_pdf(target)
    settle(qtbot, shell)
    pages = PdfReader(target).pages
    said = "".join("".join(page.extract_text() for page in pages).split())
    assert len(pages) == 1 and "姑苏区平江路1号101室" in said and "张*" in said and said.count("steward") > 5
    (entry,) = audit.entries(workspace, action="record.printed")
    assert entry.subject == f"address:{entity_id('A00000000001')}"


def test_page_files_and_window_come_back_for_the_user_who_left_them(shell: Shell, qtbot: Any, workspace: Workspace):
    opened(shell, qtbot, "address", "A00000000001")
    shell.resize(1240, 700)
    shell.close()
    again = Shell(workspace, QUIET)
    qtbot.addWidget(again)
    again.show()
    settle(qtbot, again)
    files = registry(again).files
    assert again.pages["registry"].isVisible() and again.height() == 700
    assert [files.title(key) for key in files.keys] == ["姑苏区平江路1号101室"]
    assert not audit.entries(workspace, action="person.read")
    other = Shell(Workspace(workspace.store, Actor("officer1", frozenset({"officer"}))), QUIET)
    qtbot.addWidget(other)
    other.show()
    settle(qtbot, other)
    assert registry(other).files.keys == []
    for window in (again, other):
        window.close()


def test_picked_rows_go_to_the_map_as_the_selection_that_they_are(shell: Shell, qtbot: Any):
    asked: list[Any] = []
    page = registry(shell)
    shell.show_page("registry")
    page.open_kind("person")
    settle(qtbot, shell)
    page.model.pick(0)
    shell.pages.made["map"] = shell.pages["inbox"]  # stands where the map is
    shell.pages["map"].show_selection = asked.append  # type: ignore[attr-defined]
    page.listing.picks.on_map.click()
    assert asked == [page.model.chosen()] and len(asked[0].ids) == 1
    settle(qtbot, shell)


def test_every_key_stands_on_the_sheet(shell: Shell):
    shell.show_shortcuts()
    said = words(shell.drawer)
    assert all(key in said for key in ("Ctrl+K", "Alt+Left", "Ctrl+W", "Ctrl+E", "Ctrl+A", "Shift+Enter", "Ctrl+PgUp"))
