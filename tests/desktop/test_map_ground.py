"""The base map in the real page: the right tiles from a real server in both matrix sets, and none that never blocks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage

from core.atlas.basemaps import BaseMap
from core.spatial.tiles import NOTHING
from desktop.map.ground import Ground
from desktop.map.view import MapView
from tests.desktop.test_map import ask

TEST_POINT = (120.6196, 31.2994)
TILES = {"c": ("17", "109452", "21372"), "w": ("17", "109452", "53527")}
"""Level, column and row of the test point, from standards.md."""


def picture() -> bytes:
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(QColor("#cfe3cf"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


class TileServer:
    """A WMTS on loopback that remembers what it was asked for; ``broken`` answers with 503."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str, str, str]] = set()
        self.broken = False
        content, server = picture(), self

        class Handler(BaseHTTPRequestHandler):
            timeout = 1  # a connection that asks for nothing is not waited for

            def do_GET(self) -> None:
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                names = ("TILEMATRIXSET", "TILEMATRIX", "TILECOL", "TILEROW")
                server.asked.add(tuple(query[name] for name in names))
                self.send_response(503 if server.broken else 200)
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(b"" if server.broken else content)

            def log_message(self, *parts: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/{{layer}}_{{matrix}}/wmts"

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[TileServer]:
    made = TileServer()
    yield made
    made.close()


@pytest.mark.qt_log_ignore("Failed to load resource", extend=True)
def test_tiles_come_from_the_right_place_in_both_matrix_sets_and_a_missing_server_blocks_nothing(
    qtbot: Any, qapp: Any, server: TileServer
):
    ground = Ground()
    view = MapView({"view": lambda values: NOTHING.as_bytes(), "base": lambda values: {}}, tile=ground.tile)
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    assert ground.use(BaseMap("wmts", server.url, "c", ("vec", "cva"), "天地图")) is None
    view.place.lon, view.place.lat, view.place.zoom, view.place.fit = *TEST_POINT, 17, False
    view.place.ground = ground.declared()
    with qtbot.waitSignals([view.ready, view.drawn], timeout=30_000):
        view.load()
    qtbot.waitUntil(lambda: ask(qtbot, view, "state")["ground"]["loaded"] > 4, timeout=20_000)
    state = ask(qtbot, view, "state")
    assert ("c", *TILES["c"]) in server.asked and state["ground"]["crs"] == "EPSG:4490"
    assert state["attribution"] == "天地图" and state["zoom"] == 17
    assert (state["lon"], state["lat"]) == pytest.approx(TEST_POINT, abs=1e-5)

    ground.use(BaseMap("wmts", server.url, "w", ("vec",)))
    view.show_ground(ground.declared())
    qtbot.waitUntil(lambda: ("w", *TILES["w"]) in server.asked, timeout=20_000)
    state = ask(qtbot, view, "state")
    assert state["ground"]["crs"] == "EPSG:3857" and (state["lon"], state["lat"]) == pytest.approx(
        TEST_POINT, abs=1e-5
    )

    server.broken = True
    ground.use(BaseMap("wmts", server.url, "w", ("img",)))
    view.show_ground(ground.declared())
    qtbot.waitUntil(lambda: ground.resting and not ground._asked, timeout=20_000)
    asked = len(server.asked)
    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.mark(120.58, 31.32, zoom=16)
    qtbot.wait(200)
    assert len(server.asked) == asked  # left alone for a while, and the map went on
    view.closing()
    ground.closing()


def test_a_file_that_is_gone_is_trouble_and_no_base_map(qtbot: Any, qapp: Any, tmp_path: Any):
    ground = Ground()
    trouble = ground.use(BaseMap("file", str(tmp_path / "gone.mbtiles")))
    assert trouble is not None and ground.declared() is None
    answers: list[Any] = []
    ground.tile(0, 1, 1, 1, answers.append)
    assert answers == [None]
