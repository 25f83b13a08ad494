"""A file outside one's own grids: a reason is asked for in its place, and the auditor reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QLabel

from core.model.registry import entity_id
from core.security import accounts
from core.security.assigning import assign
from core.security.looks import looks
from core.security.workspace import Actor, Workspace
from desktop import theme
from desktop.pages.registry import RegistryPage
from desktop.shell import Shell
from desktop.widgets.entry_box import EntryBox, ExportReason, ListEntryBox
from desktop.widgets.file_view import FileView
from tests.core.rows import begin, put
from tests.desktop.window import said, settle

GRID, WHY = "320508021031G01", "辖区居民迁往该处"


def test_a_file_outside_the_own_grids_asks_for_a_reason_in_its_place(
    workspace: Workspace, qtbot: Any, qapp: QApplication
):
    theme.apply(qapp, "light")
    accounts.create_account(workspace, "officer1", "a quite long one", ["officer"])
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": GRID}])
        put(connection, "address", change, [{"address_code": "A00000000001"}])
        put(connection, "house", change, [{"house_code": "H001"}])
        put(connection, "person", change, [{"person_token": "a" * 64}])
    assign(workspace, "officer1", [GRID])
    shell = Shell(Workspace(workspace.store, Actor("officer1", frozenset({"officer"}))), [RegistryPage])
    qtbot.addWidget(shell)
    view = FileView(shell.desk, "person", entity_id(f"{'a' * 64}:H001"))
    qtbot.addWidget(view)
    view.show()
    qtbot.waitUntil(lambda: bool(view.findChildren(EntryBox)), timeout=5000)
    (box,) = view.findChildren(EntryBox)
    told = " ".join(one.text() for one in view.findChildren(QLabel))
    assert (
        view.record is None and "不在您负责的网格内" in told and "张*" not in told and not box.act.isEnabled()
    )

    box.reason.setText(WHY)
    box.act.click()
    qtbot.waitUntil(lambda: view.record is not None and not shell.jobs.running, timeout=5000)
    *read, granted = [(one.action, one.reason) for one in looks(workspace, "outside")]
    assert granted == ("entry.granted", WHY) and set(read) == {("entry.used", WHY)}
    shell.close()


def test_the_drawer_asks_for_the_reason_too(workspace: Workspace, qtbot: Any, qapp: QApplication):
    theme.apply(qapp, "light")
    accounts.create_account(workspace, "officer1", "a quite long one", ["officer"])
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": GRID}])
        put(connection, "address", change, [{"address_code": "A00000000001"}])
    assign(workspace, "officer1", [GRID])
    shell = Shell(Workspace(workspace.store, Actor("officer1", frozenset({"officer"}))), [RegistryPage])
    qtbot.addWidget(shell)
    shell.show()
    settle(qtbot, shell)
    shell.open_record("address", entity_id("A00000000001"))
    settle(qtbot, shell)
    (box,) = shell.drawer.findChildren(EntryBox)
    assert "姑苏区平江路1号" not in said(shell.drawer)
    box.reason.setText(WHY)
    box.act.click()
    qtbot.waitUntil(lambda: "姑苏区平江路1号" in said(shell.drawer), timeout=5000)
    settle(qtbot, shell)
    shell.close()


def test_tables_begin_in_the_own_grids_and_go_beyond_for_a_reason(
    workspace: Workspace, qtbot: Any, qapp: QApplication, tmp_path: Path
):
    theme.apply(qapp, "light")
    accounts.create_account(workspace, "officer1", "a quite long one", ["officer"])
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [{"grid_code": GRID}])
        put(
            connection, "address", change, [{"address_code": "A1", "grid_code": GRID}, {"address_code": "A2"}]
        )
        put(connection, "house", change, [{"house_code": f"H00{n}", "address_code": f"A{n}"} for n in (1, 2)])
        put(connection, "person", change, [
            {"person_token": "a" * 64}, {"person_token": "b" * 64, "house_code": "H002"},
        ])  # fmt: skip
    assign(workspace, "officer1", [GRID])
    shell = Shell(Workspace(workspace.store, Actor("officer1", frozenset({"officer"}))), [RegistryPage])
    qtbot.addWidget(shell)
    shell.show()
    page: Any = shell.pages["registry"]
    listing = page.listing
    settle(qtbot, shell)
    assert page.model.rowCount() == 1 and listing.bar.mine.isVisible() and "1" in listing.bar.mine.text()
    listing.bar.mine.click()  # addresses say nothing about people
    settle(qtbot, shell)
    assert page.model.rowCount() == 2

    page.open_kind("person")
    settle(qtbot, shell)
    assert page.model.rowCount() == 1 and listing.bar.mine.isChecked()
    listing.bar.mine.click()
    (box,) = listing.findChildren(ListEntryBox)
    box.left.emit()
    settle(qtbot, shell)
    assert listing.bar.mine.isChecked() and page.model.rowCount() == 1 and listing.view.isVisible()
    listing.bar.mine.click()
    box = next(one for one in listing.findChildren(ListEntryBox) if one.isVisible())
    box.reason.setText(WHY)
    box.act.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=5000)
    settle(qtbot, shell)

    listing.export.write(tmp_path / "p.csv")  # seen is not taken along: it has a reason of its own
    (ask,) = shell.drawer.findChildren(ExportReason)
    ask.reason.setText(WHY)
    ask.act.click()
    qtbot.waitUntil((tmp_path / "p.csv").exists, timeout=5000)
    settle(qtbot, shell)
    assert [one.action for one in looks(workspace, "outside")] == ["entry.exported", "entry.listed"]
    shell.close()
