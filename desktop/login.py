"""Logging in, and the cover that asks for the password again when nobody was there for a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from core.errors import GridLinkError
from core.i18n import _
from core.security.accounts import authenticate
from core.security.workspace import Workspace, utc_now
from core.store.engine import Store
from desktop import theme
from desktop.widgets.parts import button, card, label


class LoginView(QWidget):
    """Name and password for one store; says what is wrong and what helps."""

    accepted = Signal(object)

    def __init__(
        self, store: Store, *, user: str = "", locked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._store = store
        self.name, self.password = QLineEdit(user), QLineEdit()
        self.name.setPlaceholderText(_("Account"))
        self.name.setReadOnly(locked)
        self.password.setPlaceholderText(_("Password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.returnPressed.connect(self.log_in)
        self.name.returnPressed.connect(self.password.setFocus)
        self.trouble = label("", wrap=True)
        self.trouble.setStyleSheet(f"color: {theme.tokens().error};")
        self.trouble.setVisible(False)
        column = QVBoxLayout()
        column.setSpacing(theme.M)
        column.addWidget(label("网格联动 GridLink", "title"))
        column.addWidget(
            label(
                _("Locked: nobody was here. Your work is as you left it.") if locked else _where(store),
                "muted",
                wrap=True,
            )
        )
        for field in (self.name, self.password):
            field.setMinimumHeight(34)
            column.addWidget(field)
        column.addWidget(self.trouble)
        enter = button(_("Unlock") if locked else _("Log in"), self.log_in, kind="primary")
        enter.setMinimumHeight(34)
        column.addWidget(enter)
        surface = card(column)
        surface.setFixedWidth(380)
        column.setContentsMargins(theme.XL + 8, theme.XL, theme.XL + 8, theme.XL + 8)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(surface)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)
        (self.password if user else self.name).setFocus()

    def log_in(self) -> None:
        """Tries name and password; ``accepted`` carries the workspace."""
        try:
            actor = authenticate(self._store, self.name.text().strip(), self.password.text(), clock=utc_now)
        except GridLinkError as error:
            self.trouble.setText(f"{error.message} {error.cure}".strip())
            self.trouble.setVisible(True)
            self.password.clear()
            self.password.setFocus()
            return
        self.password.clear()
        self.accepted.emit(Workspace(self._store, actor))


class Cover(LoginView):
    """Lies over the whole window while it is locked; only the same account lifts it."""

    def __init__(self, workspace: Workspace, over: QWidget, lifted: Callable[[], None]) -> None:
        super().__init__(workspace.store, user=workspace.actor.name, locked=True, parent=over)
        self.accepted.connect(lambda _workspace: lifted())
        self.setGeometry(over.rect())
        self.show()
        self.raise_()
        self.password.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()  # no shortcut reaches the window below


def _where(store: Store) -> str:
    kind = _("encrypted store") if store.encrypted else _("shared server")
    return _("{kind}: {location}").format(kind=kind, location=store.location.rsplit("@", 1)[-1])
