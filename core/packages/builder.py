"""Building a package: what the sending side uses, and what leaves GridLink in the same format."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid as uuids
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from core.errors import GridLinkError
from core.i18n import _
from core.model.resources import RESOURCES, Column, Resource, table_schema
from core.packages import crypto, descriptor, tables
from core.packages.archive import Archive

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


def build_package(
    folder: Path, *, out: Path, key_pem: str, seal_to_pem: str | None = None, **letter: Any
) -> BuiltPackage:
    """Packs a folder of ``<resource>.csv`` (and ``grid.geojson``, ``identity.csv``), right or wrong rows alike.

    ``letter``: see ``write_package``. Raises ``BuildRefused`` for a folder without resources or with
    files that are none. ``out`` appears whole or not at all.
    """
    if not folder.is_dir():
        raise _refused(_("There is no folder {path}.").format(path=folder))
    contents = {}
    for path in sorted(folder.glob("*")):
        name = path.stem
        if path.suffix not in {".csv", ".geojson"}:
            continue
        if name not in RESOURCES or (path.suffix == ".geojson") != (name == "grid"):
            raise _refused(_("{path} is not a resource of the package format.").format(path=path.name))
        contents[name] = path.read_bytes()
    if not contents:
        raise _refused(_("{path} holds no <resource>.csv.").format(path=folder))
    photos = {
        f"photos/{path.name}": path.read_bytes() for path in sorted(folder.glob("photos/*")) if path.is_file()
    }
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
) -> BuiltPackage:
    """Writes a signed package from columns or ready bytes by resource name.

    The same arguments with ``created`` and ``uuid`` given write the same bytes (a seal excepted). The
    sequence follows ``previous`` where it is not named.
    """
    before, number = _before(previous)
    files = [_file(name, value, mode, seal_to_pem) for name, value in contents.items()]
    files += [_photo(path, content) for path, content in (photos or {}).items()]
    own: dict[str, Any] = {
        "sender": sender, "receiver": receiver, "sequence": sequence or number + 1,
        **({"previous": before} if before else {}),
        "mode": mode, "scope": list(scope) or [f"{receiver:0<12}"], "purpose": purpose, "legal_basis": legal_basis,
        "pseudonym": {"alg": "HMAC-SHA256", "key_id": "2026"},
    }  # fmt: skip
    top: dict[str, Any] = {
        "$schema": descriptor.SCHEMA, "name": _name(out), "id": uuid or str(uuids.uuid4()),
        "version": descriptor.VERSION, "created": (created or datetime.now().astimezone()).isoformat(),
        "sources": [{"title": sender}], "resources": [file.entry for file in files], "gridlink": own,
    }  # fmt: skip
    raw = json.dumps(top, ensure_ascii=False, indent=1).encode()
    signature = crypto.sign(raw, sender=sender, private_pem=key_pem).encode()
    _write(out, {descriptor.NAME: raw, descriptor.SIGNATURE: signature, **{f.path: f.content for f in files}})
    rows = {f.entry["name"]: f.entry["rows"] for f in files if "rows" in f.entry}
    return BuiltPackage(out, top["name"], top["id"], own["sequence"], _sha256(raw), rows)


def _before(previous: Path | BuiltPackage | None) -> tuple[str, int]:
    if previous is None:
        return "", 0
    if isinstance(previous, BuiltPackage):
        return previous.descriptor_hash, previous.sequence
    archive = Archive(previous)
    try:
        raw = archive.read(descriptor.NAME)
    finally:
        archive.close()
    return _sha256(raw), descriptor.parse(raw).sequence


def _file(name: str, value: pl.DataFrame | bytes, mode: str, seal_to_pem: str | None) -> _File:
    resource = RESOURCES[name]
    content = value if isinstance(value, bytes) else _encoded(resource, value)
    columns = tables.geojson_columns(content, resource.path) if name == "grid" else tables.header(
        content[: 1 << 20], resource.path)  # fmt: skip
    rows = _rows(resource, content, value)
    if resource.sealed:
        if seal_to_pem is None:
            raise _refused(
                _("identity.csv leaves sealed or not at all: name the receiver's key with --seal-to.")
            )
        content = crypto.seal(content, public_pem=seal_to_pem)
    kind, media = _SOURCE[resource.path.rsplit(".", 1)[1]]
    entry = {
        "name": name, "path": resource.path, "format": kind, "mediatype": media, "encoding": "utf-8",
        "bytes": len(content), "hash": _sha256(content), "rows": rows, "schema": _schema(resource, columns, mode),
    }  # fmt: skip
    return _File(entry, resource.path, content)


def _schema(resource: Resource, columns: Sequence[str], mode: str) -> dict[str, Any]:
    """The Table Schema of the columns that are really there, known ones with their constraints."""
    full = table_schema(resource, mode)
    known = {field["name"]: field for field in full["fields"]}
    return full | {"fields": [known.get(name, {"name": name, "type": "string"}) for name in columns]}


def _encoded(resource: Resource, frame: pl.DataFrame) -> bytes:
    frame = frame.drop("line", strict=False)
    if resource.name != "grid":
        buffer = io.BytesIO()
        frame.write_csv(buffer)
        return buffer.getvalue()
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(row.pop("geometry")),
            "properties": _properties(resource, row),
        }
        for row in frame.to_dicts()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _properties(resource: Resource, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _number(resource.by_name[name], value) for name, value in row.items() if value is not None}


def _number(column: Column, value: Any) -> Any:
    return int(value) if column.kind == "integer" and str(value).isdigit() else value


def _rows(resource: Resource, content: bytes, value: pl.DataFrame | bytes) -> int:
    if isinstance(value, pl.DataFrame):
        return value.height
    if resource.name == "grid":
        return len(json.loads(content.removeprefix(tables.BOM))["features"])
    try:
        return int(pl.scan_csv(io.BytesIO(content), infer_schema=False).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        return max(0, content.count(b"\n") - 1)  # packed as it is: opening it will say what is wrong


def _photo(path: str, content: bytes) -> _File:
    suffix = path.rsplit(".", 1)[-1].lower()
    entry = {
        "name": re.sub(r"[^a-z0-9._-]", "-", path.lower()), "path": path, "format": suffix,
        "mediatype": f"image/{suffix}", "bytes": len(content), "hash": _sha256(content),
    }  # fmt: skip
    return _File(entry, path, content)


def _write(out: Path, members: Mapping[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    making = out.with_name(out.name + ".part")
    with zipfile.ZipFile(making, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.create_system = 3  # the same bytes whatever machine packs them
            archive.writestr(info, content, compresslevel=_LEVEL)
    making.replace(out)


def _name(out: Path) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", out.stem.lower()).strip("-") or "package"


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _refused(message: str) -> BuildRefused:
    return BuildRefused(message, cure=_("See “gridlink package build --help” for what the folder may hold."))
