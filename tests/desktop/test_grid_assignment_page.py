"""Grids and officers: whole communities assigned at once, gaps counted and worked off, each act undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.security import accounts
from core.security.assigning import assign, assignments
from core.security.workspace import Workspace
from core.stewardship.grid_keeping import grids_kept
from desktop import theme
from desktop.pages.grid_assignment import GridAssignmentPage
from desktop.shell import Shell
from tests.core.rows import begin, put
from tests.desktop.window import settle

HERE, THERE = "320508021031", "320508018001"


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """Three grids in two communities, one without maintainer and one that is retired and still assigned."""
    accounts.create_account(workspace, "wang", "a quite long one", ["officer"])
    with workspace.store.write() as connection:
        change = begin(connection)
        put(connection, "grid", change, [
            {"grid_code": f"{HERE}G1", "community_code": HERE}, {"grid_code": f"{HERE}G2", "community_code": HERE},
            {"grid_code": f"{THERE}G1", "community_code": THERE, "maintainer": ""},
            {"grid_code": f"{THERE}G9", "community_code": THERE},
        ])  # fmt: skip
        put(connection, "address", change, [{"address_code": "A1", "grid_code": f"{HERE}G1"}])
    assign(workspace, "wang", [f"{THERE}G9"])
    with workspace.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE grid SET retired_in = {change} WHERE grid_code = '{THERE}G9'")
    theme.apply(qapp, "light")
    made = Shell(workspace, [GridAssignmentPage])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def codes(workspace: Workspace) -> list[str]:
    return [one.grid_code for one in assignments(workspace, "wang")]


def test_a_whole_community_is_assigned_taken_away_and_brought_back(shell: Shell, workspace: Workspace, qtbot: Any):
    page: Any = shell.pages["grid_assignment"]
    branch = page.tree.topLevelItem(1).child(0)
    assert "2" in branch.text(4)
    branch.setSelected(True)
    page.panel.view.selectRow([one.name for one in page.panel.officers.rows].index("wang"))
    assert "2" in page.panel.given.text() and not page.panel.taken.isEnabled()
    page.panel.give_now()
    settle(qtbot, shell)
    assert codes(workspace) == [f"{THERE}G9", f"{HERE}G1", f"{HERE}G2"]
    assert len(page.tree.chosen()) == 2 and page.panel.taken.isEnabled()
    assert page._buttons["unassigned"].text().endswith("1")
    page.panel.take_now()
    settle(qtbot, shell)
    assert codes(workspace) == [f"{THERE}G9"]
    shell.messages.undo_last()
    settle(qtbot, shell)
    assert codes(workspace) == [f"{THERE}G9", f"{HERE}G1", f"{HERE}G2"]


def test_a_grid_without_maintainer_is_given_one_with_a_reason(shell: Shell, workspace: Workspace, qtbot: Any):
    page: Any = shell.pages["grid_assignment"]
    page.choose("unkept")
    page.tree.selectAll()
    assert [one.grid_code for one in page.tree.chosen()] == [f"{THERE}G1"] and not page.panel.named.isEnabled()
    page.panel.to.setText("G777")
    page.panel.reason.setText("补录")
    page.panel.named.click()
    settle(qtbot, shell)
    assert all(one.kept for one in grids_kept(workspace)) and page._states.currentIndex() == 3


def test_what_hangs_is_listed_and_a_text_narrows_the_tree(shell: Shell, qtbot: Any):
    page: Any = shell.pages["grid_assignment"]
    page.choose("hanging")
    assert [one.grid_code for one in page.hanging.rows] == [f"{THERE}G9"] and page.mend.isHidden()
    page.choose("all")
    page.text.setText("G2")
    page.tree.selectAll()
    assert [one.grid_code for one in page.tree.chosen()] == [f"{HERE}G2"]
