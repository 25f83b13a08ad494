"""The container: a ZIP file that is looked at from outside before a byte of it is unpacked."""

from __future__ import annotations

import copy
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.packages import refusals

LARGEST: Final = 4 << 30
"""Bytes unpacked: a district of a million persons with every resource is about 0.7 GB."""
RATIO: Final = 200
"""Times its packed size: registers compress 5 to 60 times, a bomb starts at 1,000."""
RATIO_FREE: Final = 10 << 20
"""Bytes that may be unpacked whatever the ratio: a column of one repeated code is no bomb."""
DIRECTORY_LARGEST: Final = 8 << 20
"""Bytes of the archive's own list of members: room for some 80,000 photographs."""
_CHUNK: Final = 1 << 20
_PLAIN = re.compile(r"(?!.*(?:^|/)(?:\.{1,2})?(?:/|$))[^\\:\x00-\x1f\x7f]{1,512}", re.DOTALL)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error)


class Archive:
    """An opened package file whose members are all plain files under the root.

    Nothing is ever unpacked to the disk. Folder entries, which many ZIP tools write, are no members.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise refusals.PackageNotFound(path=str(path))
        try:
            self._file = _Bounded(io.FileIO(path))
        except OSError as error:
            raise refusals.PackageUnreadable(path=str(path), reason=str(error)) from error
        try:
            self._zip = _opened(self._file)
            self._infos = {info.filename: info for info in self._zip.infolist() if not _is_folder(info)}
            self._look(path.stat().st_size)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> frozenset[str]:
        """The members' paths."""
        return frozenset(self._infos)

    def size(self, name: str) -> int:
        """The unpacked size that the archive claims; ``chunks`` enforces it."""
        return self._infos[name].file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes. Raises ``ZipBomb`` where it is longer than it claims, ``MemberDamaged``."""
        info = copy.copy(self._infos[name])
        left = info.file_size
        info.file_size += 2 * _CHUNK  # so that a lie is seen: zipfile stops at the size that is claimed
        try:
            with self._zip.open(info) as member:
                while chunk := member.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise refusals.MemberLonger(path=name, expected=self.size(name))
                    yield chunk
        except _DAMAGE as error:
            raise refusals.MemberDamaged(path=name, reason=str(error)) from error

    def read(self, name: str) -> bytes:
        """The member whole, in memory only."""
        return b"".join(self.chunks(name))

    def _look(self, packed: int) -> None:
        infos = self._zip.infolist()
        total = sum(info.file_size for info in infos)
        if total > LARGEST:
            raise refusals.TooLarge(found=total, expected=LARGEST)
        for info in infos:
            _check_member(info)
        _check_ratio(
            "*", total, packed
        )  # many members may be a bomb together, or lie about their packed sizes
        _check_names(infos)


class _Bounded(io.BufferedReader):
    """Refuses the one read by which an archive's list of members could fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY_LARGEST:
            raise refusals.TooLarge(found=size, expected=DIRECTORY_LARGEST)
        return super().read(size)


def _opened(file: _Bounded) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE as error:
        file.seek(0)
        begins_well = file.read(4) == b"PK\x03\x04"
        reason = refusals.CutOff if begins_well else refusals.NotAZip
        raise reason(reason=str(error), found=file.seek(0, io.SEEK_END)) from error


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith("/") and info.file_size == 0


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename  # zipfile cuts ``filename`` at a NUL
    if not _PLAIN.fullmatch(name.removesuffix("/") if _is_folder(info) else name):
        raise refusals.UnsafePath(path=name.encode("utf-8", "replace").decode())
    if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise refusals.LinkMember(path=name)
    if info.flag_bits & 0x1:
        raise refusals.EncryptedMember(path=name)
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise refusals.CompressionUnknown(path=name, found=info.compress_type)
    _check_ratio(name, info.file_size, info.compress_size)


def _check_ratio(name: str, size: int, packed: int) -> None:
    ratio = size / max(1, packed)
    if size > RATIO_FREE and ratio > RATIO:
        raise refusals.ZipBomb(path=name, found=round(ratio), expected=RATIO)


def _check_names(infos: list[zipfile.ZipInfo]) -> None:
    """One name is one file on every system: neither case nor the composing of letters tells two apart."""
    seen: dict[str, str] = {}
    for info in infos:
        folded = unicodedata.normalize("NFC", info.filename).casefold()
        if folded in seen:
            raise refusals.PathTwice(path=info.filename, other=seen[folded])
        seen[folded] = info.filename
