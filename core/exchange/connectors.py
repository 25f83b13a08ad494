"""Connectors as they are declared: read from their files, checked by the schema and against the registry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import ValidationError

from core.errors import GridLinkError
from core.exchange.declaration import Connector, Incoming, Mapped, Outgoing
from core.i18n import N_, _
from core.model.resources import RESOURCES, SENDERS
from core.registry.publication import Selection, selections
from core.settings import RESOURCES as RESOURCE_FOLDER

FOLDER: Final = RESOURCE_FOLDER / "connectors"
_SAYINGS: Final = {
    "missing": N_("“{place}” is missing."),
    "extra_forbidden": N_("“{place}” is not known here."),
    "literal_error": N_("“{place}” must be one of: {expected}."),
    "string_pattern_mismatch": N_("“{place}” does not have the form that is asked for ({pattern})."),
    "greater_than": N_("“{place}” must be greater than {gt}."),
    "unknown_column": N_("“{place}”: the registry has no column “{column}” there."),
    "unknown_resource": N_("“{place}”: the registry has no such resource."),
    "unknown_sender": N_("“{place}”: there is no department “{sender}”."),
    "other_name": N_("“{place}” must be the file's own name, {expected}."),
    "incomplete_key": N_("“{place}”: the fields do not say where the key columns {columns} are."),
    "unknown_field": N_("“{place}”: there is no field of that name in the mapping."),
}
_OTHERWISE = N_("“{place}” is not as it should be: {problem}.")


class ConnectorUnknown(GridLinkError):
    """No connector of that name is declared."""

    code = "connector_unknown"


class DeclarationInvalid(GridLinkError):
    """A connector's file says something that the schema or the registry does not allow."""

    code = "connector_declaration_invalid"


def connectors() -> tuple[Connector, ...]:
    """Every declared connector."""
    return tuple(connector(name) for name in _names())


def targets() -> tuple[Connector, ...]:
    """The connectors that changes of the registry are queued for."""
    queued = {s.target for s in selections()}
    return tuple(c for c in connectors() if c.target in queued)


@cache
def connector(target: str) -> Connector:
    """The connector of a target id; raises ``ConnectorUnknown`` or ``DeclarationInvalid``."""
    known = _names()
    if target not in known:
        raise ConnectorUnknown(
            _("There is no upstream system “{target}”.").format(target=target),
            cure=_("Use one of: {known}.").format(known=", ".join(known)),
            target=target,
            known=known,
        )
    return read(FOLDER / f"{target}.toml")


def read(path: Path) -> Connector:
    """The declaration in a file; raises ``DeclarationInvalid`` with every fault, its line and its cure."""
    return parse(path.read_text(encoding="utf-8"), name=path.stem, file=path.name)


@lru_cache(maxsize=64)
def parse(text: str, *, name: str, file: str = "") -> Connector:
    """The declaration of ``name`` in a text; raises ``DeclarationInvalid`` as ``read``."""
    file = file or f"{name}.toml"
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else 1
        raise invalid(file, [(line, _("This is not TOML: {problem}.").format(problem=error))]) from error
    faults = list(_faults(name, given))
    if faults:
        raise invalid(
            file, [(line_of(text, place), _saying(code, place, facts)) for place, code, facts in faults]
        )
    return _validated(given)


def _validated(given: Mapping[str, Any]) -> Connector:
    """Through JSON, so that the schema can be strict about types and still take TOML's arrays."""
    return Connector.model_validate_json(orjson.dumps(_listed(given)))


def _listed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration with its tables of fields as lists in the file's order."""
    made = dict(given)
    for part in ("push", "extract", "propose"):
        if isinstance(given.get(part), dict):
            made[part] = {name: _mapped(mapped) for name, mapped in given[part].items()}
    return made


def _mapped(mapped: Any) -> Any:
    if not isinstance(mapped, dict) or not isinstance(mapped.get("fields"), dict):
        return mapped
    rows = [{"name": n} | f if isinstance(f, dict) else f for n, f in mapped["fields"].items()]
    return mapped | {"fields": rows}


Fault = tuple[tuple[str, ...], str, Mapping[str, Any]]


def _faults(name: str, given: Mapping[str, Any]) -> Iterator[Fault]:
    """Where the declaration is wrong: the place, a code and the facts; first the schema, then the registry."""
    try:
        made = _validated(given)
    except ValidationError as error:
        for one in error.errors():
            place = _place(given, one["loc"])
            yield place, one["type"], {"problem": one["msg"]} | one.get("ctx", {})
        return
    if made.target != name:
        yield ("target",), "other_name", {"expected": name}
    if made.sender not in SENDERS:
        yield ("sender",), "unknown_sender", {"sender": made.sender}
    for part in ("push", "extract", "propose"):
        for resource, mapped in getattr(made, part).items():
            yield from _against_registry((part, resource), mapped)


def _against_registry(place: tuple[str, ...], mapped: Mapped) -> Iterator[Fault]:
    resource = RESOURCES.get(place[1])
    if resource is None:
        yield place, "unknown_resource", {}
        return
    for field in mapped.fields:
        if field.column not in resource.by_name:
            yield (*place, "fields", field.name, "column"), "unknown_column", {"column": field.column}
    if isinstance(mapped, Outgoing):
        for column in mapped.where:
            if column not in resource.by_name:
                yield (*place, "where", column), "unknown_column", {"column": column}
    columns = {f.column for f in mapped.fields}
    replaced = resource.alternative_key in columns
    if missing := [c for c in resource.key if c not in columns and not replaced]:
        yield (*place, "fields"), "incomplete_key", {"columns": ", ".join(missing)}
    if isinstance(mapped, Incoming):
        names = {f.name for f in mapped.fields}
        if mapped.watermark not in names:
            yield (*place, "watermark"), "unknown_field", {}


def line_of(text: str, place: tuple[str, ...]) -> int:
    """The line of a place in the file: of its own key, else of the nearest table around it.

    The files have one key a line; a place inside an inline table is on the line of that table.
    """
    table: tuple[str, ...] = ()
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[\[?([^\]]+)\]", line):
            table = tuple(part.strip().strip("\"'") for part in head[1].split("."))
            here = table
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            here = (*table, *(part.strip("\"'") for part in key[1].split(".")))
        else:
            continue
        if len(here) > depth and here == place[: len(here)]:
            best, depth = number, len(here)
    return best


def _place(given: Mapping[str, Any], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """A place as the file has it: the schema's field number becomes the field's name again."""
    place: list[str] = []
    here: Any = given
    for part in loc:
        if isinstance(part, int) and place[-1:] == ["fields"] and isinstance(here, dict):
            part = list(here)[part]  # noqa: PLW2901 - the number stands for this name
        here = here.get(part) if isinstance(here, dict) else None
        place.append(str(part))
    return tuple(place)


def _saying(code: str, place: tuple[str, ...], facts: Mapping[str, Any]) -> str:
    return _(_SAYINGS.get(code, _OTHERWISE)).format(place=".".join(place), **{"problem": ""} | dict(facts))


def invalid(file: str, faults: list[tuple[int, str]]) -> DeclarationInvalid:
    """The error for faults of a declaration: line and sentence of each."""
    line, first = min(faults)
    return DeclarationInvalid(
        _("{file}, line {line}: {problem}").format(file=file, line=line, problem=first),
        cure=_("Correct that line of the connector's file; “gridlink connector list” checks all of them."),
        file=file,
        line=line,
        faults=[{"line": at, "message": message} for at, message in sorted(faults)],
    )


def _names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def pushed(it: Connector, resource: str | None = None) -> tuple[Selection, Outgoing]:
    """What a connector pushes of a resource (of its first one if None): the selection and the mapping."""
    name = resource or next(iter(it.push))
    return Selection(it.target, name, dict(it.push[name].where)), it.push[name]
