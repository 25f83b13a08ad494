"""The descriptor: ``datapackage.json`` as version 1 has it, read strictly."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from core.i18n import _
from core.model.resources import RESOURCES, SENDERS
from core.packages import refusals

NAME: Final = "datapackage.json"
SIGNATURE: Final = "datapackage.json.jws"
VERSION: Final = "1"
SCHEMA: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
PHOTOS: Final = "photos/"
LARGEST: Final = 4 << 20
MODES: Final = ("snapshot", "delta")
_ALGORITHMS: Final = ("HMAC-SM3", "HMAC-SHA256")
_HASH: Final = r"sha256:[0-9a-f]{64}"
_MOMENT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
_TEXT: Final = r"(?s)(?=.*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]{1,2000}"
_HIGHEST: Final = 1 << 40


@dataclass(frozen=True)
class Entry:
    """One file as the descriptor names it; ``fields`` and their ``types`` are its schema's (none for a photo)."""

    name: str
    path: str
    size: int
    hash: str
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


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
    """Reads a descriptor; raises ``DescriptorInvalid`` naming the place, or ``VersionUnknown``."""
    top = _object(content)
    if str(top.get("version", "")) != VERSION:
        raise refusals.VersionUnknown(found=_shown(top.get("version")), expected=VERSION)
    own = top.get("gridlink")
    if not isinstance(own, dict):
        _wrong("gridlink", _("an object"), own)
    files = _files(top)
    return Descriptor(
        name=_text(top, "name", r"[a-z0-9._-]{1,120}"), uuid=_uuid(top), created=_moment(top),
        sender=_one_of(own, "sender", SENDERS), receiver=_text(own, "receiver", r"[0-9A-Za-z]{1,32}", "gridlink."),
        sequence=_number(own, "sequence", 1, "gridlink."),
        previous="" if own.get("previous") is None else _text(own, "previous", _HASH, "gridlink."),
        mode=_one_of(own, "mode", MODES), scope=_scope(own), purpose=_text(own, "purpose", place="gridlink."),
        legal_basis=_text(own, "legal_basis", place="gridlink."), pseudonym=_pseudonym(own),
        entries=tuple(file for file in files if file.name in RESOURCES),
        photos=tuple(file for file in files if file.name not in RESOURCES),
    )  # fmt: skip


def _object(content: bytes) -> dict[str, Any]:
    try:
        top = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _wrong(NAME, _("JSON in UTF-8"), str(error))
    if not isinstance(top, dict):
        _wrong(NAME, _("an object"), top)
    return top


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name twice: two readers must not see two packages."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice in one object")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _files(top: Mapping[str, Any]) -> list[Entry]:
    listed = top.get("resources")
    if not isinstance(listed, list) or not listed:
        _wrong("resources", _("a list of resources"), listed)
    files = [_entry(one, f"resources[{i}]") for i, one in enumerate(listed)]
    for of in ("name", "path"):
        seen = [getattr(file, of) for file in files]
        twice = (
            next((one for one in seen if seen.count(one) > 1), None) if len(set(seen)) < len(seen) else None
        )
        if twice is not None:
            _wrong("resources", _("each {field} once").format(field=of), twice)
    return files


def _entry(value: Any, place: str) -> Entry:
    if not isinstance(value, dict):
        _wrong(place, _("an object"), value)
    inside = f"{place}."
    name, path = _text(value, "name", place=inside), _text(value, "path", place=inside)
    known = RESOURCES.get(name)
    if known is not None and path != known.path:
        _wrong(f"{inside}path", known.path, path)
    if known is None and not path.startswith(PHOTOS):
        _wrong(f"{inside}name", _("a resource of version 1"), name)
    fields, types = _schema(value, f"{inside}schema.fields") if known else ((), ())
    size = _number(value, "bytes", 0, inside)
    return Entry(name, path, size, _text(value, "hash", _HASH, inside), fields, types)


def _schema(value: Mapping[str, Any], place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    schema = value.get("schema")
    listed = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(listed, list) or not all(
        isinstance(f, dict) and isinstance(f.get("name"), str) for f in listed
    ):
        _wrong(place, _("a list of named fields"), listed)
    return tuple(f["name"] for f in listed), tuple(str(f.get("type", "")) for f in listed)


def _text(value: Mapping[str, Any], key: str, pattern: str = _TEXT, place: str = "") -> str:
    found = value.get(key)
    if not isinstance(found, str) or not re.fullmatch(pattern, found):
        _wrong(f"{place}{key}", _("text") if pattern == _TEXT else pattern, found)
    return found


def _number(value: Mapping[str, Any], key: str, least: int, place: str) -> int:
    found = value.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= _HIGHEST:
        _wrong(f"{place}{key}", _("a whole number from {least}").format(least=least), found)
    return found


def _one_of(own: Mapping[str, Any], key: str, codes: tuple[str, ...]) -> str:
    found = own.get(key)
    if found not in codes:
        _wrong(f"gridlink.{key}", _("one of {codes}").format(codes=", ".join(codes)), found)
    return str(found)


def _scope(own: Mapping[str, Any]) -> tuple[str, ...]:
    found = own.get("scope", [])
    if not isinstance(found, list) or not all(
        isinstance(c, str) and re.fullmatch(r"[0-9]{6,12}", c) for c in found
    ):
        _wrong("gridlink.scope", _("a list of division codes"), found)
    return tuple(found)


def _pseudonym(own: Mapping[str, Any]) -> Mapping[str, str]:
    found = own.get("pseudonym", {})
    if not isinstance(found, dict) or found.get("alg", _ALGORITHMS[0]) not in _ALGORITHMS:
        _wrong("gridlink.pseudonym", _("one of {codes}").format(codes=", ".join(_ALGORITHMS)), found)
    return {str(key): str(value) for key, value in found.items()}


def _uuid(top: Mapping[str, Any]) -> str:
    found = _text(top, "id")
    try:
        return str(uuid.UUID(found))
    except ValueError:
        _wrong("id", _("a UUID"), found)


def _moment(top: Mapping[str, Any]) -> str:
    found, expected = top.get("created"), _("a time with its offset (RFC 3339)")
    if not isinstance(found, str) or not re.fullmatch(_MOMENT, found, re.ASCII):
        _wrong("created", expected, found)
    try:
        datetime.fromisoformat(found)
    except ValueError:  # shaped like a moment, but not on the calendar
        _wrong("created", expected, found)
    return found


def _shown(value: Any) -> str:
    """A value as it stood there, cut to what a sentence can bear."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode()
    return f"{text[:80]}…" if len(text) > 80 else text


def _wrong(place: str, expected: str, found: Any) -> NoReturn:
    nothing = found is None
    raise refusals.DescriptorInvalid(
        place=place, expected=expected, found=_("nothing") if nothing else f"“{_shown(found)}”"
    )
