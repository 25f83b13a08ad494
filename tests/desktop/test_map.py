"""The map in a real web page: it loads offline, answers the hand, blocks the world, and survives its death."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtNetwork import QHostAddress, QTcpServer

from core.spatial.tiles import Features
from desktop import theme
from desktop.map.acts import parsed
from desktop.map.view import MapView, ShownLayer, script

POINTS = Features(
    np.array([120.60, 120.62]), np.array([31.30, 31.32]), np.array([1, 12]), np.array([-(2**61), 0])
).as_bytes()
BASE = {
    "district": [
        {
            "type": "Feature",
            "properties": {"name": "", "id": "", "code": "", "at": [31.3, 120.6]},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[120.5, 31.2], [120.7, 31.2], [120.7, 31.4], [120.5, 31.4], [120.5, 31.2]]],
            },
        }
    ]
}


def answer(values: Any) -> bytes:
    return POINTS * len(values["layers"].split(","))


@pytest.fixture
def view(qtbot: Any, qapp: Any) -> Iterator[MapView]:
    theme.apply(qapp, "light")
    made = MapView(
        {
            "view": answer,
            "base": lambda values: BASE,
            "where": lambda values: {"text": "GCJ " + values["lon"]},
        }
    )
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


def test_the_hand_picks_selects_measures_and_goes(qtbot, view: MapView):
    """One page for what leaves it as it was: starting the web engine is dear."""
    state = ask(qtbot, view, "state")
    assert state["leaflet"].startswith("1.9") and state["features"] == 2 and state["layers"] == ["address"]
    acts: list[tuple[str, dict[str, Any]]] = []
    view.acted.connect(lambda what, values: acts.append((what, values)))

    view.mark(120.60, 31.30, zoom=16)
    qtbot.waitUntil(lambda: ask(qtbot, view, "state")["zoom"] == 16, timeout=10_000)
    view.call("press", 120.60, 31.30)
    qtbot.waitUntil(lambda: ("pick", {"layer": "address", "id": -(2**61)}) in acts, timeout=10_000)

    view.call("twice", 120.60, 31.30)
    qtbot.waitUntil(lambda: ("open", {"layer": "address", "id": -(2**61)}) in acts, timeout=10_000)

    view.call("tool", "polygon")
    view.call("draw", [[120.59, 31.29], [120.61, 31.29], [120.61, 31.31]])
    qtbot.waitUntil(lambda: any(what == "shape" for what, _values in acts), timeout=10_000)
    ring = next(values for what, values in acts if what == "shape")["geometry"]["coordinates"][0]
    assert len(ring) == 4 and ring[0] == ring[-1] and ring[0] == pytest.approx([120.59, 31.29])

    view.call("tool", "distance")
    view.call("draw", [[120.60, 31.30], [120.60, 31.31]])
    view.call("tool", "area")
    view.call("draw", [[120.60, 31.30], [120.61, 31.30], [120.61, 31.31], [120.60, 31.31]])
    qtbot.waitUntil(lambda: sum(what == "measured" for what, _values in acts) == 2, timeout=10_000)
    way, area = (values for what, values in acts if what == "measured")
    assert way["metres"] == pytest.approx(1112, abs=3)
    assert area["square"] == pytest.approx(1112 * 950.2, rel=0.01)

    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.show_layers([ShownLayer("address", 0.5), ShownLayer("house")])
    state = ask(qtbot, view, "state")
    assert state["layers"] == ["address", "house"] and state["features"] == 4
    view.choose([-(2**61)])
    assert ask(qtbot, view, "state")["chosen"] == [str(-(2**61))]
    view.call("hover", 120.6196, 31.2994)
    qtbot.waitUntil(lambda: ask(qtbot, view, "state")["where"] == "120.619600, 31.299400  EPSG:4490", timeout=10_000)
    view.call("system", "GCJ-02")
    qtbot.waitUntil(lambda: ask(qtbot, view, "state")["where"] == "GCJ 120.6196000", timeout=10_000)
    assert view.page.url() == QUrl("gridlink://map/map.html")


@pytest.mark.qt_log_ignore("Failed to fetch", extend=True)  # the page complains, as it should
def test_no_request_reaches_the_outside_and_no_path_climbs_out(qtbot, view: MapView):
    wanted = "/%2e%2e/%2e%2e/pyproject.toml"
    view.page.runJavaScript(
        f'fetch("{wanted}").then(r => document.title = r.ok ? "open" : "shut", () => document.title = "shut")'
    )
    qtbot.waitUntil(lambda: view.page.title() in {"open", "shut"}, timeout=10_000)
    assert view.page.title() == "shut"
    server, arrived = QTcpServer(), []
    server.newConnection.connect(lambda: arrived.append("connected"))
    assert server.listen(QHostAddress.SpecialAddress.LocalHost)
    url = f"http://127.0.0.1:{server.serverPort()}/tile.png"
    for attempt in (f'fetch("{url}")', f'new Image().src = "{url}"', f'location.href = "{url}"'):
        view.page.runJavaScript(attempt)
        qtbot.wait(200)
    server.close()
    assert arrived == []


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signal here")
def test_the_map_comes_back_where_it_was_after_its_process_died(qtbot, view: MapView):
    view.show_layers([ShownLayer("house"), ShownLayer("address", 0.4)])
    view.choose([42])
    with qtbot.waitSignal(view.drawn, timeout=10_000):
        view.mark(120.58, 31.29)
    qtbot.waitUntil(lambda: ask(qtbot, view, "state")["zoom"] == 18, timeout=10_000)
    before = ask(qtbot, view, "state")
    with qtbot.waitSignals([view.revived, view.ready], timeout=30_000):
        os.kill(view.page.renderProcessPid(), signal.SIGKILL)
    after = ask(qtbot, view, "state")
    for name in ("lon", "lat", "zoom"):
        assert after[name] == pytest.approx(before[name], abs=1e-6)
    assert after["layers"] == ["house", "address"] and after["chosen"] == ["42"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_any_text_reaches_the_page_as_it_is(qtbot, view: MapView, text: str):
    assert ask(qtbot, view, "echo", text) == text


@given(st.text())
def test_a_call_is_plain_ascii_and_cannot_end_early(text: str):
    made = script("echo", text)
    assert made.isascii() and "\n" not in made and made.count("GridLink.") - text.count("GridLink.") == 1


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("unknown", {}), ("pick", {"layer": "address"}), ("pick", {"layer": "address", "id": "x"}),
        ("moved", {"lon": "nan", "lat": "1", "zoom": "3"}), ("shape", {"geometry": "[1]"}),
        ("shape", {"geometry": "{"}),
    ],
)  # fmt: skip
def test_what_the_page_may_not_say_is_dropped(what, values):
    assert parsed(what, values) is None
