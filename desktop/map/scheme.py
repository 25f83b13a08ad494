"""The map's own URL scheme: page, Leaflet, data and clicks, all answered from this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QUrlQuery, Signal
from PySide6.QtWebEngineCore import (
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from xstatic.pkg import leaflet  # type: ignore[import-untyped]  # a wheel of static files with a path in it

from core.settings import RESOURCES

SCHEME: Final = b"gridlink"
PAGE: Final = "gridlink://map/map.html"
_KINDS: Final = {".html": b"text/html", ".js": b"text/javascript", ".css": b"text/css", ".png": b"image/png",
                 ".svg": b"image/svg+xml"}  # fmt: skip
_LOCAL: Final = {"gridlink", "data", "blob"}
Answer = Callable[[Mapping[str, str]], Any]


def register_scheme() -> None:
    """Makes the scheme known; must run before the application is made, and may run again."""
    if QWebEngineUrlScheme.schemeByName(QByteArray(SCHEME)).name():
        return
    scheme = QWebEngineUrlScheme(QByteArray(SCHEME))
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    flag = QWebEngineUrlScheme.Flag
    reach = flag.LocalScheme | flag.LocalAccessAllowed
    scheme.setFlags(reach | flag.SecureScheme | flag.FetchApiAllowed | flag.CorsEnabled)
    QWebEngineUrlScheme.registerScheme(scheme)


class SchemeHandler(QWebEngineUrlSchemeHandler):
    """Answers the page's requests: ``/data/<name>`` from ``answers``, ``/act/<name>`` as a signal, else files."""

    acted = Signal(str, dict)

    def __init__(self, answers: Mapping[str, Answer], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers = answers

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        url = job.requestUrl()
        parts = url.path().strip("/").split("/")
        values = dict(QUrlQuery(url.query()).queryItems())
        if parts[0] == "act":
            self.acted.emit(parts[-1], values)
            _reply(job, b"application/json", b"{}")
        elif parts[0] == "data" and parts[-1] in self._answers:
            content = orjson.dumps(self._answers[parts[-1]](values), option=orjson.OPT_SERIALIZE_NUMPY)
            _reply(job, b"application/json", content)
        else:
            path = _file(parts)
            if path is None:
                job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            else:
                _reply(job, _KINDS[path.suffix], path.read_bytes())


class LocalOnly(QWebEngineUrlRequestInterceptor):
    """Blocks every request that would leave this process."""

    blocked = Signal(str)

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        if info.requestUrl().scheme() not in _LOCAL:
            info.block(True)
            self.blocked.emit(info.requestUrl().toString())


def _file(parts: list[str]) -> Path | None:
    """The file of a path, from our page's folder or Leaflet's; nothing outside them."""
    root = Path(leaflet.BASE_DIR) if parts[0] == "leaflet" else RESOURCES / "web"
    path = root.joinpath(*(parts[1:] if parts[0] == "leaflet" else parts)).resolve()
    inside = path.is_relative_to(root.resolve()) and path.is_file() and path.suffix in _KINDS
    return path if inside else None


def _reply(job: QWebEngineUrlRequestJob, kind: bytes, content: bytes) -> None:
    buffer = QBuffer(job)  # lives as long as its request
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    job.reply(QByteArray(kind), buffer)
