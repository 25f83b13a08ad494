"""Starting the desktop: language, theme, store, login, shell; or pictures of every page for a look at them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox

from core import i18n
from core.errors import GridLinkError
from core.i18n import _
from core.security import keys
from core.security.accounts import authenticate
from core.security.workspace import Workspace, utc_now
from core.settings import default_store_path, desktop_state_path
from core.store.engine import Store, is_server
from core.store.lifecycle import open_store
from desktop import theme
from desktop.login import LoginView
from desktop.map import engine
from desktop.map.scheme import register_scheme
from desktop.pages import Page
from desktop.pages.accounts import AccountsPage
from desktop.pages.adjudication import AdjudicationPage
from desktop.pages.duplicates import DuplicatesPage
from desktop.pages.exchange import ExchangePage
from desktop.pages.field_audit import FieldAuditPage
from desktop.pages.findings import FindingsPage
from desktop.pages.grid_assignment import GridAssignmentPage
from desktop.pages.inbox import InboxPage
from desktop.pages.looks import LooksPage
from desktop.pages.map import MapPage
from desktop.pages.registry import RegistryPage
from desktop.pages.reports import ReportsPage
from desktop.pages.rules import RulesPage
from desktop.pages.upkeep import OverduePage
from desktop.pages.workbench import WorkbenchPage
from desktop.pictures import take_pictures
from desktop.shell import Shell

PAGES: Sequence[type[Page]] = (
    WorkbenchPage, InboxPage, FindingsPage, OverduePage, FieldAuditPage, RulesPage, AdjudicationPage, DuplicatesPage,
    RegistryPage, MapPage, ExchangePage, ReportsPage, LooksPage, AccountsPage,
    GridAssignmentPage,
)  # fmt: skip
"""In the order of a steward's day; pages of one section are tabs behind one entry of the rail."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the desktop and returns its exit code."""
    options = _options(arguments)
    i18n.set_language(options.lang)
    application = make_application()
    try:
        store = _open(options.store)
    except GridLinkError as error:
        if options.screenshots is None:
            QMessageBox.critical(None, _("GridLink"), f"{error.message}\n\n{error.cure}")
        print(f"{error.message} {error.cure}", file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    workspace = _known_user(store, options.user)
    if options.screenshots is not None and workspace is not None:
        take_pictures(application, workspace, PAGES, options.screenshots)
        return 0
    window = Window(store, workspace, user=options.user)
    window.show()
    code = application.exec()
    store.close()
    return code


def make_application() -> QApplication:
    """The one application, dressed as the user last chose; web engine and scheme are set up before it."""
    engine.prepare()
    register_scheme()
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QGuiApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication.instance() or QApplication(["gridlink"])
    assert isinstance(application, QApplication)
    application.setApplicationName("GridLink")
    state = QSettings(str(desktop_state_path()), QSettings.Format.IniFormat)
    theme.apply(application, "dark" if state.value("scheme") == "dark" else "light")
    return application


class Window:
    """The way from the login to the shell; the login window gives way to the shell."""

    def __init__(self, store: Store, workspace: Workspace | None, *, user: str) -> None:
        self.login = QMainWindow()
        self.login.setWindowTitle(_("GridLink"))
        self.login.resize(1100, 700)
        self.shell: Shell | None = None
        if workspace is not None:
            self.enter(workspace)
        else:
            view = LoginView(store, user=user)
            view.accepted.connect(self.enter)
            self.login.setCentralWidget(view)

    def show(self) -> None:
        """Shows whatever is next for the user."""
        (self.shell or self.login).show()

    def enter(self, workspace: Workspace) -> None:
        """Opens the shell for a user who has logged in."""
        self.shell = Shell(workspace, PAGES)
        self.shell.show()
        self.login.close()


def _open(location: str) -> Store:
    return open_store(location, "" if is_server(location) else keys.store_key(location))


def _known_user(store: Store, user: str) -> Workspace | None:
    """The user that the environment already names with a password (demonstrations, pictures)."""
    password = os.environ.get("GRIDLINK_PASSWORD", "")
    if not user or not password:
        return None
    try:
        return Workspace(store, authenticate(store, user, password, clock=utc_now))
    except GridLinkError:
        return None  # the login view asks, and says what is wrong


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gridlink-desktop")
    parser.add_argument("--store", default=os.environ.get("GRIDLINK_STORE") or str(default_store_path()))
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    parser.add_argument("--user", default=os.environ.get("GRIDLINK_USER", ""))
    parser.add_argument("--screenshots", type=Path, default=None)
    return parser.parse_args(arguments)
