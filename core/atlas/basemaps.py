"""Base maps: none, a file of tiles (MBTiles, PMTiles), or the intranet map service (XYZ or WMTS, either matrix set).

The administrator declares one in a TOML file; it is kept as a setting that binds the store.
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

import orjson
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import TileType

from core.errors import GridLinkError
from core.i18n import _
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting, write_setting

KINDS: Final = ("file", "xyz", "wmts")
MATRICES: Final = ("w", "c")
"""Tianditu's matrix sets: ``w`` is web mercator, ``c`` is degrees (EPSG:4490); level 1 of ``c`` is 2 x 1 tiles."""
_SETTING: Final = "map.base"
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")


class BaseMapUnusable(GridLinkError):
    """What was declared is no base map that can be shown."""

    code = "base_map_unusable"


@dataclass(frozen=True)
class BaseMap:
    """A base map: ``location`` is a file, or a URL with ``{layer} {matrix} {z} {x} {y} {token}`` in it.

    A WMTS location needs no ``{z}``: the query is written as the standard has it. Later ``layers`` lie on earlier ones.
    """

    kind: str
    location: str
    matrix: str = "w"
    layers: tuple[str, ...] = ("",)
    attribution: str = ""
    min_zoom: int = 1
    max_zoom: int = 18
    token: str = ""

    def url(self, layer: int, z: int, x: int, y: int) -> str:
        """Where a tile is: column and row as the matrix set counts them, from the north-west."""
        name = self.layers[layer]
        values = {
            "layer": name,
            "matrix": self.matrix,
            "z": z,
            "x": x,
            "y": y,
            "token": quote(self.token, safe=""),
        }
        made = re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), self.location)
        if self.kind != "wmts" or "{z}" in self.location:
            return made
        query = {
            "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": name, "STYLE": "default",
            "TILEMATRIXSET": self.matrix, "FORMAT": "tiles", "TILEMATRIX": z, "TILEROW": y, "TILECOL": x,
        }  # fmt: skip
        return made + ("&" if "?" in made else "?") + urlencode(query)


@permits("map.read")
def base_map(workspace: Workspace) -> BaseMap | None:
    """The base map of this store, if one is declared."""
    with workspace.store.read() as connection:
        text = read_setting(connection, _SETTING)
    return _made(orjson.loads(text)) if text else None


@permits("store.configure")
def set_base_map(workspace: Workspace, file: Path | None) -> BaseMap | None:
    """Takes the base map that a TOML file declares, or none; raises ``BaseMapUnusable``."""
    made = _declared(file) if file is not None else None
    if made is not None and made.kind == "file":
        open_tiles(made).close()
    told = {name: value for name, value in asdict(made).items() if name != "token"} if made else {}
    with workspace.store.write() as connection:
        write_setting(connection, _SETTING, orjson.dumps(asdict(made)).decode() if made else "")
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="map.base",
            subject=made.kind if made else "none", details=told,
        )  # fmt: skip
    return made


def _declared(file: Path) -> BaseMap:
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(_("the file cannot be read: {reason}").format(reason=error)) from error
    if given.get("kind") == "file":
        place = Path(str(given.get("location", "")))
        given["location"] = str(place if place.is_absolute() else (file.parent / place).resolve())
    return _made(given)


def _made(given: Mapping[str, Any]) -> BaseMap:
    unknown = sorted(set(given) - set(BaseMap.__dataclass_fields__))
    if unknown:
        raise _unusable(_("“{name}” is not known").format(name=unknown[0]))
    try:
        made = BaseMap(**{**given, "layers": tuple(given.get("layers") or ("",))})
    except TypeError as error:
        raise _unusable(_("kind and location are missing")) from error
    _check(made)
    return made


def _check(made: BaseMap) -> None:
    if made.kind not in KINDS or made.matrix not in MATRICES:
        raise _unusable(_("the kind is one of {kinds}, the matrix w or c").format(kinds=", ".join(KINDS)))
    numbers = (made.min_zoom, made.max_zoom)
    if any(not isinstance(n, int) for n in numbers) or not 0 <= made.min_zoom <= made.max_zoom <= 22:
        raise _unusable(_("zooms lie between 0 and 22"))
    if made.kind == "file":
        return
    parts = urlsplit(made.location)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise _unusable(_("the location of a service begins with http:// or https:// and carries no user"))
    if made.kind == "xyz" and not all(f"{{{name}}}" in made.location for name in "zxy"):
        raise _unusable(_("the location lacks the place of zoom, column or row ({{z}} {{x}} {{y}})").format())


class Tiles(Protocol):
    """A file of tiles, open."""

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """The picture of a tile, rows counted from the north; None where there is none."""

    def close(self) -> None:
        """Lets go of the file."""


def open_tiles(base: BaseMap) -> Tiles:
    """Opens a base map's file; raises ``BaseMapUnusable`` if it holds no pictures."""
    path = Path(base.location)
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise _unusable(_("the file cannot be read: {reason}").format(reason=error)) from error
    if head.startswith(b"SQLite format 3"):
        return _MBTiles(path)
    if head.startswith(b"PMTiles\x03"):
        return _PMTiles(path)
    raise _unusable(_("it is neither MBTiles nor PMTiles (version 3)"))


class _MBTiles:
    """MBTiles 1.3: SQLite, rows counted from the south."""

    def __init__(self, path: Path) -> None:
        try:
            self._base = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            first = self._base.execute("SELECT tile_data FROM tiles LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise _unusable(_("it is neither MBTiles nor PMTiles (version 3)")) from error
        if first is None or not bytes(first[0]).startswith(_PICTURES):
            self._base.close()
            raise _no_pictures()

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        query = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        found = self._base.execute(query, (z, x, (1 << z) - 1 - y)).fetchone()
        return bytes(found[0]) if found else None

    def close(self) -> None:
        self._base.close()


class _PMTiles:
    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._reader = Reader(MmapSource(self._file))  # type: ignore[no-untyped-call]  # pmtiles has no types
        try:
            kind = self._reader.header()["tile_type"]  # type: ignore[no-untyped-call]  # pmtiles has no types
        except Exception as error:
            self._file.close()
            raise _unusable(_("it is neither MBTiles nor PMTiles (version 3)")) from error
        if kind not in {TileType.PNG, TileType.JPEG, TileType.WEBP}:
            self._file.close()
            raise _no_pictures()

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        if not (0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        found = self._reader.get(z, x, y)  # type: ignore[no-untyped-call]  # pmtiles has no types
        return bytes(found) if found else None

    def close(self) -> None:
        self._file.close()


def _no_pictures() -> BaseMapUnusable:
    return BaseMapUnusable(
        _("The file holds vector tiles, or none at all."), cure=_("Ask for raster tiles (PNG, JPEG or WebP).")
    )


def _unusable(reason: str) -> BaseMapUnusable:
    return BaseMapUnusable(
        _("This is no base map: {reason}.").format(reason=reason),
        cure=_("Correct the declaration; “gridlink basemap --help” shows one."),
    )
