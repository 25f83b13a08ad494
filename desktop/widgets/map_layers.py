"""The map's side: which layers, in which order and how opaque; areas; a statistic with its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.atlas.choropleth import DEFINITIONS, Choropleth
from core.atlas.layers import AREAS, LAYERS, TITLES, Layer
from core.i18n import _
from core.model import names
from core.spatial.tiles import SMALLEST
from desktop import theme
from desktop.map import colours
from desktop.map.view import ShownLayer
from desktop.widgets.parts import clear, label, rule

_ICONS = {"overdue": "overdue", "findings": "findings", "conflicts": "adjudication"}
_NAME = Qt.ItemDataRole.UserRole
_OPACITY = Qt.ItemDataRole.UserRole + 1


def layer_title(name: str) -> str:
    """The name of a layer as people read it."""
    return _(TITLES[name]) if name in TITLES else names.label("resource", name)


class LayerPanel(QWidget):
    """Layers by drag or Alt+arrows, the topmost first; Space shows or hides."""

    layers_changed = Signal()
    levels_changed = Signal()
    statistic_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.list.setIconSize(QSize(18, 18))
        self.list.setAccessibleName(_("Layers"))
        self.list.setStyleSheet("QListWidget::item { padding: 3px 4px; border: none; }")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(lambda _item: self.layers_changed.emit())
        self.list.model().rowsMoved.connect(lambda *_moved: self.layers_changed.emit())
        self.list.currentItemChanged.connect(lambda now, _before: self._show_opacity(now))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(10, 100)
        self.opacity.setAccessibleName(_("Opacity"))
        self.opacity.setToolTip(_("Opacity of the layer chosen above"))
        self.opacity.valueChanged.connect(self._set_opacity)
        for keys, step in (("Alt+Up", -1), ("Alt+Down", 1)):
            QShortcut(QKeySequence(keys), self.list, lambda by=step: self.move_layer(by))
        self._levels: dict[str, QCheckBox] = {}
        self.statistic, self.by = QComboBox(), QComboBox()
        self._legend = QVBoxLayout()
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(label(_("Layers"), "heading"))
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.addWidget(label(_("Opacity"), "muted"))
        row.addWidget(self.opacity, 1)
        column.addLayout(row)
        column.addWidget(rule())
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.S)
        for number, level in enumerate(AREAS):
            box = QCheckBox(_(TITLES[level]))
            box.toggled.connect(lambda _on: self.levels_changed.emit())
            self._levels[level] = box
            grid.addWidget(box, number // 2, number % 2)
        column.addLayout(grid)
        column.addWidget(rule())
        self.statistic.addItem(_("No statistic"), "")
        for one in DEFINITIONS.values():
            self.statistic.addItem(_(one.title), one.id)
        self.by.addItem(_("by community"), "community")
        self.by.addItem(_("by grid"), "grid")
        for choice, name in ((self.statistic, _("Colour areas by")), (self.by, _("Areas"))):
            choice.setAccessibleName(name)
            choice.currentIndexChanged.connect(lambda _index: self.statistic_changed.emit())
        row = QHBoxLayout()
        row.setSpacing(theme.XS)
        row.addWidget(self.statistic, 1)
        row.addWidget(self.by)
        column.addLayout(row)
        self._legend.setSpacing(2)
        column.addLayout(self._legend)
        note = _("People are shown as counts; fewer than {n} are not shown.").format(n=SMALLEST)
        column.addWidget(label(note, "muted", wrap=True))

    def offer(self, layers: Mapping[str, Layer], shown: Sequence[ShownLayer], known: Sequence[str]) -> None:
        """Lists the layers that there are; ``known`` is the order (topmost first), ``shown`` are those to show."""
        opacity = {one.name: one.opacity for one in shown}
        order = [*(n for n in known if n in layers), *(n for n in LAYERS if n in layers and n not in known)]
        current = self.list.currentItem()
        kept = current.data(_NAME) if current is not None else ""
        self.list.blockSignals(True)
        self.list.clear()
        for name in order:
            item = QListWidgetItem(theme.icon(_ICONS.get(name, name), colours.of(name), 18), "")
            item.setData(_NAME, name)
            item.setData(_OPACITY, opacity.get(name, 1.0))
            item.setCheckState(Qt.CheckState.Checked if name in opacity else Qt.CheckState.Unchecked)
            self.list.addItem(item)
            if name == kept:
                self.list.setCurrentItem(item)
            self._tell(item, layers[name])
        self.list.blockSignals(False)
        self._show_opacity(self.list.currentItem() or self.list.item(0))

    def _tell(self, item: QListWidgetItem, layer: Layer) -> None:
        share = f"{layer.placed:,}" if layer.placed == layer.total else f"{layer.placed:,} / {layer.total:,}"
        item.setText(f"{layer_title(layer.name)}   {share}")
        told = _("{placed} of {total} placed").format(placed=f"{layer.placed:,}", total=f"{layer.total:,}")
        item.setToolTip(f"{layer_title(layer.name)}: {told}")

    def order(self) -> list[str]:
        """Every layer, the topmost first."""
        return [self.list.item(n).data(_NAME) for n in range(self.list.count())]

    def shown(self) -> list[ShownLayer]:
        """What is to be shown, in the order of painting (the topmost last)."""
        items = [self.list.item(n) for n in range(self.list.count())]
        on = [one for one in items if one.checkState() == Qt.CheckState.Checked]
        return [ShownLayer(one.data(_NAME), one.data(_OPACITY)) for one in reversed(on)]

    def show_only(self, name: str) -> None:
        """Makes sure that a layer is shown."""
        for n in range(self.list.count()):
            if self.list.item(n).data(_NAME) == name:
                self.list.item(n).setCheckState(Qt.CheckState.Checked)

    def move_layer(self, step: int) -> None:
        """Moves the chosen layer up (-1) or down (1)."""
        row = self.list.currentRow()
        if 0 <= row + step < self.list.count():
            item = self.list.takeItem(row)
            self.list.insertItem(row + step, item)
            self.list.setCurrentItem(item)
            self.layers_changed.emit()

    def levels(self) -> list[str]:
        """The levels of areas whose outlines are shown."""
        return [level for level, box in self._levels.items() if box.isChecked()]

    def set_levels(self, levels: Sequence[str]) -> None:
        """Ticks these levels of areas."""
        for level, box in self._levels.items():
            box.blockSignals(True)
            box.setChecked(level in levels)
            box.blockSignals(False)

    def choose_statistic(self, statistic: str, by: str) -> None:
        """Sets the statistic without telling anybody."""
        for box, value in ((self.statistic, statistic), (self.by, by)):
            box.blockSignals(True)
            box.setCurrentIndex(max(0, box.findData(value)))
            box.blockSignals(False)

    def show_legend(self, found: Choropleth | None) -> None:
        """The classes of the statistic in colour, its unit and as of when."""
        clear(self._legend)
        if found is None:
            return
        for colour, low, high in colours.classes(found):
            self._legend.addLayout(_swatch(QBrush(QColor(colour)), f"{low:,.1f} – {high:,.1f}"))
        if found.suppressed:
            hatched = QBrush(theme.brush("muted").color(), Qt.BrushStyle.BDiagPattern)
            few = _("fewer than {n} people: {areas} areas").format(
                n=SMALLEST, areas=f"{len(found.suppressed):,}"
            )
            self._legend.addLayout(_swatch(hatched, few))
        unknown = sum(1 for value in found.values.values() if value is None) - len(found.suppressed)
        if unknown:
            nothing = _("no data: {areas} areas").format(areas=f"{unknown:,}")
            self._legend.addLayout(_swatch(theme.brush("ground"), nothing))
        unit = _(found.definition.unit)
        words = _("{unit}; {population}; as of {day}, change set {number}").format(
            unit=unit, population=_(found.definition.population), day=found.as_of, number=found.change_set
        )
        self._legend.addWidget(label(words, "muted", wrap=True))

    def _show_opacity(self, item: QListWidgetItem | None) -> None:
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(100 * (item.data(_OPACITY) if item else 1.0)))
        self.opacity.blockSignals(False)

    def _set_opacity(self, value: int) -> None:
        item = self.list.currentItem()
        if item is not None:
            item.setData(_OPACITY, value / 100)


def _swatch(brush: QBrush, text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.S)
    box = QLabel()
    patch = QPixmap(18, 12)
    patch.fill(theme.brush("surface").color())
    painter = QPainter(patch)
    painter.setPen(theme.brush("line").color())
    painter.setBrush(brush)
    painter.drawRect(0, 0, 17, 11)
    painter.end()
    box.setPixmap(patch)
    row.addWidget(box)
    row.addWidget(label(text), 1)
    return row
