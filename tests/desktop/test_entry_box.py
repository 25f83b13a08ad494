"""A file outside one's own grids: a reason is asked for in its place, and the auditor reads it."""

from __future__ import annotations

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
from desktop.widgets.entry_box import EntryBox
from desktop.widgets.file_view import FileView
from tests.core.rows import begin, put

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
