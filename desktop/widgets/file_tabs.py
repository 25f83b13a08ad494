"""Tabs: what is always there first, then the files that were opened, each once, closable by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from core.i18n import _
from desktop import theme

Key = tuple[str, int]
_WIDEST = 26
"""Characters of a title before it is cut; the whole stands in the tool tip."""


class FileTabs(QWidget):
    """One fixed page and any number of files; a file is made when its tab is first in front."""

    switched = Signal()

    def __init__(self, fixed: QWidget, title: str, make: Callable[[Key], QWidget]) -> None:
        super().__init__()
        self._make, self._keys = make, list[Key | None]([None])
        self._views: dict[Key, QWidget] = {}
        self.bar = QTabBar()
        self.bar.setObjectName("files")
        self.bar.setExpanding(False)
        self.bar.setMovable(True)
        self.bar.setDrawBase(False)
        self.bar.setUsesScrollButtons(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideRight)
        self.bar.setIconSize(QSize(16, 16))
        self.bar.addTab(theme.icon("registry", size=16), title)
        self.bar.setTabToolTip(0, title)
        self.bar.currentChanged.connect(self._turned)
        self.bar.tabMoved.connect(self._moved)
        self._stack = QStackedWidget()
        self._stack.addWidget(fixed)
        self._fixed = fixed
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self.bar.setVisible(False)
        ways = {"Ctrl+Tab": partial(self.step, 1), "Ctrl+Shift+Tab": partial(self.step, -1)}
        for keys, act in {"Ctrl+W": self.close_current, **ways}.items():
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(act)

    @property
    def keys(self) -> Sequence[Key]:
        """The open files from left to right."""
        return [key for key in self._keys if key is not None]

    @property
    def current(self) -> Key | None:
        """The file in front, None while the fixed page is."""
        return self._keys[self.bar.currentIndex()]

    def view(self, key: Key) -> QWidget | None:
        """The widget of an open file, None before it was in front."""
        return self._views.get(key)

    def open(self, key: Key, *, in_front: bool = True) -> None:
        """Opens a file in a tab of its own, or brings the tab to the front that it has."""
        if key not in self._keys:
            self._keys.append(key)
            place = self.bar.addTab(theme.icon(key[0], size=16), "…")
            close = QToolButton()
            close.setProperty("kind", "plain")
            close.setIcon(theme.icon("close", size=12))
            close.setIconSize(QSize(12, 12))
            close.setToolTip(_("Close (Ctrl+W)"))
            close.setAccessibleName(_("Close (Ctrl+W)"))
            close.clicked.connect(lambda _checked=False: self.close_file(key))
            self.bar.setTabButton(place, QTabBar.ButtonPosition.RightSide, close)
            self.bar.setVisible(True)
        if in_front:
            self.bar.setCurrentIndex(self._keys.index(key))

    def name(self, key: Key, title: str) -> None:
        """Gives a file's tab its title."""
        if key in self._keys:
            place = self._keys.index(key)
            self.bar.setTabText(place, title if len(title) <= _WIDEST else f"…{title[-_WIDEST + 1 :]}")
            self.bar.setTabToolTip(place, title)

    def title(self, key: Key) -> str:
        """The whole title of an open file."""
        return self.bar.tabToolTip(self._keys.index(key))

    def show_fixed(self) -> None:
        """Brings the fixed page to the front."""
        self.bar.setCurrentIndex(self._keys.index(None))

    def step(self, by: int) -> None:
        """The next tab, round and round."""
        self.bar.setCurrentIndex((self.bar.currentIndex() + by) % self.bar.count())

    def close_current(self) -> None:
        """Closes the file in front; the fixed page stays."""
        if self.current is not None:
            self.close_file(self.current)

    def close_file(self, key: Key) -> None:
        """Closes one file."""
        place = self._keys.index(key)
        self._keys.pop(place)
        view = self._views.pop(key, None)
        self.bar.blockSignals(True)
        self.bar.removeTab(place)
        self.bar.blockSignals(False)
        self.bar.setVisible(len(self._keys) > 1)
        self._turned()
        if view is not None:
            self._stack.removeWidget(view)
            view.deleteLater()

    def _turned(self, _place: int = 0) -> None:
        key = self.current
        if key is not None and key not in self._views:
            self._views[key] = self._make(key)
            self._stack.addWidget(self._views[key])
        self._stack.setCurrentWidget(self._fixed if key is None else self._views[key])
        self.switched.emit()

    def _moved(self, start: int, end: int) -> None:
        self._keys.insert(end, self._keys.pop(start))
