"""The map's own URL scheme: page, Leaflet, data and clicks, all answered from this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QUrl, Signal
from PySide6.QtWebEngineCore import (
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from shiboken6 import isValid
from xstatic.pkg import leaflet  # type: ignore[import-untyped]  # a wheel of static files with a path in it

from core.settings import RESOURCES

SCHEME: Final = b"gridlink"
PAGE: Final = "gridlink://map/map.html"
_KINDS: Final = {".html": b"text/html", ".js": b"text/javascript", ".css": b"text/css", ".png": b"image/png",
                 ".svg": b"image/svg+xml"}  # fmt: skip
_LOCAL: Final = {"gridlink", "data", "blob"}
Answer = Callable[[Mapping[str, str]], Any]
Tile = Callable[[int, int, int, int, Callable[[bytes | None], None]], None]


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

    def __init__(
        self, answers: Mapping[str, Answer], parent: QObject | None = None, *, tile: Tile | None = None
    ) -> None:
        """``tile`` answers ``/tile/<layer>/<z>/<x>/<y>``, now or later, with a picture or with nothing."""
        super().__init__(parent)
        self._answers, self._tile = answers, tile

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        url = job.requestUrl()
        parts = url.path().strip("/").split("/")
        values = dict(
            parse_qsl(url.query(QUrl.ComponentFormattingOption.FullyEncoded), keep_blank_values=True)
        )
        if parts[0] == "act":
            self.acted.emit(parts[-1], values)
            _reply(job, b"application/json", b"{}")
        elif parts[0] == "data" and parts[-1] in self._answers:
            found = self._answers[parts[-1]](values)
            plain = isinstance(found, bytes)
            content = found if plain else orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
            _reply(job, b"application/octet-stream" if plain else b"application/json", content)
        elif parts[0] == "tile" and self._tile is not None and all(part.isdecimal() for part in parts[1:]):
            self._ask_tile(job, [int(part) for part in parts[1:]])
        else:
            path = _file(parts)
            if path is None:
                job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            else:
                _reply(job, _KINDS[path.suffix], path.read_bytes())

    def _ask_tile(self, job: QWebEngineUrlRequestJob, wanted: list[int]) -> None:
        """A tile may come much later, when whoever asked for it has moved on."""

        def answer(picture: bytes | None) -> None:
            if not isValid(job):
                return
            if picture:
                _reply(job, _picture_kind(picture), picture)
            else:
                job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)

        if len(wanted) == 4 and self._tile is not None:
            self._tile(wanted[0], wanted[1], wanted[2], wanted[3], answer)
        else:
            answer(None)


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


def _picture_kind(picture: bytes) -> bytes:
    if picture.startswith(b"\x89PNG"):
        return b"image/png"
    return b"image/webp" if picture[8:12] == b"WEBP" else b"image/jpeg"


def _reply(job: QWebEngineUrlRequestJob, kind: bytes, content: bytes) -> None:
    buffer = QBuffer(job)  # lives as long as its request
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    job.reply(QByteArray(kind), buffer)
