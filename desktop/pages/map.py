"""Map: the district with its grids and what is there; a click comes nearer or opens the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.i18n import N_, _
from core.model import names as labels
from core.spatial.grids import Feature, base_map
from core.spatial.layers import SMALLEST, Layer, load_layers, position
from core.spatial.tiles import View
from desktop import theme
from desktop.desk import Desk
from desktop.map.view import COLOURS, MapView
from desktop.pages import Page
from desktop.widgets.parts import button, clear, empty, label, rule

_Data = tuple[dict[str, Layer], dict[str, list[Feature]]]


class MapPage(Page):
    """The district map, offline."""

    name, title, icon, permission = "map", N_("Map"), "map", "map.read"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.layers: dict[str, Layer] = {}
        self._base: dict[str, list[Feature]] = {}
        self.busy = False
        self._wanted: tuple[float, float] | None = None
        self.map = MapView({"view": self._view, "base": lambda _values: self._base})
        self.map.opened.connect(desk.open_record)
        self.map.revived.connect(
            lambda: desk.messages.notice(_("The map's process ended and was started again."))
        )
        self.map.gave_up.connect(self._gave_up)
        self.map.drawn.connect(self._drawn)
        self.map.ready.connect(self._ready)
        self._boxes: dict[str, QCheckBox] = {}
        self._choices = QVBoxLayout()
        self._choices.setSpacing(theme.S)
        side = QWidget()
        side.setFixedWidth(220)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(label(_(self.title), "title"))
        column.addLayout(self._choices)
        column.addWidget(rule())
        note = _("People are shown as counts; fewer than {n} are not shown.").format(n=SMALLEST)
        column.addWidget(label(note, "muted", wrap=True))
        column.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(self.map, 1)
        again = button(_("Start the map again"), self._again, icon="refresh", kind="primary")
        first = button(_("Open the Inbox"), lambda: desk.show_page("inbox"), icon="inbox", kind="primary")
        self._states = QStackedLayout(self)
        self._states.addWidget(body)
        nothing = _("Nothing to show on the map yet. Addresses and grids arrive with packages.")
        self._states.addWidget(empty("map", nothing, first))
        self._states.addWidget(empty("map", _("The map's process ended three times within a minute."), again))

    def refresh(self) -> None:
        """Reads the points beside the window; the page keeps its place."""
        self.busy = True
        self.desk.jobs.read(
            lambda: (load_layers(self.desk.workspace), base_map(self.desk.workspace)), self._show
        )

    def show_record(self, resource: str, entity: int) -> None:
        """Centres on one record and marks it, or says that it has no place."""
        self.desk.jobs.read(lambda: position(self.desk.workspace, resource, entity), self._mark)

    def closing(self) -> None:
        """Ends the web page before the window goes."""
        self.map.closing()

    def _show(self, data: _Data) -> None:
        self.layers, self._base = data
        self._states.setCurrentIndex(0 if self.layers else 1)
        self._offer()
        if not self.layers:
            self.busy = False
            return
        wanted = [name for name in self.map.place.layers if name in self.layers]
        self.map.place.layers = wanted or [next(iter(self.layers))]
        self.map.load()

    def _offer(self) -> None:
        clear(self._choices)
        self._boxes.clear()
        for name, layer in self.layers.items():
            box = QCheckBox(labels.label("resource", name))
            box.setChecked(name in self.map.place.layers)
            box.setIcon(theme.icon(name, COLOURS[theme.scheme()][name], 18))
            box.setIconSize(QSize(18, 18))
            box.toggled.connect(self._toggled)
            self._boxes[name] = box
            self._choices.addWidget(box)
            share = _("{placed} of {total} placed").format(
                placed=f"{layer.placed:,}", total=f"{layer.total:,}"
            )
            line = label(share, "muted")
            line.setContentsMargins(theme.XL + theme.M, 0, 0, 0)
            self._choices.addWidget(line)

    def _toggled(self) -> None:
        chosen = [name for name, box in self._boxes.items() if box.isChecked()]
        self.map.show_layers(chosen)

    def _view(self, values: Mapping[str, str]) -> dict[str, Any]:
        layer = self.layers.get(values["layer"])
        if layer is None:
            return {"lon": [], "lat": [], "count": [], "id": []}
        west, south, east, north = (float(values[name]) for name in ("west", "south", "east", "north"))
        return layer.index.features(View(west, south, east, north, int(values["zoom"]))).as_columns()

    def _mark(self, place: tuple[float, float] | None) -> None:
        if place is None:
            self.desk.messages.notice(_("This record has no place on the map yet."))
            return
        self._wanted = place
        self.map.mark(*place)

    def _ready(self) -> None:
        if self._wanted is not None:
            self.map.mark(*self._wanted)

    def _drawn(self, _features: int) -> None:
        self.busy = False

    def _gave_up(self) -> None:
        self._states.setCurrentIndex(2)

    def _again(self) -> None:
        self._states.setCurrentIndex(0)
        self.refresh()
