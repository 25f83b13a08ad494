"""Accounts: who may log in with which roles; made, given other roles, disabled, let in again, a new password set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.security.accounts import (
    Account,
    create_account,
    list_accounts,
    reset_password,
    set_enabled,
    set_roles,
)
from core.security.workspace import ROLE_LABELS, role_names
from desktop import theme
from desktop.desk import Desk
from desktop.pages import Page
from desktop.widgets.parts import button, head, label, local_time
from desktop.widgets.tables import Field, RowsModel, table

_WIDE = 340


class AccountsPage(Page):
    """Every account; the form for one opens in the drawer."""

    name, title, icon, permission = "accounts", N_("Accounts"), "user", "account.manage"
    section = "administration"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.model = RowsModel([
            Field(_("account"), lambda one: one.name), Field(_("roles"), lambda one: role_names(one.roles)),
            Field(_("state"), self._state, status=lambda one: "done" if self._open(one) else "warning"),
            Field(_("password set"), lambda one: local_time(one.password_changed_at)),
            Field(_("made"), lambda one: local_time(one.created_at)), Field(_("made by"), lambda one: one.created_by),
        ])  # fmt: skip
        self.view, self._changed = table(self.model, stretch=1), ""
        for place, width in enumerate((140, 360, 130, 132, 132, 96)):
            self.view.setColumnWidth(place, width)
        self.view.doubleClicked.connect(lambda index: self.open(self.model.rows[index.row()]))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        outer.setSpacing(theme.M)
        add = button(_("New account…"), lambda: self.open(None), icon="plus", kind="primary")
        words = _("A double click opens an account. Accounts are never deleted: the audit chain names them.")
        told = label(words, "muted")
        outer.addLayout(head("", told, add))
        outer.addWidget(self.view, 1)

    def refresh(self) -> None:
        """Reads the list again."""
        workspace = self.desk.workspace
        self.desk.jobs.read(lambda: list_accounts(workspace), self._show)

    def open(self, one: Account | None) -> AccountView:
        """Shows the form of an account, or of a new one, in the drawer."""
        view = AccountView(self.desk, one, self._done)
        self.desk.show_drawer(_("Account") if one else _("New account"), view)
        return view

    def _show(self, found: Sequence[Account]) -> None:
        self.model.show_rows(found)
        changed, self._changed = self._changed, ""
        for one in (one for one in found if one.name == changed):
            self.open(one)

    def _done(self, text: str, name: str) -> None:
        self.desk.messages.done(text)
        self._changed = name
        self.refresh()

    def _open(self, one: Account) -> bool:
        locked = bool(one.locked_until and self.desk.workspace.now() < one.locked_until)
        return one.state == "active" and not locked

    def _state(self, one: Account) -> str:
        if one.state != "active":
            return _("disabled")
        until = local_time(one.locked_until or "")
        return _("may log in") if self._open(one) else _("locked until {at}").format(at=until)


class AccountView(QWidget):
    """One account: its roles, a new password, and whether it is let in."""

    def __init__(self, desk: Desk, one: Account | None, done: Callable[[str, str], None]) -> None:
        super().__init__()
        self._desk, self._one, self._told = desk, one, done
        column = QVBoxLayout(self)
        column.setSpacing(theme.S)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.account, self.password = QLineEdit(one.name if one else ""), QLineEdit()
        self.account.setReadOnly(one is not None)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.roles = {role: QCheckBox(_(words)) for role, words in ROLE_LABELS.items()}
        column.addWidget(label(_("Account"), "muted"))
        column.addWidget(self.account)
        column.addWidget(label(_("Roles"), "muted"))
        for role, box in self.roles.items():
            box.setChecked(one is not None and role in one.roles)
            column.addWidget(box)
        apart = _("The three administrations are held by different people. New roles count from the next login on.")
        column.addWidget(label(apart, "muted", wrap=True))
        if one is not None:
            column.addWidget(button(_("Give these roles"), self.give, kind="primary"))
        column.addWidget(label(_("New password, told to its owner in person"), "muted"))
        column.addWidget(self.password)
        for widget in (self.account, self.password):
            widget.setMaximumWidth(_WIDE)
        self._acts(column, one)

    def _acts(self, column: QVBoxLayout, one: Account | None) -> None:
        if one is None:
            column.addWidget(button(_("Make the account"), self.make, kind="primary"))
            return
        column.addWidget(button(_("Set the password and unlock"), self.renew))
        word = _("Disable the account") if one.state == "active" else _("Let it in again")
        self.switch = button(word, partial(self.enable, enabled=one.state != "active"), icon="lock")
        column.addWidget(self.switch)
        if one.locked_until and one.state == "active":
            self.unlock = button(_("Unlock"), partial(self.enable, enabled=True))
            column.addWidget(self.unlock)

    def chosen(self) -> list[str]:
        """The roles that are ticked."""
        return [role for role, box in self.roles.items() if box.isChecked()]

    def make(self) -> None:
        """Makes the account."""
        name, password, roles = self.account.text().strip(), self.password.text(), self.chosen()
        workspace = self._desk.workspace
        self._do(lambda: create_account(workspace, name, password, roles), _("Account {name} made.").format(name=name))

    def give(self) -> None:
        """Gives the account exactly the ticked roles."""
        workspace, name, roles = self._desk.workspace, self.account.text(), self.chosen()
        self._do(lambda: set_roles(workspace, name, roles), _("Roles of {name} changed.").format(name=name))

    def renew(self) -> None:
        """Sets a new password, which unlocks the account."""
        workspace, name, password = self._desk.workspace, self.account.text(), self.password.text()
        told = _("Password of {name} set; the account is unlocked.").format(name=name)
        self._do(lambda: reset_password(workspace, name, password), told)

    def enable(self, *, enabled: bool) -> None:
        """Disables the account or lets it in again, which also unlocks it."""
        workspace, name = self._desk.workspace, self.account.text()
        told = _("Account {name} may log in.") if enabled else _("Account {name} is disabled.")
        self._do(lambda: set_enabled(workspace, name, enabled=enabled), told.format(name=name))

    def _do(self, act: Callable[[], None], told: str) -> None:
        name = self.account.text().strip()
        self.password.clear()
        self._desk.jobs.write(act, lambda _none: self._told(told, name))
