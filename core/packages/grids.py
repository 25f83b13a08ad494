"""The one resource that is no table: grids as a GeoJSON FeatureCollection, read as rows like the others."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import orjson
import polars as pl

from core.i18n import _
from core.model.resources import Resource
from core.packages import refusals
from core.packages.encoding import BOM
from core.packages.tables import complete

GEOMETRY: Final = "geometry"
_SHAPES: Final = ("Polygon", "MultiPolygon")
Feature = dict[str, Any]


def features(content: bytes, path: str) -> list[Feature]:
    """The features' properties, each with its ``geometry``; raises ``CsvMalformed`` with the feature's number.

    The geometry's kind is checked here; whether its ring closes is for verification to say.
    """
    try:
        top = orjson.loads(content.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        reason = _("it is not JSON (line {line}, column {column})").format(
            line=error.lineno, column=error.colno
        )
        raise refusals.GeoJsonMalformed(path=path, reason=reason, line=error.lineno) from error
    if not isinstance(top, dict) or top.get("type") != "FeatureCollection":
        _malformed(path, _("it is not a FeatureCollection"))
    listed = top.get("features")
    if not isinstance(listed, list):
        _malformed(path, _("it has no list of features"))
    return [_feature(one, number, path) for number, one in enumerate(listed, 1)]


def column_names(found: list[Feature]) -> tuple[str, ...]:
    """Every property that any feature carries, in order of first use."""
    return tuple(dict.fromkeys(name for one in found for name in one))


def frame(found: list[Feature], resource: Resource, mode: str) -> pl.DataFrame:
    """The features as rows of strings, the geometry as compact GeoJSON text; ``line`` counts from 2."""
    wanted = resource.header(mode)
    columns = {name: [_as_text(one.get(name)) for one in found] for name in wanted}
    return complete(pl.DataFrame(columns, schema=dict.fromkeys(wanted, pl.String)), wanted)


def _feature(value: Any, number: int, path: str) -> Feature:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        _malformed(path, _("item {number} is not a Feature").format(number=number), number)
    properties, shape = value.get("properties"), value.get(GEOMETRY)
    if not isinstance(properties, dict):
        _malformed(path, _("feature {number} has no properties").format(number=number), number)
    if GEOMETRY in properties:
        _malformed(path, _("feature {number} has a property “geometry”").format(number=number), number)
    if shape is not None and not (isinstance(shape, dict) and shape.get("type") in _SHAPES):
        reason = _("the geometry of feature {number} is neither Polygon nor MultiPolygon").format(
            number=number
        )
        _malformed(path, reason, number)
    if "\x00" in "".join(v for v in properties.values() if isinstance(v, str)):
        _malformed(path, _("feature {number} holds a NUL character").format(number=number), number)
    return properties | {GEOMETRY: shape}


def _as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _malformed(path: str, reason: str, number: int | None = None) -> NoReturn:
    raise refusals.GeoJsonMalformed(path=path, reason=reason, line=None if number is None else number + 1)
