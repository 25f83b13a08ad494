"""The map view: calls into the page through one escaping door, keeps its place, and comes back after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import delete

from desktop import theme
from desktop.map import colours
from desktop.map.acts import parsed
from desktop.map.scheme import PAGE, SCHEME, Answer, LocalOnly, SchemeHandler, Tile

_PATIENCE: Final = 60.0
_DEATHS: Final = 3


@dataclass
class ShownLayer:
    """One layer as it is shown; their order in the list is the order in which they are painted."""

    name: str
    opacity: float = 1.0


@dataclass
class Place:
    """Where the map is and what it shows; kept outside the page so that its death loses nothing."""

    lon: float = 120.6
    lat: float = 31.318
    zoom: float = 12.5
    layers: list[ShownLayer] = field(default_factory=lambda: [ShownLayer("address")])
    levels: list[str] = field(default_factory=lambda: ["subdistrict", "community", "grid"])
    fill: dict[str, Any] | None = None
    ground: dict[str, Any] | None = None
    system: str = "EPSG:4490"
    marked: tuple[float, float] | None = None
    proposed: tuple[float, float] | None = None
    draft: dict[str, Any] | None = None
    chosen: list[str] = field(default_factory=list)
    fit: bool = True


class MapView(QWidget):
    """A Leaflet page in a web view that reaches nothing but this process."""

    ready = Signal()
    drawn = Signal(int)
    acted = Signal(str, dict)
    revived = Signal()
    gave_up = Signal()

    def __init__(
        self, answers: Mapping[str, Answer], parent: QWidget | None = None, *, tile: Tile | None = None
    ) -> None:
        super().__init__(parent)
        self.place = Place()
        self.painted_ms: list[float] = []
        self._deaths: list[float] = []
        self._up = False
        self._profile = QWebEngineProfile(self)  # off the record: nothing is written to the disk
        self._handler = SchemeHandler(answers, self, tile=tile)
        self._handler.acted.connect(self._acted)
        self.guard = LocalOnly(self)
        self._profile.installUrlSchemeHandler(SCHEME, self._handler)
        self._profile.setUrlRequestInterceptor(self.guard)
        self.web = QWebEngineView(self)
        self.page = QWebEnginePage(self._profile, self)
        self.page.setBackgroundColor(theme.tokens().ground)
        self.page.renderProcessTerminated.connect(self._died)
        self.page.loadFinished.connect(self._loaded)
        self.web.setPage(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.web)

    def load(self) -> None:
        """Opens the page; ``ready`` follows when it stands where ``place`` says."""
        self._up = False
        self.page.load(QUrl(PAGE))

    def call(self, name: str, *values: Any, then: Callable[[Any], None] | None = None) -> None:
        """Calls one of the page's functions with plain values; ``then`` gets what it returns."""
        if not self._up:
            return  # what the page has to show when it starts is in ``place``
        text = script(name, *values)
        if then is None:
            self.page.runJavaScript(text)
        else:
            # as JSON text, because the web engine does not hand objects over on every version
            self.page.runJavaScript(
                f"JSON.stringify({text})", lambda answer: then(json.loads(answer or "null"))
            )

    def show_layers(self, layers: list[ShownLayer]) -> None:
        """Shows these layers, the last on top."""
        self.place.layers = layers
        self.call("layers", [asdict(one) for one in layers])

    def show_levels(self, levels: list[str]) -> None:
        """Shows the outlines of these levels of areas."""
        self.place.levels = levels
        self.call("levels", levels)

    def show_fill(self, fill: dict[str, Any] | None) -> None:
        """Colours areas, or none."""
        self.place.fill = fill
        self.call("fill", fill)

    def show_ground(self, ground: dict[str, Any] | None) -> None:
        """Lays a base map under everything, or none."""
        self.place.ground = ground
        self.call("ground", ground)

    def choose(self, ids: list[int]) -> None:
        """Rings these records wherever they are shown."""
        self.place.chosen = [str(one) for one in ids]
        self.call("choose", self.place.chosen)

    def mark(self, lon: float, lat: float, zoom: float = 18) -> None:
        """Marks a place and centres on it."""
        self.place.marked, self.place.fit = (lon, lat), False
        self.place.lon, self.place.lat, self.place.zoom = lon, lat, zoom
        self.call("mark", {"lon": lon, "lat": lat})
        self.call("go", {"lon": lon, "lat": lat, "zoom": zoom})

    def go(self, lon: float, lat: float, zoom: float) -> None:
        """Goes to a place without marking it."""
        self.place.lon, self.place.lat, self.place.zoom, self.place.fit = lon, lat, zoom, False
        self.call("go", {"lon": lon, "lat": lat, "zoom": zoom})

    def propose(self, at: tuple[float, float] | None) -> None:
        """Sets the mark that the hand can drag, or takes it away."""
        self.place.proposed = at
        self.call("propose", {"lon": at[0], "lat": at[1]} if at else None)

    def show_draft(self, draft: dict[str, Any] | None) -> None:
        """Opens grids for editing, or closes them; what the hand changes is kept in ``place.draft``."""
        self.place.draft = draft
        self.call("edit", draft)

    def fit(self, bounds: tuple[float, float, float, float]) -> None:
        """Shows a box (west, south, east, north) whole."""
        self.place.fit = False
        self.call("fit", list(bounds))

    def dress(self) -> None:
        """Gives the page the colours in force."""
        self.call("theme", colours.tokens())

    def closing(self) -> None:
        """Ends the page before its profile, as the web engine wants it."""
        self._up = False
        delete(self.web)
        delete(self.page)

    def _loaded(self, good: bool) -> None:
        self._up = good
        if good:
            state = asdict(self.place) | {"tokens": colours.tokens()}
            if self.place.marked:
                state["marked"] = {"lon": self.place.marked[0], "lat": self.place.marked[1]}
            if self.place.proposed:
                state["proposed"] = {"lon": self.place.proposed[0], "lat": self.place.proposed[1]}
            self.call("start", state)

    def _acted(self, what: str, given: dict[str, str]) -> None:
        values = parsed(what, given)
        if values is None:
            return
        if what == "moved":
            self.place.lon, self.place.lat, self.place.zoom = values["lon"], values["lat"], values["zoom"]
        elif what == "ready":
            self.place.fit = False
            self.ready.emit()
        elif what == "drawn":
            self.painted_ms = [*self.painted_ms[-199:], values["ms"]]
            self.drawn.emit(values["features"])
        else:
            self.acted.emit(what, values)

    def _died(self) -> None:
        self._up = False
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < _PATIENCE] + [now]
        if len(self._deaths) >= _DEATHS:
            self.gave_up.emit()
            return
        self.revived.emit()
        self.load()


def script(name: str, *values: Any) -> str:
    """The one way into the page: a call with JSON arguments, in ASCII, so that no text can end it early."""
    return f"GridLink.{name}({', '.join(json.dumps(value, ensure_ascii=True) for value in values)})"
