"""The map in a real web page: it loads offline, answers clicks, blocks the world, and survives its death."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtNetwork import QHostAddress, QTcpServer

from desktop import theme
from desktop.map.view import MapView, script

POINTS = {"lon": [120.60, 120.62], "lat": [31.30, 31.32], "count": [1, 12], "id": ["42", ""]}
BASE = {
    "district": [
        {
            "type": "Feature",
            "properties": {"name": "", "id": "", "at": [31.3, 120.6]},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[120.5, 31.2], [120.7, 31.2], [120.7, 31.4], [120.5, 31.4], [120.5, 31.2]]],
            },
        }
    ]
}


@pytest.fixture
def view(qtbot: Any, qapp: Any) -> Iterator[MapView]:
    theme.apply(qapp, "light")
    made = MapView({"view": lambda values: POINTS, "base": lambda values: BASE})
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    with qtbot.waitSignals([made.ready, made.drawn], timeout=30_000):
        made.load()
    yield made
    made.closing()


def ask(qtbot: Any, view: MapView, name: str, *values: Any) -> Any:
    answers: list[Any] = []
    view.call(name, *values, then=answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    return answers[0]


def test_leaflet_loads_without_a_network_and_the_points_arrive(qtbot, view: MapView):
    state = ask(qtbot, view, "state")
    assert state["leaflet"].startswith("1.9") and state["features"] == 2 and state["layers"] == ["address"]


def test_a_click_on_a_point_opens_its_record(qtbot, view: MapView):
    with qtbot.waitSignal(view.opened, timeout=10_000) as opened:
        view.page.runJavaScript('fetch("/act/open?resource=address&id=42")')
    assert opened.args == ["address", 42]


def test_marking_a_record_brings_the_map_there(qtbot, view: MapView):
    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.mark(120.61, 31.31)
    state = ask(qtbot, view, "state")
    assert state["lon"] == pytest.approx(120.61, abs=1e-3) and state["zoom"] == 18


@pytest.mark.qt_log_ignore("Failed to fetch", extend=True)  # the page complains, as it should
def test_no_request_reaches_the_outside(qtbot, view: MapView):
    server, arrived = QTcpServer(), []
    server.newConnection.connect(lambda: arrived.append("connected"))
    assert server.listen(QHostAddress.SpecialAddress.LocalHost)
    url = f"http://127.0.0.1:{server.serverPort()}/tile.png"
    for attempt in (f'fetch("{url}")', f'new Image().src = "{url}"', f'location.href = "{url}"'):
        view.page.runJavaScript(attempt)
        qtbot.wait(300)
    server.close()
    assert arrived == []


def test_a_path_that_climbs_out_of_the_page_finds_nothing(qtbot, view: MapView):
    wanted = "/%2e%2e/%2e%2e/pyproject.toml"
    view.page.runJavaScript(
        f'fetch("{wanted}").then(r => document.title = r.ok ? "open" : "shut", () => document.title = "shut")'
    )
    qtbot.waitUntil(lambda: view.page.title() in {"open", "shut"}, timeout=10_000)
    assert view.page.title() == "shut"


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signal here")
def test_the_map_comes_back_where_it_was_after_its_process_died(qtbot, view: MapView):
    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.mark(120.58, 31.29)
    before = ask(qtbot, view, "state")
    with qtbot.waitSignals([view.revived, view.ready], timeout=30_000):
        os.kill(view.page.renderProcessPid(), signal.SIGKILL)
    after = ask(qtbot, view, "state")
    for name in ("lon", "lat", "zoom"):
        assert after[name] == pytest.approx(before[name], abs=1e-6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_any_text_reaches_the_page_as_it_is(qtbot, view: MapView, text: str):
    assert ask(qtbot, view, "echo", text) == text


@given(st.text())
def test_a_call_is_plain_ascii_and_cannot_end_early(text: str):
    made = script("echo", text)
    assert made.isascii() and "\n" not in made and made.count("GridLink.") - text.count("GridLink.") == 1


def test_the_page_is_ours(view: MapView):
    assert view.page.url() == QUrl("gridlink://map/map.html")
