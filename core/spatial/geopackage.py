"""GeoPackage (OGC 12-128, version 1.3) by the standard library: SQLite, and geometries as well-known binary.

Written positions are CGCS2000 degrees (EPSG:4490); read ones are turned into them from any EPSG system.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.exceptions import CRSError
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from core.errors import GridLinkError
from core.i18n import _

_CRS: Final = 4490
_ENVELOPES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_WKT: Final = (
    'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4490"]]'
)
_SCHEMA: Final = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), UNIQUE (table_name));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84 geodetic', 4326, 'EPSG', 4326,
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]', NULL);
"""  # noqa: E501 - a definition of the standard in one line


class GeoFileUnusable(GridLinkError):
    """The file is no GeoPackage or GeoJSON with areas in it, or cannot be written."""

    code = "geo_file_unusable"


@dataclass(frozen=True)
class GeoTable:
    """A layer: shapes in CGCS2000 degrees (None where a row has none) with their columns."""

    name: str
    shapes: Sequence[BaseGeometry | None]
    columns: Mapping[str, Sequence[Any]]


def write_geopackage(out: Path, table: GeoTable, *, kind: str = "GEOMETRY", about: str = "") -> None:
    """Writes one layer, whole or not at all; ``kind`` is the geometry type as the standard names it."""
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as base:
            base.executescript(_SCHEMA)
            base.execute(
                "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, 'EPSG', ?, ?, NULL)",
                ("CGCS2000", _CRS, _CRS, _WKT),
            )
            _fill(base, table, kind, about)
            base.commit()
        part.replace(out)
    except (OSError, sqlite3.OperationalError) as error:
        part.unlink(missing_ok=True)
        raise GeoFileUnusable(
            _("{path} cannot be written: {reason}").format(path=out, reason=error),
            cure=_("Close the file if it is open, or choose another folder."),
        ) from error


def read_geopackage(path: Path) -> GeoTable:
    """The first layer of features; raises ``GeoFileUnusable``."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            return _read(base, path)
    except sqlite3.Error as error:
        raise unusable(path, _("it is no GeoPackage")) from error


def _fill(base: sqlite3.Connection, table: GeoTable, kind: str, about: str) -> None:
    names = list(table.columns)
    listed = ", ".join(f"{_quoted(n)} {_affinity(table.columns[n])}" for n in names)
    base.execute(f"CREATE TABLE {_quoted(table.name)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}"
                 f"{', ' if names else ''}{listed})")  # fmt: skip
    places = ", ".join("?" * (len(names) + 1))
    named = ", ".join(["geom", *map(_quoted, names)])
    rows = zip(_blobs(table.shapes), *table.columns.values(), strict=True)
    base.executemany(f"INSERT INTO {_quoted(table.name)} ({named}) VALUES ({places})", rows)
    placed = [shape for shape in table.shapes if shape is not None]
    whole = shapely.total_bounds(placed) if placed else [np.nan] * 4
    bounds = [float(b) if np.isfinite(b) else None for b in whole]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    base.execute("INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?, ?)",
                 (table.name, table.name, about, now, *bounds, _CRS))  # fmt: skip
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table.name, kind, _CRS))


def _blobs(shapes: Sequence[BaseGeometry | None]) -> Iterable[bytes | None]:
    """Geometries with the standard's header: magic, version, flags (little endian, no envelope), system."""
    head = b"GP\x00" + bytes([0b00000001]) + struct.pack("<i", _CRS)
    wkb = shapely.to_wkb(np.array(shapes, dtype=object), byte_order=1)
    return (None if one is None else head + one for one in wkb)


def _read(base: sqlite3.Connection, path: Path) -> GeoTable:
    found = base.execute(
        "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id FROM gpkg_geometry_columns g"
        " JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id JOIN gpkg_contents c ON c.table_name = g.table_name"
        " WHERE c.data_type = 'features' ORDER BY g.table_name"
    ).fetchone()
    if found is None:
        raise unusable(path, _("it has no layer of areas"))
    name, column, authority, system = found
    names = [row[1] for row in base.execute(f"PRAGMA table_info({_quoted(name)})")]
    rows = base.execute(f"SELECT {', '.join(map(_quoted, names))} FROM {_quoted(name)}").fetchall()
    at = names.index(column)
    shapes = _shapes([row[at] for row in rows], path)
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names) if i != at}
    if str(authority).upper() == "EPSG" and int(system) not in {4326, 4490}:
        shapes = _turned(shapes, int(system), path)
    return GeoTable(name, shapes, columns)


def _shapes(blobs: Sequence[bytes | None], path: Path) -> list[BaseGeometry | None]:
    made: list[BaseGeometry | None] = []
    for blob in blobs:
        if blob is None:
            made.append(None)
            continue
        envelope = _ENVELOPES.get((blob[3] >> 1) & 7) if len(blob) >= 8 and blob[:2] == b"GP" else None
        if envelope is None:
            raise unusable(path, _("a geometry in it is damaged"))
        try:
            made.append(shapely.force_2d(shapely.from_wkb(blob[8 + envelope :])))
        except GEOSException as error:
            raise unusable(path, _("a geometry in it is damaged")) from error
    return made


def _turned(shapes: Sequence[BaseGeometry | None], system: int, path: Path) -> list[BaseGeometry | None]:
    try:
        way = Transformer.from_crs(system, _CRS, always_xy=True)
    except CRSError as error:
        raise unusable(path, _("its reference system EPSG:{code} is unknown").format(code=system)) from error
    return [
        None
        if one is None
        else shapely.transform(one, lambda c: np.column_stack(way.transform(c[:, 0], c[:, 1])))
        for one in shapes
    ]


def _affinity(values: Sequence[Any]) -> str:
    known = {type(value) for value in values if value is not None}
    return (
        "INTEGER" if known and known <= {int, bool} else "REAL" if known and known <= {int, float} else "TEXT"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unusable(path: Path, reason: str) -> GeoFileUnusable:
    """The one way to say that a file holds no areas that can be read."""
    return GeoFileUnusable(
        _("{path} cannot be used: {reason}.").format(path=path.name, reason=reason),
        cure=_("Give a GeoPackage or a GeoJSON FeatureCollection with polygons."), path=str(path),
    )  # fmt: skip
