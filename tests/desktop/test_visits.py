"""Picked rows handed out as a visit, found on the officer's workbench, handed over, withdrawn with undo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QApplication

from core.atlas.selecting import Inside
from core.model.registry import entity_id
from core.security import accounts
from core.security.workspace import Actor, Workspace
from core.stewardship.visits import visits
from desktop import theme
from desktop.pages.field_audit import FieldAuditPage
from desktop.pages.registry import RegistryPage
from desktop.pages.workbench import WorkbenchPage
from desktop.shell import Shell
from desktop.widgets.map_found import FoundList
from desktop.widgets.visit_form import VisitForm
from tests.core.rows import begin, enter, put
from tests.desktop.window import said, settle

WHY = "出租房屋走访"


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    """Three houses, a person, an officer."""
    accounts.create_account(workspace, "wang", "a quite long one", ["officer"])
    with workspace.store.write() as connection:
        change = begin(connection)
        enter(connection, change, name="first", sender="bureau")
        put(connection, "address", change, [{"address_code": "A00000000001"}])
        put(connection, "house", change, [{"house_code": f"H00{n}"} for n in (1, 2, 3)])
        put(connection, "person", change, [{"person_token": "a" * 64}])
    theme.apply(qapp, "light")
    made = Shell(workspace, [RegistryPage, FieldAuditPage])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    yield made
    made.close()


def handed_out(shell: Shell, qtbot: Any, kind: str) -> None:
    page: Any = shell.pages["registry"]
    page.open_kind(kind)
    settle(qtbot, shell)
    page.model.pick_all()
    page.listing.picks.visit.click()
    settle(qtbot, shell)
    form = next(one for one in shell.drawer.findChildren(VisitForm) if one.isVisible())
    assert not form.act.isEnabled()
    form.officer.setCurrentText("wang")
    form.reason.setText(WHY)
    form.act.click()
    settle(qtbot, shell)


def officer_of(shell: Shell, qtbot: Any) -> Shell:
    wang = Workspace(shell.workspace.store, Actor("wang", frozenset({"officer"})))
    made = Shell(wang, [WorkbenchPage, FieldAuditPage])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    return made


def test_all_matching_rows_become_a_visit_that_its_officer_finds_on_the_workbench(shell: Shell, qtbot: Any):
    handed_out(shell, qtbot, "house")
    (one,) = visits(shell.workspace)
    assert (one.items, one.assignee, one.reason) == (3, "wang", WHY)
    assert one.due_on == QDate.currentDate().addDays(7).toString("yyyy-MM-dd")
    officer = officer_of(shell, qtbot)
    bench: Any = officer.pages["workbench"]
    assert bench.tiles["visits"].isVisible() and bench.tiles["visits"].text().startswith("3 ")
    bench.tiles["visits"].clicked.emit()
    settle(qtbot, officer)
    page: Any = officer.pages["field_audit"]
    assert page.round.id == one.id and len(page.items.rows) == 3 and "wang" in said(page)
    assert not page.again.isVisible() and not page.visit.isVisible() and page.sheet.isVisible()
    officer.close()
    shell.messages.undo_last()
    settle(qtbot, shell)
    assert visits(shell.workspace) == []


def test_of_people_their_addresses_are_handed_out(shell: Shell, qtbot: Any):
    handed_out(shell, qtbot, "person")
    (one,) = visits(shell.workspace)
    assert (one.resource, one.items) == ("address", 1)


def test_a_visit_is_handed_over_from_the_page_of_rounds(shell: Shell, qtbot: Any):
    accounts.create_account(shell.workspace, "li", "a quite long one", ["officer"])
    handed_out(shell, qtbot, "house")
    shell.show_page("field_audit")
    settle(qtbot, shell)
    page: Any = shell.pages["field_audit"]
    assert page.visit.over.isVisible() and page.visit.back.isVisible()
    page.visit.over.click()
    settle(qtbot, shell)
    form = next(one for one in shell.drawer.findChildren(VisitForm) if one.isVisible())
    form.officer.setCurrentText("li")
    form.reason.setText("王民警休假")
    form.act.click()
    settle(qtbot, shell)
    assert [one.assignee for one in visits(shell.workspace)] == ["li"]
    page.visit.back.click()
    settle(qtbot, shell)
    assert visits(shell.workspace) == []


def test_what_was_selected_on_the_map_is_handed_out_by_who_may(qtbot: Any):
    found = [Inside("house", "house", [entity_id("H001")], 1)]
    asked: list[str] = []
    for may in (False, True):
        shown = FoundList(found, may_visit=may)
        qtbot.addWidget(shown)
        shown.hand_out.connect(asked.append)
        assert ("派发走访" in said(shown)) is may
        shown.hand_out.emit(shown.layer)
    assert asked == ["house", "house"]
