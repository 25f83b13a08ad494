"""Opening a package: every check of version 1 in its order, before a single row is staged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.model.resources import RESOURCES, Resource
from core.packages import crypto, descriptor, refusals, tables
from core.packages.archive import Archive
from core.packages.descriptor import Descriptor, Entry
from core.packages.never import is_forbidden
from core.packages.refusals import PackageRefused


@dataclass(frozen=True)
class Last:
    """Where a sender's chain stands: the newest imported package, and file hashes by sequence."""

    sequence: int
    descriptor_hash: str
    known: Mapping[int, str]


@dataclass(frozen=True)
class Trust:
    """What a package is checked against: whose store this is, whom it trusts, what it already took."""

    station: str
    keys: Mapping[str, str]
    last: Mapping[str, Last]
    seal_private_pem: str | None = None


@dataclass
class PackageFile:
    """A package that passed every check; its rows are read on demand, in memory only."""

    path: Path
    declared: Descriptor
    descriptor_hash: str
    file_hash: str
    size_bytes: int
    repeat: bool
    warnings: list[dict[str, Any]] = field(default_factory=list)
    seal_private_pem: str | None = None

    @property
    def resource_names(self) -> list[str]:
        """The resources inside, in the order in which they must be imported."""
        inside = {entry.name for entry in self.declared.entries}
        return [name for name in RESOURCES if name in inside]

    def frame(self, name: str) -> pl.DataFrame:
        """One resource's rows: every column of version 1 as strings, and ``line``."""
        resource = RESOURCES[name]
        archive = Archive(self.path)
        try:
            content = archive.read(resource.path)
        finally:
            archive.close()
        if resource.sealed:
            content = _unsealed(content, self.seal_private_pem)
        if name == "grid":
            return tables.geojson_frame(content, resource, self.declared.mode)
        return tables.csv_frame(content, resource, self.declared.mode)


@dataclass(frozen=True)
class CheckReport:
    """What a check found; ``resources`` are row counts, complete only when ``ok``."""

    ok: bool
    name: str
    sender: str
    sequence: int
    resources: Mapping[str, int]
    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


class Refusals(PackageRefused):
    """Several failures of one stage; shows as the first of them and carries all."""

    def __init__(self, found: list[PackageRefused]) -> None:
        first = found[0]
        super(PackageRefused, self).__init__(first.message, cure=first.cure, **first.details)
        self.found = found
        self.code = first.code  # type: ignore[misc]  # it speaks for the first of them


def open_package(path: Path, trust: Trust, progress: Progress | None = None) -> PackageFile:
    """Runs every check in the order of ``package-format.md`` and returns the package, ready to be staged.

    Raises a ``PackageRefused``; never writes. A byte-identical repeat comes back with ``repeat`` set.
    """
    progress = progress or Progress()
    progress.phase(_("Checking the package"))
    archive = Archive(path)
    try:
        return _checked(path, archive, trust, progress)
    finally:
        archive.close()


def check_package(path: Path, trust: Trust, progress: Progress | None = None) -> CheckReport:
    """The checks as a report: every error of the first stage that fails; never raises a refusal."""
    try:
        opened = open_package(path, trust, progress)
        rows = {name: opened.frame(name).height for name in opened.resource_names}
    except PackageRefused as refusal:
        found = refusal.found if isinstance(refusal, Refusals) else [refusal]
        declared = _declared_if_readable(path)
        return CheckReport(
            False, declared.name if declared else "", declared.sender if declared else "",
            declared.sequence if declared else 0, {}, [one.as_dict() for one in found], [],
        )  # fmt: skip
    return CheckReport(
        True,
        opened.declared.name,
        opened.declared.sender,
        opened.declared.sequence,
        rows,
        [],
        opened.warnings,
    )


def _declared_if_readable(path: Path) -> Descriptor | None:
    try:
        archive = Archive(path)
    except PackageRefused:
        return None
    try:
        return descriptor.parse(archive.read(descriptor.NAME)) if descriptor.NAME in archive.names else None
    except PackageRefused:
        return None
    finally:
        archive.close()


def _checked(path: Path, archive: Archive, trust: Trust, progress: Progress) -> PackageFile:
    if descriptor.NAME not in archive.names:
        raise refusals.DescriptorMissing()
    raw = archive.read(descriptor.NAME)
    declared = descriptor.parse(raw)
    _raise_all(_files(archive, declared))
    heads = _content(archive, declared, progress)
    _signature(archive, declared, raw, trust)
    file_hash = _file_hash(path)
    repeat, warnings = _chain(declared, file_hash, trust)
    if declared.receiver != trust.station:
        raise refusals.WrongReceiver(found=declared.receiver, expected=trust.station)
    warnings += _columns(archive, declared, heads, trust)
    return PackageFile(
        path=path, declared=declared, descriptor_hash=_sha256(raw), file_hash=file_hash,
        size_bytes=path.stat().st_size, repeat=repeat, warnings=warnings, seal_private_pem=trust.seal_private_pem,
    )  # fmt: skip


def _files(archive: Archive, declared: Descriptor) -> Iterator[PackageRefused]:
    named = {entry.path for entry in (*declared.entries, *declared.photos)}
    there = archive.names - {descriptor.NAME, descriptor.SIGNATURE}
    yield from (refusals.FileMissing(path=path) for path in sorted(named - there))
    yield from (refusals.FileExtra(path=path) for path in sorted(there - named))


def _content(archive: Archive, declared: Descriptor, progress: Progress) -> dict[str, bytes]:
    """Length, digest and encoding of every file in one pass; returns the beginning of each."""
    heads: dict[str, bytes] = {}
    wrong: list[PackageRefused] = []
    misread: list[PackageRefused] = []
    entries = (*declared.entries, *declared.photos)
    progress.phase(_("Checking lengths and digests"), sum(entry.size for entry in entries))
    for entry in entries:
        if archive.size(entry.path) != entry.size:
            wrong.append(
                refusals.BytesDiffer(path=entry.path, found=archive.size(entry.path), expected=entry.size)
            )
            continue
        digest, heads[entry.name], trouble = _walk(archive, entry, progress)
        if digest != entry.hash:
            wrong.append(refusals.HashDiffers(path=entry.path, found=digest, expected=entry.hash))
        elif trouble:
            misread.append(trouble)
    _raise_all(iter(wrong or misread))
    return heads


def _walk(archive: Archive, entry: Entry, progress: Progress) -> tuple[str, bytes, PackageRefused | None]:
    total, head, trouble = hashlib.sha256(), b"", None
    text = tables.Utf8Check(entry.path) if entry.path.endswith((".csv", ".geojson")) else None
    for chunk in archive.chunks(entry.path):
        total.update(chunk)
        head = head or chunk
        progress.advance(len(chunk))
        if text and trouble is None:
            trouble = _utf8_trouble(text, chunk, final=False)
    if text and trouble is None:
        trouble = _utf8_trouble(text, b"", final=True)
    return f"sha256:{total.hexdigest()}", head, trouble


def _utf8_trouble(text: tables.Utf8Check, chunk: bytes, *, final: bool) -> PackageRefused | None:
    try:
        text.feed(chunk, final=final)
    except refusals.NotUtf8 as trouble:
        return trouble
    return None


def _signature(archive: Archive, declared: Descriptor, raw: bytes, trust: Trust) -> None:
    if descriptor.SIGNATURE not in archive.names:
        raise refusals.SignatureMissing()
    signature = archive.read(descriptor.SIGNATURE).decode("ascii", errors="replace").strip()
    try:
        claimed = crypto.signer(signature)
    except crypto.Unreadable as error:
        raise refusals.SignatureInvalid(sender=declared.sender, reason=str(error)) from error
    if claimed != declared.sender:
        raise refusals.SignatureInvalid(sender=declared.sender, reason=f"kid {claimed!r}")
    if declared.sender not in trust.keys:
        raise refusals.UnknownKey(sender=declared.sender)
    try:
        crypto.verify(raw, signature, public_pem=trust.keys[declared.sender])
    except crypto.Unreadable as error:
        raise refusals.SignatureInvalid(sender=declared.sender, reason=str(error)) from error


def _chain(declared: Descriptor, file_hash: str, trust: Trust) -> tuple[bool, list[dict[str, Any]]]:
    """Whether the package is a byte-identical repeat, and a warning where numbers are missing before it."""
    last = trust.last.get(declared.sender, Last(0, "", {}))
    facts = {"sender": declared.sender, "sequence": declared.sequence}
    if declared.sequence in last.known:
        if last.known[declared.sequence] == file_hash:
            return True, []
        raise refusals.SequenceRepeated(**facts)
    if declared.sequence <= last.sequence:
        raise refusals.SequenceOutOfOrder(**facts, last=last.sequence)
    if declared.sequence > last.sequence + 1:
        return False, [_gap(declared, last)]
    if declared.previous != last.descriptor_hash:
        none = _("none")
        raise refusals.ChainBroken(
            **facts, expected=last.descriptor_hash or none, found=declared.previous or none
        )
    return False, []


def _gap(declared: Descriptor, last: Last) -> dict[str, Any]:
    first, until = last.sequence + 1, declared.sequence - 1
    return {
        "code": "sequence_gap",
        "message": _("Numbers {first} to {until} of {sender} have not arrived.").format(
            first=first, until=until, sender=declared.sender
        ),
        "details": {"sender": declared.sender, "first": first, "until": until},
    }


def _columns(
    archive: Archive, declared: Descriptor, heads: Mapping[str, bytes], trust: Trust
) -> list[dict[str, Any]]:
    """Header and schema agree, nothing forbidden, nothing required missing; unknown columns are warned of."""
    warnings: list[dict[str, Any]] = []
    wrong: list[PackageRefused] = []
    for entry in declared.entries:
        resource = RESOURCES[entry.name]
        names = _names(archive, entry, resource, heads[entry.name], trust)
        wrong += _column_errors(resource, entry, names, declared.mode)
        known = {*resource.header(declared.mode), "op"}
        warnings += [
            _ignored(resource, name) for name in names if name not in known and not is_forbidden(name)
        ]
    _raise_all(iter(wrong))
    return warnings


def _names(archive: Archive, entry: Entry, resource: Resource, head: bytes, trust: Trust) -> tuple[str, ...]:
    if resource.sealed:
        return tables.header(
            _unsealed(archive.read(entry.path), trust.seal_private_pem)[: 1 << 20], entry.path
        )
    if resource.name == "grid":
        return tables.geojson_columns(archive.read(entry.path), entry.path)
    return tables.header(head, entry.path)


def _column_errors(
    resource: Resource, entry: Entry, names: tuple[str, ...], mode: str
) -> Iterator[PackageRefused]:
    spoken = dict.fromkeys((*names, *(entry.fields or ())))
    forbidden = [name for name in spoken if name not in resource.by_name and is_forbidden(name)]
    yield from (refusals.ForbiddenColumn(resource=resource.name, column=name) for name in forbidden)
    missing = [name for name in resource.required_columns(mode) if name not in names]
    yield from (refusals.ColumnMissing(resource=resource.name, column=name) for name in missing)
    ordered = resource.name != "grid"
    agree = entry.fields is None or (names == entry.fields if ordered else set(names) <= set(entry.fields))
    if len(set(names)) != len(names) or not agree:
        yield refusals.HeaderDiffers(
            path=entry.path, found=", ".join(names), expected=", ".join(entry.fields or resource.header(mode))
        )


def _ignored(resource: Resource, column: str) -> dict[str, Any]:
    return {
        "code": "column_unknown",
        "message": _("{resource}: the column “{column}” is not part of version 1 and was ignored.").format(
            resource=resource.name, column=column
        ),
        "details": {"resource": resource.name, "column": column},
    }


def _unsealed(content: bytes, private_pem: str | None) -> bytes:
    if private_pem is None:
        raise refusals.SealUnreadable()
    try:
        plain = crypto.unseal(content, private_pem=private_pem)
    except crypto.Unreadable as error:
        raise refusals.SealUnreadable() from error
    check = tables.Utf8Check(RESOURCES["identity"].path)
    check.feed(plain, final=True)
    return plain


def _raise_all(found: Iterator[PackageRefused]) -> None:
    every = list(found)
    if len(every) == 1:
        raise every[0]
    if every:
        raise Refusals(every)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
