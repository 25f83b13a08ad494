"""The files inside a package: length and digest in one pass, and on the way whether each is text and a table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from core.i18n import _
from core.jobs import Progress, ahead
from core.model.resources import RESOURCES
from core.packages import crypto, grids, refusals, tables
from core.packages.archive import Archive
from core.packages.descriptor import Entry
from core.packages.encoding import Utf8Check
from core.packages.refusals import PackageRefused, raise_all
from core.packages.structure import TableCheck

LARGEST_WHOLE: Final = 512 << 20
"""Bytes of what must be held in memory whole, sealed tables and GeoJSON: a million identities have about 110 MB."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a file: its columns, its rows, and what makes it no text or no table."""

    names: tuple[str, ...] = ()
    rows: int = 0
    not_text: PackageRefused | None = None
    malformed: PackageRefused | None = None


def check(archive: Archive, entries: Iterable[Entry], progress: Progress) -> dict[str, Seen]:
    """Every file's length and digest against the descriptor; raises all ``BytesDiffer`` and ``HashDiffers``.

    What is wrong with a text or table is only noted: signature and chain are judged before it.
    """
    entries = list(entries)
    progress.phase(_("Checking lengths and digests"), sum(entry.size for entry in entries))
    seen: dict[str, Seen] = {}
    wrong: list[PackageRefused] = []
    for entry in entries:
        try:
            seen[entry.name] = _walk(archive, entry, progress)
        except (refusals.BytesDiffer, refusals.HashDiffers, refusals.MemberLonger) as refusal:
            wrong.append(refusal)
    raise_all(wrong)
    return seen


def look(
    archive: Archive, entry: Entry, seen: Seen, seal_private_pem: str | None, progress: Progress
) -> Seen:
    """What only the whole file shows: the table under a seal, the features of a GeoJSON file."""
    resource = RESOURCES[entry.name]
    if seen.not_text or not (resource.sealed or entry.name == "grid"):
        return seen
    try:
        whole = plain(archive, entry, seal_private_pem)
    except refusals.SealUnreadable as refusal:
        return replace(seen, not_text=refusal)
    if resource.sealed:
        text = _Text(entry.path, table=True)
        text.feed(whole, final=True)
        return text.seen()
    try:
        found = grids.features(whole, entry.path)
    except refusals.GeoJsonMalformed as refusal:
        return replace(seen, malformed=refusal)
    progress.checkpoint()
    return Seen(grids.column_names(found) if found else entry.fields, len(found))


def plain(archive: Archive, entry: Entry, seal_private_pem: str | None) -> bytes:
    """A file's bytes, unsealed where it is sealed; raises ``HashDiffers`` if they are not what was declared."""
    found, parts = hashlib.sha256(), []
    for chunk in ahead(archive.chunks(entry.path)):
        found.update(chunk)
        parts.append(chunk)
    whole = b"".join(parts)
    digest = f"sha256:{found.hexdigest()}"
    if digest != entry.hash:
        raise refusals.HashDiffers(path=entry.path, found=digest, expected=entry.hash)
    if not RESOURCES[entry.name].sealed:
        return whole
    try:
        if seal_private_pem is None:
            raise crypto.Unreadable("no key")
        return crypto.unseal(whole, private_pem=seal_private_pem)
    except crypto.Unreadable as error:
        raise refusals.SealUnreadable(path=entry.path) from error


def _walk(archive: Archive, entry: Entry, progress: Progress) -> Seen:
    if archive.size(entry.path) != entry.size:
        raise refusals.BytesDiffer(path=entry.path, found=archive.size(entry.path), expected=entry.size)
    if entry.path.endswith((".jwe", ".geojson")) and entry.size > LARGEST_WHOLE:
        raise refusals.MemberTooLarge(path=entry.path, found=entry.size, expected=LARGEST_WHOLE)
    digest, length = hashlib.sha256(), 0
    text = _Text(entry.path, table=entry.path.endswith(".csv"))
    for chunk in ahead(archive.chunks(entry.path)):
        digest.update(chunk)
        length += len(chunk)
        text.feed(chunk)
        progress.advance(len(chunk))
    text.feed(b"", final=True)
    if length != entry.size:
        raise refusals.BytesDiffer(path=entry.path, found=length, expected=entry.size)
    found = f"sha256:{digest.hexdigest()}"
    if found != entry.hash:
        raise refusals.HashDiffers(path=entry.path, found=found, expected=entry.hash)
    return text.seen()


class _Text:
    """Encoding and records of a file as its chunks pass by; what is neither text nor table is let pass."""

    def __init__(self, path: str, *, table: bool) -> None:
        self._path, self._head = path, b""
        self._utf8 = Utf8Check(path) if table or path.endswith(".geojson") else None
        self._table = TableCheck(path) if table else None
        self._not_text: PackageRefused | None = None
        self._malformed: PackageRefused | None = None

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Looks at the next bytes, up to the first fault of each kind."""
        self._head = self._head or chunk[: tables.HEAD]
        if self._utf8 and not self._not_text:
            self._not_text = _fault(self._utf8.feed, chunk, final)
        if self._table and not self._malformed:
            self._malformed = _fault(self._table.feed, chunk, final)

    def seen(self) -> Seen:
        """What was seen, once the last bytes were fed."""
        if self._table is None or self._not_text:
            return Seen(not_text=self._not_text)
        try:
            names = tables.header(self._head, self._path)
        except refusals.CsvMalformed as refusal:
            return Seen(malformed=self._malformed or refusal)
        return Seen(names, self._table.rows, malformed=self._malformed)


def _fault(feed: Callable[..., None], chunk: bytes, final: bool) -> PackageRefused | None:
    try:
        feed(chunk, final=final)
    except PackageRefused as fault:
        return fault
    return None
