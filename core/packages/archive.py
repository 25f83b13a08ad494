"""The container: a ZIP file that is looked at from outside before a byte of it is unpacked."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.packages import refusals

LARGEST: Final = 4 << 30
"""Bytes unpacked: a district of a million persons with every resource is about 0.7 GB."""
RATIO: Final = 200
"""Times its packed size: a column of one repeated code reaches 100; a bomb starts at 1,000."""
RATIO_FREE: Final = 10 << 20
"""Bytes that a member may unpack to whatever its ratio."""
_CHUNK: Final = 1 << 20
_PLAIN = re.compile(r"(?!.*(^|/)\.{1,2}(/|$))[^\\:\x00-\x1f]+", re.DOTALL)


class Archive:
    """An opened package file whose members are all plain files under the root."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise refusals.PackageNotFound(path=str(path))
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise refusals.NotAZip(reason=str(error)) from error
        self._infos = {info.filename: info for info in self._zip.infolist()}
        try:
            self._look()
        except BaseException:
            self._zip.close()
            raise

    @property
    def names(self) -> frozenset[str]:
        """The members' paths."""
        return frozenset(self._infos)

    def close(self) -> None:
        """Lets go of the file."""
        self._zip.close()

    def size(self, name: str) -> int:
        """The unpacked size that the archive claims; ``chunks`` enforces it."""
        return self._infos[name].file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes; a member longer than it claims is a bomb, a damaged one no ZIP."""
        left = self._infos[name].file_size
        try:
            with self._zip.open(name) as member:
                while chunk := member.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise refusals.ZipBomb(path=name, found=">1", expected=1)
                    yield chunk
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise refusals.NotAZip(reason=f"{name}: {error}") from error

    def read(self, name: str) -> bytes:
        """The member whole, in memory only."""
        return b"".join(self.chunks(name))

    def _look(self) -> None:
        total = sum(info.file_size for info in self._infos.values())
        if total > LARGEST:
            raise refusals.TooLarge(found=total, expected=LARGEST)
        folded: set[str] = set()
        listed = self._zip.infolist()
        for info in listed:
            _check_member(info)
            if info.filename.casefold() in folded:
                raise refusals.UnsafePath(path=info.filename)
            folded.add(info.filename.casefold())


def _check_member(info: zipfile.ZipInfo) -> None:
    ratio = info.file_size / max(1, info.compress_size)
    if info.file_size > RATIO_FREE and ratio > RATIO:
        raise refusals.ZipBomb(path=info.filename, found=round(ratio), expected=RATIO)
    name = info.orig_filename
    if not _PLAIN.fullmatch(name) or name.startswith("/") or info.is_dir():
        raise refusals.UnsafePath(path=name)
    if info.flag_bits & 0x1:
        raise refusals.EncryptedMember(path=name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise refusals.LinkMember(path=name)
