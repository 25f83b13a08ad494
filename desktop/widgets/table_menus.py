"""The two menus of a table: which columns are shown, and the views that its user has saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QWidget, QWidgetAction

from core.i18n import _
from core.model.labels import field_title
from core.registry import views
from core.registry.fields import fields
from core.registry.tables import default_columns
from core.registry.views import View
from desktop import theme
from desktop.desk import Desk
from desktop.widgets.parts import button


class ColumnMenu(QPushButton):
    """A list of every column with a tick; it stays open while columns are chosen."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(_("Columns"))
        self.setIcon(theme.icon("columns"))
        self._resource, self._shown = "", tuple[str, ...]()
        self._menu = _StayingMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    def show_columns(self, resource: str, shown: Sequence[str]) -> None:
        """Tells the menu what is shown now."""
        self._resource, self._shown = resource, tuple(shown)

    def turn(self, name: str) -> None:
        """Shows a column at the end, or no longer; one always stays."""
        left = tuple(one for one in self._shown if one != name)
        self._shown = left if name in self._shown else (*self._shown, name)
        self._shown = self._shown or (name,)
        self.chosen.emit(self._shown)

    def _fill(self) -> None:
        self._menu.clear()
        for name in fields(self._resource):
            action = QAction(field_title(name), self._menu)
            action.setCheckable(True)
            action.setChecked(name in self._shown)
            action.triggered.connect(partial(lambda name, _checked: self.turn(name), name))
            self._menu.addAction(action)
        self._menu.addSeparator()
        self._menu.addAction(_("The usual columns"), self._usual)

    def _usual(self) -> None:
        self._shown = default_columns(self._resource)
        self.chosen.emit(self._shown)
        self._menu.close()


class _StayingMenu(QMenu):
    """A tick does not close it."""

    def mouseReleaseEvent(self, event: object) -> None:
        action = self.activeAction()
        if action is not None and action.isCheckable():
            action.trigger()
            return
        super().mouseReleaseEvent(event)  # type: ignore[arg-type]  # it is the mouse event that came


class ViewMenu(QPushButton):
    """Saved views of the kind: open one, save what is shown under a name, forget one."""

    opened = Signal(object)

    def __init__(self, desk: Desk, current: Callable[[str], View]) -> None:
        super().__init__(_("Views"))
        self.setIcon(theme.icon("view"))
        self._desk, self._current, self._resource = desk, current, ""
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.name = QLineEdit()
        self.name.setPlaceholderText(_("Save what is shown as…"))
        self.name.setMinimumWidth(220)
        self.name.returnPressed.connect(self.save)
        self._keep = QWidgetAction(self)  # made once: a menu that is cleared deletes only its own actions
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(theme.S, theme.XS, theme.S, theme.XS)
        row.addWidget(self.name)
        row.addWidget(button(_("Save"), self.save))
        self._keep.setDefaultWidget(holder)

    def show_kind(self, resource: str) -> None:
        """The kind whose views are offered."""
        self._resource = resource

    def save(self) -> None:
        """Keeps what is shown under the name that was typed."""
        view = self._current(self.name.text().strip())
        workspace = self._desk.workspace
        if not view.name:
            return
        self._menu.close()
        self.name.clear()
        told = _("View saved: {name}").format(name=view.name)
        self._desk.jobs.read(lambda: views.save(workspace, view), lambda _none: self._desk.messages.done(told))

    def saved(self) -> Sequence[View]:
        """The views of the kind, by name."""
        return views.saved(self._desk.workspace, self._resource)

    def _fill(self) -> None:
        self._menu.clear()
        for view in self.saved():
            self._menu.addAction(self._line(view))
        if not self._menu.isEmpty():
            self._menu.addSeparator()
        self._menu.addAction(self._keep)

    def _line(self, view: View) -> QWidgetAction:
        made, holder = QWidgetAction(self._menu), QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(theme.S, 0, theme.S, 0)
        row.addWidget(button(view.name, partial(self._open, view), kind="link"), 1)
        gone = QToolButton()
        gone.setProperty("kind", "plain")
        gone.setIcon(theme.icon("close", size=12))
        gone.setToolTip(_("Forget the view {name}").format(name=view.name))
        gone.setAccessibleName(gone.toolTip())
        gone.clicked.connect(lambda _checked=False: self._forget(view))
        row.addWidget(gone)
        made.setDefaultWidget(holder)
        return made

    def _open(self, view: View) -> None:
        self._menu.close()
        self.opened.emit(view)

    def _forget(self, view: View) -> None:
        workspace = self._desk.workspace
        self._menu.close()
        self._desk.jobs.read(
            lambda: views.forget(workspace, view.selection.resource, view.name),
            lambda _none: self._desk.messages.done(
                _("View forgotten: {name}").format(name=view.name),
                undo=lambda: self._desk.jobs.read(lambda: views.save(workspace, view), lambda _none: None),
            ),
        )
