"""Work on the map: opening, listing what lies in a shape, exporting it, going somewhere, copying, printing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import shapely
from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QApplication, QFileDialog
from shapely.geometry.base import BaseGeometry
from shiboken6 import isValid

from core.atlas import areas as areas_of
from core.atlas.areas import Areas
from core.atlas.atlas import Atlas
from core.atlas.choropleth import Choropleth
from core.atlas.selecting import Found, Inside, at_place, index_of, inside, listed, position, shape_of
from core.errors import GridLinkError
from core.i18n import _
from core.registry.at_home import at_home
from core.registry.browse import search
from core.registry.exporting import export
from core.registry.filters import Selection
from core.registry.tables import addresses_of
from core.spatial.positions import convert, parse
from core.spatial.tiles import PointIndex
from desktop.desk import Desk
from desktop.map import colours
from desktop.map.printing import Sheet, print_view
from desktop.map.view import MapView, ShownLayer
from desktop.widgets.map_bar import MapBar
from desktop.widgets.map_found import FoundList
from desktop.widgets.map_grids import GridPanel
from desktop.widgets.map_layers import layer_title
from desktop.widgets.map_placing import PlacingPanel
from desktop.widgets.visit_form import ask_visit, may_visit

if TYPE_CHECKING:
    from core.store.search import Hit


CHOSEN = "chosen"
"""The layer of what was chosen in a table."""


class Shown(Protocol):
    """The page as this work sees it: what it holds in memory."""

    atlas: Atlas
    areas: Areas


class MapWork(QObject):
    """Answers what the hand does on the map and the buttons above it."""

    selected = Signal(str, list)
    chosen_changed = Signal()
    place_wanted = Signal(object)

    def __init__(self, desk: Desk, view: MapView, bar: MapBar, shown: Shown) -> None:
        super().__init__(view)
        self._desk, self._map, self._bar, self._shown = desk, view, bar, shown
        self.statistic: Choropleth | None = None
        self.found: FoundList | None = None
        self.chosen: PointIndex | None = None
        self.placing: PlacingPanel | None = None
        self.grids: GridPanel | None = None
        self._area, self.own = "", tuple[str, ...]()
        bar.mine.clicked.connect(lambda _on: self.show_own())
        self.ask_file = ask_file
        bar.tool_chosen.connect(lambda name: view.call("tool", name))
        bar.asked.connect(self.go)
        bar.print_asked.connect(self.print)
        bar.placing.clicked.connect(lambda _on: self.start_placing())
        bar.clear.clicked.connect(lambda _on: self._show_chosen(None))
        bar.grids.clicked.connect(lambda _on: self.start_grids())
        bar.grids.setVisible(desk.workspace.actor.may("grid.edit"))
        bar.placing.setVisible(desk.workspace.actor.may("address.place"))

    def acted(self, what: str, values: dict[str, Any]) -> None:
        """What the page tells, by name."""
        acts: dict[str, Callable[..., None]] = {
            "dragged": self._dragged,
            "edited": self._edited,
            "line": self._lined,
            "pick": self._pick, "open": self._open_file, "site": self._site, "copy": self._copy,
            "shape": self._shape, "grid_at": self._grid_at,
        }  # fmt: skip
        if what in acts:
            acts[what](**values)
        elif what == "mode":
            self._bar.show_mode(values["name"])

    # --- one record, or several at one place ---

    def _pick(self, layer: str, id: int) -> None:
        known = self._shown.atlas.layers.get(layer)
        self.selected.emit(known.opens if known else "", [id] if known else [])
        if known is not None:
            self._map.place.chosen = [str(id)]
            self._desk.open_record(known.opens, id)

    def _open_file(self, layer: str, id: int) -> None:
        known = self._shown.atlas.layers.get(layer)
        if known is not None:
            self._desk.open_file(known.opens, id)

    def _site(self, layer: str, lon: float, lat: float) -> None:
        workspace, atlas = self._desk.workspace, self._shown.atlas
        self._desk.jobs.read(
            lambda: at_place(workspace, atlas, layer, lon, lat), lambda found: self._list_site(layer, found)
        )

    def _list_site(self, layer: str, found: Sequence[Found]) -> None:
        one = Inside(layer, self._shown.atlas.layers[layer].opens, [row.entity for row in found], len(found))
        self._list([one], _("At this place"))
        if self.found is not None:
            self.found.show_rows(found)

    # --- what lies in a shape ---

    def _shape(self, geometry: dict[str, Any]) -> None:
        panel = self._editing()
        if panel is not None and panel.shaped(geometry):
            return
        try:
            self.select(shape_of(geometry), _("a shape drawn on the map"))
        except GridLinkError as trouble:
            self._desk.messages.trouble(trouble)

    def _grid_at(self, lon: float, lat: float) -> None:
        panel = self._editing()
        if panel is not None:
            panel.clicked(lon, lat)
            return
        near = areas_of.around(self._shown.areas, "grid", (lon, lat, lon, lat))
        here = [area for area in near if shapely.intersects_xy(area.shape, lon, lat)]
        if not here:
            self._desk.messages.notice(_("No governance grid lies there."))
            return
        self._map.call("outline", here[0].feature()["geometry"])
        self._map.call("tool", "")
        self.select(here[0].shape, _("grid {name} ({code})").format(name=here[0].name, code=here[0].code))

    def select(self, shape: BaseGeometry, area: str) -> None:
        """Lists what the layers shown have inside a shape."""
        names = [one.name for one in reversed(self._map.place.layers)]
        workspace, atlas = self._desk.workspace, self._shown.atlas
        self._area = area
        self._desk.jobs.read(
            lambda: inside(workspace, atlas, names, shape), lambda found: self._list(found, area)
        )

    def _list(self, found: Sequence[Inside], title: str) -> None:
        actor = self._desk.workspace.actor
        self.found = FoundList(
            found, may_export=actor.may("registry.read"), may_visit=actor.may("field_audit.run")
        )
        self.found.hand_out.connect(self._hand_out)
        self.found.opened.connect(self._open)
        self.found.file_wanted.connect(self._desk.open_file)
        self.found.layer_changed.connect(self._rows)
        self.found.export.connect(self._export)
        self.found.to_registry.connect(self._to_registry)
        self._desk.show_drawer(title, self.found)
        if found:
            self._rows(found[0].layer)

    def _rows(self, layer: str) -> None:
        one = self.found.found.get(layer) if self.found else None
        if one is None:
            return
        ids, workspace, atlas = one.ids, self._desk.workspace, self._shown.atlas
        self._map.choose(list(ids))
        self.selected.emit(one.resource, list(ids))
        self._desk.jobs.read(lambda: listed(workspace, atlas, layer, ids), self._show_rows)

    def _show_rows(self, rows: Sequence[Found]) -> None:
        if self.found is not None:
            self.found.show_rows(rows)

    def _open(self, resource: str, entity: int) -> None:
        workspace = self._desk.workspace
        self._map.choose([entity])
        self._desk.jobs.read(lambda: position(workspace, resource, entity), self.place_wanted.emit)

    def _export(self, layer: str) -> None:
        one = self.found.found.get(layer) if self.found else None
        out = self.ask_file(f"{layer_title(layer)}.xlsx", _("Spreadsheet (*.xlsx)")) if one else None
        if one is None or out is None:
            return
        workspace = self._desk.workspace
        chosen = _("chosen on the map") + f": {self._area}"
        rows = at_home(workspace, Selection(one.resource, state="all", ids=tuple(one.ids)))
        told = _("{count} records exported to {path}.") if rows.grids is None else _(
            "{count} records of your own grids exported to {path}.")  # fmt: skip
        self._desk.jobs.run(
            _("Exporting what was chosen on the map"),
            lambda progress: export(workspace, rows, out, chosen=chosen, progress=progress),
            lambda made: self._desk.messages.notice(told.format(count=f"{made.rows:,}", path=out)),
        )

    # --- addresses without a place ---

    def start_placing(self) -> None:
        """Opens the queue of addresses without a place in the drawer."""
        self.placing = PlacingPanel(self._desk, self._map)
        self._desk.show_drawer(_("Put on the map"), self.placing)
        self.placing.setFocus()

    def _dragged(self, lon: float, lat: float) -> None:
        if self.placing is not None and isValid(self.placing):
            self.placing.dragged(lon, lat)

    # --- grids ---

    def start_grids(self) -> None:
        """Opens the panel for moving borders, splitting, merging and drawing."""
        self.grids = GridPanel(self._desk, self._map, lambda: self._shown.areas)
        self._desk.show_drawer(_("Edit grids"), self.grids)

    def _editing(self) -> GridPanel | None:
        panel = self.grids
        return panel if panel is not None and isValid(panel) and panel.isVisible() else None

    def _edited(self, grids: dict[str, Any]) -> None:
        panel = self._editing()
        if panel is not None:
            panel.changed(grids)

    def _lined(self, geometry: dict[str, Any]) -> None:
        panel = self._editing()
        if panel is not None:
            panel.lined(geometry)

    # --- rows of a table, going, copying, printing ---

    def show_selection(self, selection: Selection) -> None:
        """Shows the addresses of a table's selection above everything else, all of them in view."""
        workspace, atlas = self._desk.workspace, self._shown.atlas

        def find() -> PointIndex:
            atlas.refresh(workspace)
            return index_of(atlas, addresses_of(workspace, selection))

        self._desk.jobs.read(find, self._show_chosen)

    def on_top(self) -> list[ShownLayer]:
        """What is shown above the layers: the rows chosen in a table."""
        return [ShownLayer(CHOSEN)] if self.chosen is not None else []

    def _show_chosen(self, index: PointIndex | None) -> None:
        self.chosen = index if index is not None and index.total else None
        self._bar.clear.setVisible(self.chosen is not None)
        self.chosen_changed.emit()
        if self.chosen is not None:
            bounds = self.chosen.bounds(self.chosen.ids.tolist())
            if bounds is not None:
                self._map.fit(bounds)
            told = _("{count} addresses of the table's rows are marked.").format(
                count=f"{self.chosen.total:,}"
            )
            self._desk.messages.notice(told)
        elif index is not None:
            self._desk.messages.notice(_("None of them has a place on the map yet."))

    def _hand_out(self, layer: str) -> None:
        one = self.found.found.get(layer) if self.found else None
        if one is not None and may_visit(self._desk, one.resource):
            kind = "address" if layer == "person" else one.resource  # people are counted at their addresses
            ask_visit(self._desk, at_home(self._desk.workspace, Selection(kind, ids=tuple(one.ids))), len(one.ids))

    def _to_registry(self, layer: str) -> None:
        one = self.found.found.get(layer) if self.found else None
        if one is not None:
            ids = tuple(one.ids)
            people = layer == "person"
            self._desk.show_rows(
                Selection("person", addresses=ids) if people else Selection(one.resource, ids=ids)
            )

    def show_own(self) -> None:
        """Shows the user's own grids whole, outlined."""
        own = set(self.own)
        shapes = [area.shape for area in self._shown.areas.get("grid", []) if area.code in own]
        if shapes:
            whole = shapely.union_all(shapely.make_valid(shapes))
            self._map.call("outline", json.loads(shapely.to_geojson(whole)))
            self._map.fit(whole.bounds)

    def go(self, text: str) -> None:
        """Goes to a position in the system shown, else to the first thing that is called so."""
        place = parse(text)
        if place is not None:
            there = convert(*place, self._map.place.system, "EPSG:4326")
            self.place_wanted.emit((there.lon, there.lat))
        elif len(text.strip()) >= 2:
            workspace = self._desk.workspace
            self._desk.jobs.read(
                lambda: search(workspace, text, limit=1), lambda hits: self._went(text, hits)
            )

    def _went(self, text: str, hits: Sequence[Hit]) -> None:
        if not hits:
            self._desk.messages.notice(
                _("Nothing found for “{text}”. Fewer characters find more.").format(text=text)
            )
            return
        self._open(hits[0].resource, hits[0].id)

    def _copy(self, lon: float, lat: float) -> None:
        there = convert(lon, lat, "EPSG:4490", self._map.place.system)
        text = f"{there.lon:.6f},{there.lat:.6f}"
        QApplication.clipboard().setText(text)
        self._desk.messages.notice(_("Copied: {text} ({system})").format(text=text, system=there.crs))

    def print(self) -> None:
        """Asks where to, then writes what is in view."""
        out = self.ask_file(_("map") + ".pdf", _("PDF (*.pdf)"))
        if out is not None:
            self._map.call("state", then=lambda state: self._printed(state, out))

    def _printed(self, state: dict[str, Any], out: Path) -> None:
        picture = self._map.web.grab()
        legend = [(colours.of(one.name), layer_title(one.name)) for one in reversed(self._map.place.layers)]
        if self.statistic is not None:
            one = self.statistic
            legend.append(("", f"{_(one.definition.title)} ({_(one.definition.unit)})"))
            legend += [(colour, f"{low:,.1f} – {high:,.1f}") for colour, low, high in colours.classes(one)]
            legend.append(
                ("", _("as of {day}, change set {number}").format(day=one.as_of, number=one.change_set))
            )
        at = f"{datetime.now().astimezone():%Y-%m-%d %H:%M}"
        sheet = Sheet(
            picture, state["metres"], legend, _("Map of the district"), self._desk.workspace.actor.name, at,
            state["attribution"],
        )  # fmt: skip
        try:
            print_view(sheet, out)
            self._desk.messages.notice(_("Printed to {path}.").format(path=out))
        except GridLinkError as trouble:
            self._desk.messages.trouble(trouble)


def ask_file(name: str, kinds: str) -> Path | None:
    """Asks where a file shall go; None if nowhere."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen, _kind = QFileDialog.getSaveFileName(None, _("Save"), str(Path(folder) / name), kinds)
    return Path(chosen) if chosen else None
