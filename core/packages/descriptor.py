"""The descriptor: ``datapackage.json`` as version 1 has it, read strictly and written once."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from core.model.resources import RESOURCES, SENDERS
from core.packages import refusals

NAME: Final = "datapackage.json"
SIGNATURE: Final = "datapackage.json.jws"
VERSION: Final = "1"
SCHEMA: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_LARGEST: Final = 4 << 20
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One resource as the descriptor names it; ``fields`` is None where no schema is given (sealed)."""

    name: str
    path: str
    size: int
    hash: str
    fields: tuple[str, ...] | None


@dataclass(frozen=True)
class Descriptor:
    """What a package says of itself."""

    name: str
    uuid: str
    created: str
    sender: str
    receiver: str
    sequence: int
    previous: str
    mode: str
    scope: tuple[str, ...]
    purpose: str
    legal_basis: str
    pseudonym: Mapping[str, str]
    entries: tuple[Entry, ...]
    photos: tuple[Entry, ...]


def parse(content: bytes) -> Descriptor:
    """Reads a descriptor; raises ``DescriptorInvalid`` or ``VersionUnknown`` naming the place."""
    if len(content) > _LARGEST:
        _wrong("datapackage.json", f"> {_LARGEST} bytes")
    try:
        top = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        _wrong("datapackage.json", str(error))
    if not isinstance(top, dict):
        _wrong("datapackage.json", "not an object")
    if str(top.get("version", "")) != VERSION:
        raise refusals.VersionUnknown(found=top.get("version"), expected=VERSION)
    own = top.get("gridlink")
    if not isinstance(own, dict):
        _wrong("gridlink", "not an object")
    sequence = own.get("sequence")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        _wrong("gridlink.sequence", repr(sequence))
    listed = top.get("resources")
    if not isinstance(listed, list) or not listed:
        _wrong("resources", "no list of resources")
    entries = [_entry(one, f"resources[{i}]") for i, one in enumerate(listed)]
    known = [entry for entry in entries if entry.name in RESOURCES]
    if len({entry.path for entry in entries}) != len(entries) or len({e.name for e in entries}) != len(
        entries
    ):
        _wrong("resources", "a name or path twice")
    return Descriptor(
        name=_text(top, "name", r"[a-z0-9._-]{1,120}"), uuid=_uuid(top), created=_moment(top, "created"),
        sender=_one_of(own, "sender", SENDERS), receiver=_text(own, "receiver", r"[0-9A-Za-z]{1,32}"),
        sequence=sequence, previous=_previous(own), mode=_one_of(own, "mode", ("snapshot", "delta")),
        scope=_scope(own), purpose=_text(own, "purpose"), legal_basis=_text(own, "legal_basis"),
        pseudonym=_pseudonym(own), entries=tuple(known),
        photos=tuple(entry for entry in entries if entry.name not in RESOURCES),
    )  # fmt: skip


def _entry(value: Any, place: str) -> Entry:
    if not isinstance(value, dict):
        _wrong(place, "not an object")
    name, path = _text(value, "name", place=place), _text(value, "path", place=place)
    known = RESOURCES.get(name)
    if known is not None and path != known.path:
        _wrong(f"{place}.path", f"{path}, expected {known.path}")
    if known is None and not path.startswith("photos/"):
        _wrong(f"{place}.name", f"no resource of version 1 is called {name}")
    size = value.get("bytes")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        _wrong(f"{place}.bytes", repr(size))
    return Entry(name, path, size, _text(value, "hash", _HASH.pattern, place=place), _fields(value, place))


def _fields(value: Mapping[str, Any], place: str) -> tuple[str, ...] | None:
    schema = value.get("schema")
    if schema is None:
        return None
    listed = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(listed, list) or not all(
        isinstance(f, dict) and isinstance(f.get("name"), str) for f in listed
    ):
        _wrong(f"{place}.schema", "no list of named fields")
    return tuple(field["name"] for field in listed)


def _text(value: Mapping[str, Any], key: str, pattern: str = r"(?s).*\S.*", *, place: str = "") -> str:
    found = value.get(key)
    if not isinstance(found, str) or not re.fullmatch(pattern, found):
        _wrong(f"{place}.{key}".lstrip("."), repr(found))
    return found


def _one_of(value: Mapping[str, Any], key: str, codes: tuple[str, ...]) -> str:
    found = value.get(key)
    if found not in codes:
        _wrong(f"gridlink.{key}", f"{found!r}, expected {', '.join(codes)}")
    return str(found)


def _previous(own: Mapping[str, Any]) -> str:
    return _text(own, "previous", _HASH.pattern, place="gridlink") if own.get("previous") is not None else ""


def _scope(own: Mapping[str, Any]) -> tuple[str, ...]:
    found = own.get("scope", [])
    if not isinstance(found, list) or not all(
        isinstance(c, str) and re.fullmatch(r"\d{6,12}", c) for c in found
    ):
        _wrong("gridlink.scope", repr(found))
    return tuple(found)


def _pseudonym(own: Mapping[str, Any]) -> Mapping[str, str]:
    found = own.get("pseudonym", {})
    if not isinstance(found, dict) or found.get("alg", "HMAC-SM3") not in {"HMAC-SM3", "HMAC-SHA256"}:
        _wrong("gridlink.pseudonym", repr(found))
    return {str(key): str(value) for key, value in found.items()}


def _uuid(top: Mapping[str, Any]) -> str:
    try:
        return str(uuid.UUID(_text(top, "id")))
    except ValueError:
        _wrong("id", repr(top["id"]))


def _moment(top: Mapping[str, Any], key: str) -> str:
    found = _text(top, key)
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        _wrong(key, repr(found))
    if moment.tzinfo is None:
        _wrong(key, f"{found!r} has no offset")
    return found


def _wrong(place: str, reason: str) -> NoReturn:
    raise refusals.DescriptorInvalid(place=place, reason=reason)
