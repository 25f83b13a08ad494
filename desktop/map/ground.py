"""Tiles of the base map: from its file, or from the map service, which may be slow or gone without holding us up."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QObject, QUrl
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest

from core.atlas.basemaps import BaseMap, Tiles, open_tiles
from core.errors import GridLinkError

Answer = Callable[[bytes | None], None]
_KEPT: Final = 800
"""Tiles kept in memory (some 15 MB)."""
_PATIENCE_MS: Final = 6000
_TRIES: Final = 4
_REST: Final = 30.0
"""After so many failures in a row the service is left alone for so many seconds."""
_AT_ONCE: Final = 8


class Ground(QObject):
    """Answers for tiles of one base map; every answer comes, if only with nothing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._net = _network()
        self._asked: set[QNetworkReply] = set()
        self._base: BaseMap | None = None
        self._file: Tiles | None = None
        self._kept: OrderedDict[str, bytes | None] = OrderedDict()
        self._waiting: list[tuple[str, Answer]] = []
        self._failures, self._rests_until, self._turn = 0, 0.0, 0

    @property
    def resting(self) -> bool:
        """Whether the service failed so often that it is left alone for a while."""
        return time.monotonic() < self._rests_until

    def use(self, base: BaseMap | None) -> GridLinkError | None:
        """Takes another base map, or none; a file that cannot be opened is returned as trouble."""
        self.closing()
        self._base, self._failures, self._rests_until = base, 0, 0.0
        self._turn += 1  # the page keeps pictures by their address
        if base is not None and base.kind == "file":
            try:
                self._file = open_tiles(base)
            except GridLinkError as trouble:
                self._base = None
                return trouble
        return None

    def declared(self) -> dict[str, Any] | None:
        """What the page needs to know of it."""
        base = self._base
        if base is None:
            return None
        return {
            "matrix": base.matrix, "layers": len(base.layers), "attribution": base.attribution,
            "min_zoom": base.min_zoom, "max_zoom": base.max_zoom, "version": self._turn,
        }  # fmt: skip

    def tile(self, layer: int, z: int, x: int, y: int, answer: Answer) -> None:
        """Answers with a tile's picture, at once or later, or with nothing."""
        base = self._base
        if base is None or layer >= len(base.layers) or not base.min_zoom <= z <= base.max_zoom:
            answer(None)
        elif self._file is not None:
            answer(self._file.tile(z, x, y))
        else:
            self._ask(base.url(layer, z, x, y), answer)

    def closing(self) -> None:
        """Lets go of the file and of what is still asked for."""
        for _url, answer in self._waiting:
            answer(None)
        self._waiting.clear()
        for reply in list(self._asked):
            reply.abort()  # answers with nothing
        self._kept.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _ask(self, url: str, answer: Answer) -> None:
        if url in self._kept:
            self._kept.move_to_end(url)
            answer(self._kept[url])
        elif self.resting:
            answer(None)
        else:
            self._waiting.append((url, answer))
            self._next()

    def _next(self) -> None:
        while self._waiting and len(self._asked) < _AT_ONCE:
            url, answer = self._waiting.pop()  # the newest first: that is where the map is now
            if self.resting:
                answer(None)
                continue
            reply = self._net.get(QNetworkRequest(QUrl(url)))
            self._asked.add(reply)
            reply.finished.connect(lambda r=reply, u=url, a=answer: self._came(r, u, a))

    def _came(self, reply: QNetworkReply, url: str, answer: Answer) -> None:
        self._asked.discard(reply)
        content = bytes(reply.readAll().data()) if reply.isOpen() else b""  # what was given up is closed
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        picture = content.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF"))
        reply.deleteLater()
        if status is None or int(status) >= 500:
            self._failures += 1
            if self._failures >= _TRIES:
                self._rests_until, self._failures = time.monotonic() + _REST, 0
            answer(None)
        else:
            self._failures = 0
            self._kept[url] = content if picture else None
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            answer(self._kept[url])
        self._next()


def _network() -> QNetworkAccessManager:
    """The application's one way to the map service. It outlives every window, because Qt ends the process where a
    manager goes while its own thread still brings answers.
    """
    application = QCoreApplication.instance()
    assert application is not None
    made = application.findChild(QNetworkAccessManager)
    if made is None:
        made = QNetworkAccessManager(application)
        made.setRedirectPolicy(QNetworkRequest.RedirectPolicy.ManualRedirectPolicy)
        made.setTransferTimeout(_PATIENCE_MS)
    return made
