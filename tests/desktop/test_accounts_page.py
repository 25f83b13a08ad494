"""Accounts in the window: made, given roles, disabled and let in again; the rail's entry is called Administration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from core.security.accounts import LoginRefused, authenticate, list_accounts
from core.security.workspace import Actor, Workspace
from desktop import theme
from desktop.pages.accounts import AccountsPage
from desktop.pages.looks import LooksPage
from desktop.shell import Shell
from tests.desktop.window import settle

PASSWORD = "another long enough one"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def shell(workspace: Workspace, qtbot: Any, qapp: QApplication) -> Iterator[Shell]:
    theme.apply(qapp, "light")
    made = Shell(workspace, [LooksPage, AccountsPage])
    qtbot.addWidget(made)
    made.show()
    made.show_page("accounts")
    settle(qtbot, made)
    yield made
    made.close()


def test_looks_and_accounts_are_tabs_of_administration(shell: Shell):
    assert shell.rail.titles() == ["管理"]
    assert shell.tabs.isVisible()


def test_an_account_is_made_disabled_and_let_in_again(qtbot, shell: Shell, workspace: Workspace):
    page: Any = shell.pages["accounts"]
    form = page.open(None)
    form.account.setText("officer1")
    form.password.setText(PASSWORD)
    form.roles["officer"].setChecked(True)
    form.make()
    settle(qtbot, shell)
    assert authenticate(workspace.store, "officer1", PASSWORD, clock=now).roles == {"officer"}
    one = next(one for one in page.model.rows if one.name == "officer1")
    page.open(one).switch.click()
    settle(qtbot, shell)
    with pytest.raises(LoginRefused):
        authenticate(workspace.store, "officer1", PASSWORD, clock=now)
    one = next(one for one in page.model.rows if one.name == "officer1")
    assert page._state(one) == "已停用"
    page.open(one).switch.click()
    settle(qtbot, shell)
    assert authenticate(workspace.store, "officer1", PASSWORD, clock=now).name == "officer1"


def test_roles_that_join_administrations_or_a_weak_password_are_refused_and_change_nothing(
    qtbot, shell: Shell, workspace: Workspace
):
    page: Any = shell.pages["accounts"]
    form = page.open(None)
    form.account.setText("both")
    form.roles["security_administrator"].setChecked(True)
    form.roles["audit_administrator"].setChecked(True)
    for password in (PASSWORD, "short"):
        form.password.setText(password)
        form.make()
        settle(qtbot, shell)
        form.roles["audit_administrator"].setChecked(False)
    assert [one.name for one in list_accounts(workspace)] == ["steward"]


def test_after_too_many_wrong_passwords_an_account_is_unlocked_from_its_form(
    qtbot, shell: Shell, workspace: Workspace
):
    page: Any = shell.pages["accounts"]
    for _n in range(5):
        with pytest.raises(LoginRefused):
            authenticate(workspace.store, "steward", "wrong", clock=now)
    page.refresh()
    settle(qtbot, shell)
    assert page._state(page.model.rows[0]).startswith("锁定至")
    page.open(page.model.rows[0]).unlock.click()
    settle(qtbot, shell)
    assert page._state(page.model.rows[0]) == "可登录"


def test_a_security_administrator_has_a_page_to_work_on(qtbot, workspace: Workspace, qapp: QApplication):
    alone = Workspace(workspace.store, Actor("guard", frozenset({"security_administrator"})))
    made = Shell(alone, [LooksPage, AccountsPage])
    qtbot.addWidget(made)
    made.show()
    settle(qtbot, made)
    assert list(made.pages) == ["accounts"]
    made.close()
