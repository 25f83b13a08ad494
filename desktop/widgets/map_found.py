"""What was found on the map, as a list in the drawer: layer by layer, a click opens, the map follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.atlas.selecting import SHOWN, Found, Inside
from core.i18n import _
from core.spatial.tiles import SMALLEST
from desktop import theme
from desktop.widgets.map_layers import layer_title
from desktop.widgets.parts import button, label


class FoundList(QWidget):
    """Records inside a shape or at one spot."""

    opened = Signal(str, object)
    layer_changed = Signal(str)
    file_wanted = Signal(str, object)
    export = Signal(str)
    to_registry = Signal(str)
    hand_out = Signal(str)

    def __init__(self, found: Sequence[Inside], *, may_export: bool = True, may_visit: bool = False) -> None:
        super().__init__()
        self.found = {one.layer: one for one in found}
        self.layers = QComboBox()
        for one in found:
            count = f"{one.count:,}" if one.count is not None else _("fewer than {n}").format(n=SMALLEST)
            self.layers.addItem(f"{layer_title(one.layer)}   {count}", one.layer)
        self.layers.currentIndexChanged.connect(lambda _n: self.layer_changed.emit(self.layer))
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setToolTip(_("A click shows it on the map, Enter or a double click opens its file"))
        self.list.itemActivated.connect(lambda item: self._tell(item, self.file_wanted))
        self.list.itemClicked.connect(lambda item: self._tell(item, self.opened))
        self.told = label("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, theme.S, 0)
        column.setSpacing(theme.S)
        if not found:
            column.addWidget(label(_("Nothing of the layers shown lies there."), "muted", wrap=True))
            column.addStretch(1)
            return
        column.addWidget(self.layers)
        column.addWidget(self.told)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        if may_export:
            row.addWidget(
                button(_("Export as a spreadsheet"), lambda: self.export.emit(self.layer), icon="folder")
            )
            row.addWidget(
                button(_("Show in the registry"), lambda: self.to_registry.emit(self.layer), icon="registry")
            )
        row.addStretch(1)
        column.addLayout(row)
        if may_visit:
            tip = _("As a visit: to an officer, until a day, for a reason")
            visit = button(_("Hand out…"), lambda: self.hand_out.emit(self.layer), icon="user", tip=tip)
            below = QHBoxLayout()
            below.addWidget(visit)
            below.addStretch(1)
            column.addLayout(below)

    @property
    def layer(self) -> str:
        """The layer whose records are listed."""
        return str(self.layers.currentData() or "")

    def show_rows(self, rows: Sequence[Found], icon: Callable[[str], str] = lambda name: name) -> None:
        """Lists records; what is more than the list holds is said."""
        self.list.clear()
        for row in rows:
            text = row.title if row.count == 1 else f"{row.title}   ({row.count:,})"
            item = QListWidgetItem(theme.icon(icon(row.resource), size=16), text)
            item.setData(Qt.ItemDataRole.UserRole, (row.resource, row.entity))
            self.list.addItem(item)
        one = self.found.get(self.layer)
        whole = len(one.ids) if one else len(rows)
        if whole > SHOWN:
            self.told.setText(_("The first {shown} of {total}; the export has them all.").format(
                shown=f"{SHOWN:,}", total=f"{whole:,}"))  # fmt: skip
        else:
            self.told.setText(_("{count} records").format(count=f"{whole:,}"))

    def _tell(self, item: QListWidgetItem, signal: SignalInstance) -> None:
        chosen = item.data(Qt.ItemDataRole.UserRole)
        if chosen:
            signal.emit(*chosen)
