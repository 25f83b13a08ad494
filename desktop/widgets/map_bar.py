"""The bar over the map: where to go, what the hand does, which coordinates are shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QToolButton

from core.i18n import N_, _
from core.spatial.positions import SHOWN
from desktop import theme

TOOLS = {
    "box": (N_("Box"), N_("Drag a box: lists what is inside"), "Ctrl+Shift+B"),
    "polygon": (
        N_("Polygon"),
        N_("Click the corners, double-click the last: lists what is inside"),
        "Ctrl+Shift+P",
    ),
    "grid": (N_("Grid"), N_("Click into a grid: lists what is inside"), "Ctrl+Shift+G"),
    "distance": (N_("Distance"), N_("Click along the way, double-click the end"), "Ctrl+Shift+D"),
    "area": (N_("Area"), N_("Click the corners, double-click the last"), "Ctrl+Shift+A"),
}
"""What the hand can do: its name, what it is for, its shortcut."""
SYSTEM_NAMES = {"EPSG:4490": "CGCS2000", "EPSG:4326": "WGS-84", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}


class MapBar(QFrame):
    """One line over the map."""

    tool_chosen = Signal(str)
    asked = Signal(str)
    print_asked = Signal()
    system_changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("top")
        self.go = QLineEdit()
        self.go.setPlaceholderText(_("120.62,31.31, an address or a place"))
        self.go.setToolTip(_("Go to a position or to what is called so (Enter)"))
        self.go.setMinimumWidth(90)
        self.go.setMaximumWidth(260)
        self.go.returnPressed.connect(lambda: self.asked.emit(self.go.text()))
        self.tools: dict[str, QToolButton] = {}
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.S, theme.XS, theme.S, theme.XS)
        self.row.setSpacing(0)
        self.row.addWidget(self.go, 1)
        self.row.addSpacing(theme.S)
        for name, (title, tip, keys) in TOOLS.items():
            self.tools[name] = self.add_tool(_(title), f"{_(tip)}  {keys}", keys, checkable=True)
            self.tools[name].clicked.connect(
                lambda on, which=name: self.tool_chosen.emit(which if on else "")
            )
        self.print = self.add_tool(_("Print"), _("The view as a PDF with legend and scale"), "Ctrl+P")
        self.print.clicked.connect(lambda _on: self.print_asked.emit())
        self.row.addSpacing(theme.S)
        self.placing = self.add_tool(
            _("To place"), _("Addresses without a place, one after the other"), "Ctrl+Shift+U"
        )
        self.grids = self.add_tool(
            _("Edit grids"), _("Move borders, split, merge and draw grids"), "Ctrl+Shift+E"
        )
        self.mine = self.add_tool(_("My grids"), _("Show my own grids, outlined"), "Ctrl+Shift+M")
        self.mine.setVisible(False)
        self.row.addStretch(1)
        self.clear = self.add_tool(_("Clear the marks"), _("Takes away what was chosen in a table"), "")
        self.clear.setVisible(False)
        self.ground = self.add_tool(
            _("Base map"), _("Show the base map under everything"), "", checkable=True
        )
        self.ground.setVisible(False)
        self.system = QComboBox()
        self.system.setAccessibleName(_("Coordinates shown"))
        self.system.setToolTip(_("Coordinates under the mouse; a right click copies them"))
        for code in SHOWN:
            self.system.addItem(SYSTEM_NAMES[code], code)
        self.system.currentIndexChanged.connect(
            lambda _n: self.system_changed.emit(self.system.currentData())
        )
        self.row.addWidget(self.system)

    def add_tool(self, title: str, tip: str, keys: str, *, checkable: bool = False) -> QToolButton:
        """One more button; its shortcut works wherever the map page is."""
        made = QToolButton()
        made.setProperty("kind", "plain")
        made.setText(title)
        made.setToolTip(tip)
        made.setCheckable(checkable)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if keys:
            made.setShortcut(QKeySequence(keys))
        self.row.addWidget(made)
        return made

    def show_mode(self, name: str) -> None:
        """Shows which tool the hand holds."""
        for which, one in self.tools.items():
            one.setChecked(which == name)

    def choose_system(self, system: str) -> None:
        """Sets the coordinates that are shown."""
        self.system.setCurrentIndex(max(0, self.system.findData(system)))
