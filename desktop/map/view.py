"""The map view: calls into the page through one escaping door, keeps its place, and comes back after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import delete

from desktop import theme
from desktop.map.scheme import PAGE, SCHEME, Answer, LocalOnly, SchemeHandler

_PATIENCE: Final = 60.0
_DEATHS: Final = 3
COLOURS: Final = {
    "light": {
        "address": "#1F4E8C",
        "house": "#2F7D6B",
        "organisation": "#8A5300",
        "person": "#5B4B9A",
        "place": "#3C6E9F",
        "thing": "#7A5C2E",
        "event": "#8C3A6B",
        "hazard": "#B3261E",
    },
    "dark": {
        "address": "#5B93E6",
        "house": "#5DB8A2",
        "organisation": "#D9A04E",
        "person": "#A794F2",
        "place": "#7FB2E0",
        "thing": "#C9A46A",
        "event": "#D98ABB",
        "hazard": "#FF8A80",
    },
}


@dataclass
class Place:
    """Where the map is; kept outside the page so that its death loses nothing."""

    lon: float = 120.6
    lat: float = 31.318
    zoom: float = 12.5
    layers: list[str] = field(default_factory=lambda: ["address"])
    marked: tuple[float, float] | None = None
    fit: bool = True


class MapView(QWidget):
    """A Leaflet page in a web view that reaches nothing but this process."""

    ready = Signal()
    drawn = Signal(int)
    opened = Signal(str, int)
    revived = Signal()
    gave_up = Signal()

    def __init__(self, answers: Mapping[str, Answer], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = Place()
        self._deaths: list[float] = []
        self._profile = QWebEngineProfile(self)  # off the record: nothing is written to the disk
        self._handler = SchemeHandler(answers, self)
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
        self.page.load(QUrl(PAGE))

    def call(self, name: str, *values: Any, then: Callable[[Any], None] | None = None) -> None:
        """Calls one of the page's functions with plain values; ``then`` gets what it returns."""
        text = script(name, *values)
        if then is None:
            self.page.runJavaScript(text)
        else:
            # as JSON text, because the web engine does not hand objects over on every version
            self.page.runJavaScript(f"JSON.stringify({text})", lambda answer: then(json.loads(answer or "null")))

    def show_layers(self, layers: list[str]) -> None:
        """Shows these layers."""
        self.place.layers = layers
        self.call("layers", layers)

    def mark(self, lon: float, lat: float) -> None:
        """Marks a place and centres on it."""
        self.place.marked, self.place.fit = (lon, lat), False
        self.place.lon, self.place.lat, self.place.zoom = lon, lat, 18
        self.call("mark", {"lon": lon, "lat": lat})
        self.call("go", {"lon": lon, "lat": lat, "zoom": 18})

    def dress(self) -> None:
        """Gives the page the colours in force."""
        self.call("theme", _colours())

    def closing(self) -> None:
        """Ends the page before its profile, as the web engine wants it."""
        delete(self.web)
        delete(self.page)

    def _loaded(self, good: bool) -> None:
        if good:
            p = self.place
            marked = {"lon": p.marked[0], "lat": p.marked[1]} if p.marked else None
            self.call("start", {"lon": p.lon, "lat": p.lat, "zoom": p.zoom, "layers": p.layers, "marked": marked,
                                "fit": p.fit, "tokens": _colours()})  # fmt: skip

    def _acted(self, what: str, values: dict[str, str]) -> None:
        if what == "moved":
            self.place.lon, self.place.lat = float(values["lon"]), float(values["lat"])
            self.place.zoom = float(values["zoom"])
        elif what == "ready":
            self.place.fit = False
            self.ready.emit()
        elif what == "drawn":
            self.drawn.emit(int(values["features"]))
        elif what == "open":
            self.opened.emit(values["resource"], int(values["id"]))

    def _died(self) -> None:
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


def _colours() -> dict[str, Any]:
    t = theme.tokens()
    names = ("ground", "surface", "line", "text", "muted", "accent")
    return {name: getattr(t, name) for name in names} | {"layers": COLOURS[theme.scheme()]}
