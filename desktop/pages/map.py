"""Map: the district with its grids and what is there; a click comes nearer or opens the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from core.atlas.areas import Areas, features, read_areas
from core.atlas.atlas import Atlas, newest
from core.atlas.basemaps import BaseMap, base_map
from core.atlas.choropleth import Choropleth, choropleth
from core.atlas.layers import Layer
from core.atlas.roads import as_page, read_roads
from core.atlas.selecting import position
from core.i18n import N_, _, language
from core.registry.filters import Selection
from core.security.own_grids import home
from core.spatial.positions import convert
from core.spatial.tiles import MOST, NOTHING, Features, View
from desktop import theme
from desktop.desk import Desk
from desktop.map import colours, remembering
from desktop.map.ground import Ground
from desktop.map.remembering import Habits
from desktop.map.view import MapView, ShownLayer
from desktop.pages import Page
from desktop.widgets.map_bar import MapBar
from desktop.widgets.map_layers import LayerPanel
from desktop.widgets.map_work import CHOSEN, MapWork
from desktop.widgets.parts import button, empty, label

_SIDE = {"zh": 272, "en": 352}
"""Pixels: English says the same at greater length."""
_LOOK_MS = 30_000
"""Between two looks at whether somebody else changed something."""
_Data = tuple[Areas, bytes | None, BaseMap | None]


class MapPage(Page):
    """The district map, offline."""

    name, title, icon, permission = "map", N_("Map"), "map", "map.read"
    selected = Signal(str, list)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.atlas, self.areas, self._base = Atlas(), {}, b"{}"
        self.busy, self._wanted, self._declared = False, None, None
        self.habits = remembering.recall(desk.workspace.actor.name)
        self._begun = self.habits.at is not None
        self.ground = Ground(self)
        answers = {"view": self._view, "base": lambda _values: self._base, "where": self._where}
        self.map = MapView(answers, tile=self.ground.tile)
        remembering.apply(self.habits, self.map.place)
        self.panel, self.bar = LayerPanel(), MapBar()
        self.work = MapWork(desk, self.map, self.bar, self)
        self._build()
        self._connect()
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(1000)
        self._keep.timeout.connect(self.remember)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._look_around)
        self._look.start()

    atlas: Atlas
    areas: Areas
    habits: Habits
    _base: bytes
    _wanted: tuple[float, float] | None
    _declared: BaseMap | None

    # --- what others ask for ---

    @property
    def layers(self) -> Mapping[str, Layer]:
        """The layers as they were last read."""
        return self.atlas.layers

    def refresh(self) -> None:
        """Reads what changed beside the window; the page keeps its place."""
        self.busy, self.work.own = True, home(self.desk.workspace)
        self.bar.mine.setVisible(bool(self.work.own))
        self.desk.jobs.read(self._read, self._show)

    def show_record(self, resource: str, entity: int) -> None:
        """Centres on one record and marks it, or says that it has no place."""
        self.map.choose([entity])
        self.desk.jobs.read(lambda: position(self.desk.workspace, resource, entity), self._mark)

    def show_selection(self, selection: Selection) -> None:
        """Shows where the rows of a table's selection lie, all of them in view."""
        self.work.show_selection(selection)

    def show_position(self, lon: float, lat: float) -> None:
        """Marks a position (WGS-84)."""
        self._mark((lon, lat))

    def remember(self) -> None:
        """Keeps what this user shows for the next time."""
        place = self.map.place
        self.habits = replace(
            self.habits, layers=self.panel.shown(), order=self.panel.order(), levels=self.panel.levels(),
            statistic=self.panel.statistic.currentData(), by=self.panel.by.currentData(), system=place.system,
            ground=self.bar.ground.isChecked(), at=None if place.fit else (place.lon, place.lat, place.zoom),
        )  # fmt: skip
        remembering.remember(self.desk.workspace.actor.name, self.habits)

    def closing(self) -> None:
        """Ends the web page before the window goes."""
        self._keep.stop()
        self._look.stop()
        if self.layers:
            self.remember()
        self.map.closing()
        self.ground.closing()

    # --- building ---

    def _build(self) -> None:
        side = QWidget()
        side.setFixedWidth(_SIDE[language()])
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.L, theme.M, theme.M, theme.M)
        column.setSpacing(theme.S)
        column.addWidget(label(_(self.title), "title"))
        column.addWidget(self.panel, 1)
        right = QWidget()
        over = QVBoxLayout(right)
        over.setContentsMargins(0, 0, 0, 0)
        over.setSpacing(0)
        over.addWidget(self.bar)
        over.addWidget(self.map, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(right, 1)
        again = button(_("Start the map again"), self._again, icon="refresh", kind="primary")
        first = button(
            _("Open the Inbox"), lambda: self.desk.show_page("inbox"), icon="inbox", kind="primary"
        )
        self._states = QStackedLayout(self)
        self._states.addWidget(body)
        nothing = _("Nothing to show on the map yet. Addresses and grids arrive with packages.")
        self._states.addWidget(empty("map", nothing, first))
        self._states.addWidget(empty("map", _("The map's process ended three times within a minute."), again))
        self.panel.set_levels(self.habits.levels)
        self.panel.choose_statistic(self.habits.statistic, self.habits.by)
        self.bar.choose_system(self.habits.system)
        self.bar.ground.setChecked(self.habits.ground)

    def _connect(self) -> None:
        told = _("The map's process ended and was started again.")
        self.map.revived.connect(lambda: self.desk.messages.notice(told))
        self.map.gave_up.connect(lambda: self._states.setCurrentIndex(2))
        self.map.drawn.connect(self._drawn)
        self.map.ready.connect(self._ready)
        self.map.acted.connect(self.work.acted)
        self.work.selected.connect(self.selected)
        self.work.place_wanted.connect(self._mark)
        self.work.chosen_changed.connect(self._layers_changed)
        self.panel.layers_changed.connect(self._layers_changed)
        self.panel.opacity.sliderReleased.connect(self._layers_changed)
        self.panel.levels_changed.connect(lambda: self.map.show_levels(self.panel.levels()))
        self.panel.statistic_changed.connect(self._colour)
        self.bar.system_changed.connect(self._system)
        self.bar.ground.toggled.connect(lambda _on: self._lay())

    # --- data ---

    def _read(self) -> _Data:
        before = self.atlas.last
        self.atlas.refresh(self.desk.workspace)
        ground = base_map(self.desk.workspace)
        if self.areas and before == self.atlas.last:
            return self.areas, None, ground
        areas = read_areas(self.desk.workspace)
        base = {**features(areas), "roads": as_page(read_roads(self.desk.workspace))}
        return areas, orjson.dumps(base), ground

    def _look_around(self) -> None:
        """Another client may have changed the registry on the same server."""
        if self.isVisible() and self.layers and not self.busy:
            workspace, last = self.desk.workspace, self.atlas.last
            self.desk.jobs.read(lambda: newest(workspace) > last, lambda newer: self.refresh() if newer else None)

    def _show(self, data: _Data) -> None:
        self.areas, base, ground = data
        self._use(ground)
        there = {name: layer for name, layer in self.layers.items() if layer.total}
        self._states.setCurrentIndex(0 if there else 1)
        shown = [one for one in self.map.place.layers if one.name in there]
        self.map.place.layers = shown or [ShownLayer(name) for name in list(there)[:1]]
        self.panel.offer(there, self.map.place.layers, self.habits.order)
        if not there:
            self.busy = False
            return
        if base is not None:
            self._base = base
        self._colour()
        if self.map.page.url().isEmpty():
            self.map.load()
        else:
            self.map.call("again")

    def _use(self, ground: BaseMap | None) -> None:
        if ground == self._declared:
            return
        self._declared = ground
        trouble = self.ground.use(ground)
        if trouble is not None:
            self.desk.messages.trouble(trouble)
        self.bar.ground.setVisible(self.ground.declared() is not None)
        self._lay()

    def _lay(self) -> None:
        self.map.show_ground(self.ground.declared() if self.bar.ground.isChecked() else None)
        self._keep.start()

    def _view(self, values: Mapping[str, str]) -> bytes:
        west, south, east, north = (float(values[name]) for name in ("west", "south", "east", "north"))
        view = View(west, south, east, north, int(values["zoom"]))
        names = values["layers"].split(",")
        most = MOST // len(names)
        return b"".join(self._features(name, view, most).as_bytes() for name in names)

    def _features(self, name: str, view: View, most: int) -> Features:
        index = (
            self.work.chosen if name == CHOSEN else self.layers[name].index if name in self.layers else None
        )
        return index.features(view, most) if index is not None else NOTHING

    def _where(self, values: Mapping[str, str]) -> dict[str, str]:
        there = convert(float(values["lon"]), float(values["lat"]), "EPSG:4490", values["system"])
        return {"text": f"{there.lon:.6f}, {there.lat:.6f}  {values['system']}"}

    # --- what happens ---

    def _layers_changed(self) -> None:
        self.map.show_layers([*self.panel.shown(), *self.work.on_top()])
        self._keep.start()

    def _colour(self) -> None:
        statistic, by = self.panel.statistic.currentData(), self.panel.by.currentData()
        if not statistic or not self.areas or not self.layers:
            self._coloured(None)
            return
        workspace, atlas, areas = self.desk.workspace, self.atlas, self.areas
        self.desk.jobs.read(lambda: choropleth(workspace, atlas, areas, statistic, by), self._coloured)

    def _coloured(self, found: Choropleth | None) -> None:
        self.work.statistic = found
        self.panel.show_legend(found)
        self.map.show_fill(dict(colours.fill(found)) if found else None)

    def _system(self, system: str) -> None:
        self.map.place.system = system
        self.map.call("system", system)
        self._keep.start()

    def _mark(self, place: tuple[float, float] | None) -> None:
        if place is None:
            self.desk.messages.notice(_("This record has no place on the map yet."))
            return
        self._wanted = place
        self.map.mark(*place)

    def _ready(self) -> None:
        if not self._begun and self.work.own and self._wanted is None:  # nothing is remembered: begin at home
            self.work.show_own()
        self._begun = True
        if self._wanted is not None:
            self.map.mark(*self._wanted)
            self._wanted = None

    def _drawn(self, _features: int) -> None:
        self.busy = False
        self._keep.start()

    def _again(self) -> None:
        self._states.setCurrentIndex(0)
        self.map.load()
