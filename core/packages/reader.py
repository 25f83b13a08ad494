"""Opening a package: every check of version 1 in its order, before a single row is staged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from core.i18n import _
from core.jobs import Progress
from core.model.resources import RESOURCES
from core.packages import content, descriptor, grids, refusals, tables
from core.packages.archive import Archive
from core.packages.chain import Last, Trust, check_chain
from core.packages.columns import column_errors, column_warnings
from core.packages.content import Seen
from core.packages.descriptor import Descriptor, Entry
from core.packages.refusals import PackageRefused, raise_all
from core.packages.signature import check_signature

__all__ = ["CheckReport", "Last", "PackageFile", "Trust", "check_package", "open_package"]


@dataclass
class PackageFile:
    """A package that passed every check; ``rows`` counts them by resource, they are read on demand.

    A ``repeat`` was imported before, byte for byte; nothing inside it was looked at again.
    """

    path: Path
    declared: Descriptor
    descriptor_hash: str
    file_hash: str
    size_bytes: int
    repeat: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    seal_private_pem: str | None = field(default=None, repr=False)

    @property
    def resource_names(self) -> list[str]:
        """The resources inside, in the order in which they must be imported."""
        inside = {entry.name for entry in self.declared.entries}
        return [name for name in RESOURCES if name in inside]

    def frame(self, name: str) -> pl.DataFrame:
        """One resource's rows: every column of version 1 as strings, "" as null, and ``line`` (UInt32).

        Raises ``HashDiffers`` where the file was changed since it was opened. In memory only.
        """
        resource = RESOURCES[name]
        entry = next(entry for entry in self.declared.entries if entry.name == name)
        with Archive(self.path) as archive:
            plain = content.plain(archive, entry, self.seal_private_pem)
        if name == "grid":
            found = grids.features(plain, entry.path)
            return grids.frame(found, resource, self.declared.mode)
        rows = tables.frame(plain, resource, self.declared.mode)
        if rows.height != self.rows.get(name, rows.height):
            raise refusals.CsvUnreadable(path=entry.path, expected=self.rows[name], found=rows.height)
        return rows


@dataclass(frozen=True)
class CheckReport:
    """What a check found; ``resources`` are row counts, empty unless ``ok``."""

    ok: bool
    name: str
    sender: str
    sequence: int
    resources: Mapping[str, int]
    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    repeat: bool = False


def open_package(path: Path, trust: Trust, progress: Progress | None = None) -> PackageFile:
    """Runs every check in the order of ``package-format.md`` and returns the package, ready to be staged.

    Raises a ``PackageRefused``; never writes. A byte-identical repeat of an imported package comes back
    with ``repeat`` set as soon as its signature is proved.
    """
    return _open(path, trust, progress or Progress(), look_again=False)


def check_package(path: Path, trust: Trust, progress: Progress | None = None) -> CheckReport:
    """The checks as a report: every error of the first stage that fails; never raises a refusal."""
    try:
        opened = _open(path, trust, progress or Progress(), look_again=True)
    except PackageRefused as refusal:
        claimed = _claimed(path)
        name, sender, sequence = (claimed.name, claimed.sender, claimed.sequence) if claimed else ("", "", 0)
        return CheckReport(False, name, sender, sequence, {}, refusal.every, [])
    own = opened.declared
    return CheckReport(
        True, own.name, own.sender, own.sequence, opened.rows, [], opened.warnings, opened.repeat
    )


def _claimed(path: Path) -> Descriptor | None:
    """What a refused package says of itself, as far as that can be read."""
    try:
        with Archive(path) as archive:
            return descriptor.parse(_raw(archive))
    except PackageRefused:
        return None


def _open(path: Path, trust: Trust, progress: Progress, *, look_again: bool) -> PackageFile:
    progress.phase(_("Checking the package"))
    with Archive(path) as archive:
        raw = _raw(archive)
        declared = descriptor.parse(raw)
        raise_all(_files(archive, declared))
        opened = PackageFile(
            path, declared, _sha256(raw), _file_hash(path), path.stat().st_size,
            seal_private_pem=trust.seal_private_pem,
        )  # fmt: skip
        opened.repeat = trust.imported_as(declared, opened.file_hash)
        if opened.repeat and not look_again:
            check_signature(archive, declared, raw, trust.keys)
            return opened
        seen = content.check(archive, (*declared.entries, *declared.photos), progress)
        check_signature(archive, declared, raw, trust.keys)
        if not opened.repeat:
            opened.warnings += check_chain(declared, trust.chain(declared.sender))
        if declared.receiver != trust.station:
            raise refusals.WrongReceiver(found=declared.receiver, expected=trust.station)
        _check_tables(archive, opened, seen, progress)
    return opened


def _raw(archive: Archive) -> bytes:
    if descriptor.NAME not in archive.names:
        raise refusals.DescriptorMissing()
    if archive.size(descriptor.NAME) > descriptor.LARGEST:
        raise refusals.DescriptorInvalid(
            place=descriptor.NAME, expected=f"<= {descriptor.LARGEST}", found=archive.size(descriptor.NAME)
        )
    try:
        return archive.read(descriptor.NAME)
    except refusals.MemberDamaged as damage:
        raise refusals.DescriptorDamaged(**damage.details) from damage


def _files(archive: Archive, declared: Descriptor) -> Iterator[PackageRefused]:
    named = {entry.path for entry in (*declared.entries, *declared.photos)}
    there = archive.names - {descriptor.NAME, descriptor.SIGNATURE}
    yield from (refusals.FileMissing(path=path) for path in sorted(named - there))
    yield from (refusals.FileExtra(path=path) for path in sorted(there - named))


def _check_tables(
    archive: Archive, opened: PackageFile, seen: Mapping[str, Seen], progress: Progress
) -> None:
    """Encoding first, then columns and records of every resource together; counts the rows."""
    declared = opened.declared
    looks = {
        e.name: content.look(archive, e, seen[e.name], opened.seal_private_pem, progress)
        for e in declared.entries
    }
    raise_all(look.not_text for look in looks.values() if look.not_text)
    raise_all(_table_errors(declared.entries, looks, declared.mode))
    for entry in declared.entries:
        opened.rows[entry.name] = looks[entry.name].rows
        opened.warnings += column_warnings(entry, looks[entry.name].names, declared.mode)


def _table_errors(entries: Iterable[Entry], looks: Mapping[str, Seen], mode: str) -> Iterator[PackageRefused]:
    for entry in entries:
        look = looks[entry.name]
        if look.names:
            yield from column_errors(entry, look.names, mode)
        if look.malformed:
            yield look.malformed


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
