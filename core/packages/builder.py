"""Building a package: what the sending side uses, and what leaves GridLink in the same format."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import uuid as uuids
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import RESOURCES, Resource, table_schema
from core.packages import crypto, descriptor, grids, tables
from core.packages.archive import Archive
from core.packages.refusals import PackageRefused
from core.packages.structure import TableCheck

_TABLES: Final = {".csv", ".tsv", ".xls", ".xlsx", ".json", ".geojson"}
"""Endings of what someone may have meant to be packed."""
_NAMES: Final = {"grid.geojson" if name == "grid" else f"{name}.csv" for name in RESOURCES}
_PSEUDONYM: Final = {"alg": "HMAC-SHA256", "key_id": "2026"}
_IMAGES: Final = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_EPOCH: Final = (2026, 1, 1, 0, 0, 0)
_LEVEL: Final = 6
_SOURCE: Final = {
    "csv": ("csv", "text/csv"),
    "geojson": ("geojson", "application/geo+json"),
    "jwe": ("jwe", "application/jose"),
}


class BuildRefused(GridLinkError):
    """The folder does not hold what a package is made of."""

    code = "build_refused"


@dataclass(frozen=True)
class BuiltPackage:
    """A package that was written; ``resources`` counts its rows."""

    path: Path
    name: str
    uuid: str
    sequence: int
    descriptor_hash: str
    resources: Mapping[str, int]


@dataclass(frozen=True)
class _File:
    entry: dict[str, Any]
    path: str
    content: bytes
    rows: int | None


def build_package(
    folder: Path, *, out: Path, key_pem: str, seal_to_pem: str | None = None, **letter: Any
) -> BuiltPackage:
    """Packs a folder of ``<resource>.csv`` (and ``grid.geojson``, ``identity.csv``), right or wrong rows alike.

    ``letter``: see ``write_package``. Raises ``BuildRefused`` for a folder without resources or with
    tables that are none; files of other kinds are left alone. ``out`` appears whole or not at all.
    """
    if not folder.is_dir():
        raise _refused(_("There is no folder {path}.").format(path=folder))
    contents: dict[str, pl.DataFrame | bytes] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.suffix.lower() in _TABLES:
            if path.name not in _NAMES:
                raise _refused(_("{path} is not a resource of the package format.").format(path=path.name))
            contents[path.stem] = path.read_bytes()
    if not contents:
        raise _refused(_("{path} holds no <resource>.csv.").format(path=folder))
    photos = {
        f"{descriptor.PHOTOS}{path.name}": path.read_bytes()
        for path in sorted(folder.glob("photos/[!.]*")) if path.is_file()
    }  # fmt: skip
    return write_package(contents, out=out, key_pem=key_pem, seal_to_pem=seal_to_pem, photos=photos, **letter)


def write_package(
    contents: Mapping[str, pl.DataFrame | bytes],
    *,
    out: Path,
    sender: str,
    receiver: str,
    key_pem: str,
    purpose: str,
    legal_basis: str,
    mode: str = "snapshot",
    scope: Sequence[str] = (),
    sequence: int | None = None,
    previous: Path | BuiltPackage | None = None,
    seal_to_pem: str | None = None,
    created: datetime | None = None,
    uuid: str | None = None,
    photos: Mapping[str, bytes] | None = None,
    pseudonym: Mapping[str, str] = _PSEUDONYM,
) -> BuiltPackage:
    """Writes a signed package from columns or ready bytes by resource name; the file's stem becomes its name.

    The same arguments with ``created`` and ``uuid`` given write the same bytes (a seal excepted). The
    sequence follows ``previous`` where it is not named. Raises ``BuildRefused`` where no receiver could
    read the result; what is wrong with rows and columns is the receiver's to say.
    """
    before, number = _before(previous)
    files = [_file(name, value, mode, seal_to_pem) for name, value in contents.items()]
    files += [_photo(path, content) for path, content in (photos or {}).items()]
    own: dict[str, Any] = {
        "sender": sender, "receiver": receiver, "sequence": sequence or number + 1,
        **({"previous": before} if before else {}),
        "mode": mode, "scope": list(scope) or [f"{receiver:0<12}"], "purpose": purpose, "legal_basis": legal_basis,
        "pseudonym": dict(pseudonym),
    }  # fmt: skip
    top: dict[str, Any] = {
        "$schema": descriptor.SCHEMA, "name": _name(out), "id": uuid or str(uuids.uuid4()),
        "version": descriptor.VERSION, "created": (created or datetime.now().astimezone()).isoformat(),
        "sources": [{"title": sender}], "resources": [file.entry for file in files], "gridlink": own,
    }  # fmt: skip
    raw = json.dumps(top, ensure_ascii=False, indent=1).encode()
    _check_letter(raw)
    signature = crypto.sign(raw, sender=sender, private_pem=key_pem).encode()
    _write(out, {descriptor.NAME: raw, descriptor.SIGNATURE: signature, **{f.path: f.content for f in files}})
    rows = {f.entry["name"]: f.rows for f in files if f.rows is not None}
    return BuiltPackage(out, top["name"], top["id"], own["sequence"], _sha256(raw), rows)


def _check_letter(raw: bytes) -> None:
    try:
        descriptor.parse(raw)
    except PackageRefused as refusal:
        raise _refused(refusal.message) from refusal


def _before(previous: Path | BuiltPackage | None) -> tuple[str, int]:
    if previous is None:
        return "", 0
    if isinstance(previous, BuiltPackage):
        return previous.descriptor_hash, previous.sequence
    try:
        with Archive(previous) as archive:
            raw = archive.read(descriptor.NAME) if descriptor.NAME in archive.names else b""
        return _sha256(raw), descriptor.parse(raw).sequence
    except PackageRefused as refusal:
        raise _refused(_("{path} is no package to follow: {reason}").format(
            path=previous, reason=refusal.message)) from refusal  # fmt: skip


def _file(name: str, value: pl.DataFrame | bytes, mode: str, seal_to_pem: str | None) -> _File:
    resource = RESOURCES[name]
    content = value if isinstance(value, bytes) else _encoded(resource, value)
    columns, rows = _columns_and_rows(resource, content, mode)
    if resource.sealed:
        if seal_to_pem is None:
            raise _refused(
                _("identity.csv leaves sealed or not at all: name the receiver's key with --seal-to.")
            )
        content = crypto.seal(content, public_pem=seal_to_pem)
    kind, media = _SOURCE[resource.path.rsplit(".", 1)[1]]
    entry = {
        "name": name, "path": resource.path, "format": kind, "mediatype": media, "encoding": "utf-8",
        "bytes": len(content), "hash": _sha256(content), "schema": _schema(resource, columns, mode),
    }  # fmt: skip
    return _File(entry, resource.path, content, rows)


def _columns_and_rows(resource: Resource, content: bytes, mode: str) -> tuple[tuple[str, ...], int]:
    try:
        if resource.name == "grid":
            found = grids.features(content, resource.path)
            return grids.column_names(found) or resource.header(mode), len(found)
        columns = tables.header(content, resource.path)
    except PackageRefused as refusal:
        raise _refused(refusal.message) from refusal
    table = TableCheck(resource.path)
    try:
        table.feed(content, final=True)
    except PackageRefused:
        return columns, content.count(b"\n") - 1  # packed as it is: opening it will say what is wrong
    return columns, table.rows


def _schema(resource: Resource, columns: Sequence[str], mode: str) -> dict[str, Any]:
    """The Table Schema of the columns that are really there, known ones with their constraints."""
    full = table_schema(resource, mode)
    known = {field["name"]: field for field in full["fields"]}
    made = full | {"fields": [known.get(name, {"name": name, "type": "string"}) for name in columns]}
    if not set(made.get("primaryKey", ())) <= set(columns):
        del made["primaryKey"]
    return made


def _encoded(resource: Resource, frame: pl.DataFrame) -> bytes:
    frame = frame.drop("line", strict=False)
    if resource.name != "grid":
        buffer = io.BytesIO()
        frame.write_csv(buffer)
        return buffer.getvalue()
    features = [_feature(resource, row) for row in frame.to_dicts()]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _feature(resource: Resource, row: dict[str, Any]) -> dict[str, Any]:
    shape = row.pop(grids.GEOMETRY, None)
    properties = {name: _number(resource, name, value) for name, value in row.items() if value is not None}
    return {"type": "Feature", "geometry": json.loads(shape) if shape else None, "properties": properties}


def _number(resource: Resource, name: str, value: Any) -> Any:
    known = resource.by_name.get(name)
    whole = known is not None and known.kind == "integer" and re.fullmatch(r"[0-9]{1,18}", str(value))
    return int(value) if whole else value


def _photo(path: str, content: bytes) -> _File:
    suffix = path.rsplit(".", 1)[-1].lower()
    entry = {
        "name": re.sub(r"[^a-z0-9._-]", "-", path.lower()), "path": path, "format": suffix,
        "mediatype": _IMAGES.get(suffix, "application/octet-stream"), "bytes": len(content), "hash": _sha256(content),
    }  # fmt: skip
    return _File(entry, path, content, None)


def _write(out: Path, members: Mapping[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    making = out.with_name(out.name + ".part")
    try:
        with making.open("wb") as file:
            _pack(file, members)
            file.flush()
            os.fsync(file.fileno())
        making.replace(out)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


def _pack(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.create_system = 3  # the same bytes whatever machine packs them
            archive.writestr(info, content, compresslevel=_LEVEL)


def _name(out: Path) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", out.stem.lower()).strip("-")[:120] or "package"


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _refused(message: str) -> BuildRefused:
    return BuildRefused(message, cure=_("See “gridlink package build --help” for what the folder may hold."))
