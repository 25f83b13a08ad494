"""The details drawer at the right, and the plain tool buttons of the frame."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from core.i18n import _
from desktop import theme
from desktop.widgets.parts import label


class Drawer(QFrame):
    """The details drawer at the right; never a pop-up on a pop-up."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("drawer")
        self.setMinimumWidth(320)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.S, theme.S, theme.S)
        row = QHBoxLayout()
        self._title = label("", "heading")
        row.addWidget(self._title, 1)
        row.addWidget(tool("close", _("Close (Esc)"), self.close_content))
        column.addLayout(row)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._area, 1)

    def show_content(self, title: str, content: QWidget) -> None:
        """Opens the drawer on something else."""
        self._title.setText(title)
        self._area.setWidget(content)
        self.setVisible(True)

    def close_content(self) -> None:
        """Closes the drawer."""
        self.setVisible(False)


def tool(icon: str, tip: str, act: Callable[[], object]) -> QToolButton:
    """A button with an icon only; its tip is also its name for screen readers."""
    made = QToolButton()
    made.setProperty("kind", "plain")
    made.setIcon(theme.icon(icon))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.clicked.connect(lambda _checked=False: act())
    return made
