"""Ferry folders: files on a disk that a boundary crossing or a channel empties and fills."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from core.exchange.transports.drop import Drop
from core.exchange.transports.pace import FREE, Pace
from core.exchange.troubles import Refused, Trouble, Unreachable
from core.i18n import _

Result = TypeVar("Result")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class Ferry(Drop):
    """Folders below ``base``; they are there already, because who empties them made them."""

    def __init__(self, base: Path, routes: Mapping[str, str], pace: Pace = FREE) -> None:
        super().__init__(routes, pace)
        self._base = base

    def close(self) -> None:
        """Nothing is held open."""

    def _names(self, folder: str) -> set[str]:
        return told(lambda: {entry.name for entry in os.scandir(self._base / folder)})

    def _read(self, path: str) -> bytes:
        return told((self._base / path).read_bytes)

    def _write(self, path: str, body: bytes) -> None:
        told(lambda: _durable(self._base / path, body))

    def _rename(self, old: str, new: str) -> None:
        told(lambda: (self._base / old).replace(self._base / new))

    def _remove(self, path: str) -> None:
        told(lambda: (self._base / path).unlink(missing_ok=True))


def _durable(path: Path, body: bytes) -> None:
    """On the disk before it counts as written; what could not be finished is removed."""
    try:
        with path.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def told(act: Callable[[], Result]) -> Result:
    """Does one thing on the disk; what the operating system says against it becomes a trouble."""
    try:
        return act()
    except OSError as error:
        raise trouble_of(error) from error


def trouble_of(error: OSError) -> Trouble:
    """Our word for what the operating system says: a folder's every failure comes before the message counts."""
    cause = errno.errorcode.get(error.errno or 0, type(error).__name__)
    if error.errno in _FULL:
        return Refused(
            _("The folder of the crossing is full."),
            cure=_("Have the operator make room; everything waits in the outbox."),
            cause="full",
        )
    if error.errno in _FORBIDDEN:
        return Refused(
            _("The folder of the crossing may not be used ({cause}).").format(cause=cause),
            cure=_("Have the operator grant this machine the right to read and write there."),
            cause=cause,
        )
    return Unreachable(
        _("The folder of the crossing cannot be reached ({cause}).").format(cause=cause),
        cure=_("Check that the drive is connected and that the folder set under Exchange is right."),
        cause=cause,
    )
