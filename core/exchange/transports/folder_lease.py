"""One client at a time at folders that several share: a file in them names who is at work, and until when."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from core.errors import GridLinkError
from core.exchange import leasing
from core.exchange.formats import written
from core.exchange.transports.ferry import told
from core.i18n import _

NAME: Final = ".gridlink-lease"
_LONGEST: Final = timedelta(minutes=30)
"""How long a client may be at one file before another takes its folders over."""
_PAUSE, _FREEING_SECONDS = 0.05, 60


class FolderInUse(GridLinkError):
    """Another client is at work in the folders."""

    code = "folder_in_use"


@dataclass(frozen=True)
class Held:
    """What the file says: the process, whose work it is, since when and until when."""

    owner: str
    actor: str
    since: str
    until: str

    @property
    def who(self) -> str:
        """Whoever is or was at it, by name and machine."""
        return _("{actor} on the computer {host}").format(actor=self.actor, host=leasing.host_of(self.owner) or "–")


class FolderLease:
    """The lease of a folder for one piece of work; ``freed`` is what a killed client had left there."""

    def __init__(self, folder: Path, *, actor: str, clock: Callable[[], datetime]) -> None:
        self._path, self._actor, self._clock = folder / NAME, actor, clock
        self._owner = leasing.new_owner()
        self.freed: Held | None = None

    def take(self) -> None:
        """Takes the folder; raises ``FolderInUse`` where a living client has it, or a ``Trouble`` of the disk."""
        for _turn in range(3):
            if told(self._enter):
                return
            held = told(self._read)
            if held is not None and not self._is_stale(held):
                raise _in_use(held)
            told(partial(self._free, held))
            time.sleep(_PAUSE)
        raise _in_use(told(self._read))

    def renew(self) -> None:
        """Holds it for as long again; raises ``FolderInUse`` where another client has taken it over."""
        held = told(self._read)
        if held is None or held.owner != self._owner:
            raise _in_use(held)
        told(lambda: self._written().replace(self._path))

    def let_go(self) -> None:
        """Leaves the folder to others; one that cannot be reached any more finds the client gone later."""
        leasing.ENDED.add(self._owner)
        with contextlib.suppress(OSError):
            held = self._read()
            if held is not None and held.owner == self._owner:
                self._path.unlink(missing_ok=True)

    def _enter(self) -> bool:
        """Whether the file is ours now: it appears whole under its name, or not at all."""
        whole = self._written()
        try:
            os.link(whole, self._path)
        except FileExistsError:
            return False
        except OSError:  # a share without links
            return self._enter_without_links(whole.read_bytes())
        finally:
            whole.unlink(missing_ok=True)
        return True

    def _enter_without_links(self, content: bytes) -> bool:
        try:
            with self._path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True

    def _written(self) -> Path:
        """The file's content under a name of our own."""
        now = self._clock()
        whole = self._path.with_name(f"{NAME}.{hashlib.sha256(self._owner.encode()).hexdigest()[:16]}")
        said = {"owner": self._owner, "actor": self._actor, "since": _stamp(now), "until": _stamp(now + _LONGEST)}
        try:
            whole.write_bytes(orjson.dumps(said))
        except OSError:
            whole.unlink(missing_ok=True)
            raise
        return whole

    def _read(self) -> Held | None:
        """What the file says; None where there is none, or one that a kill left half written."""
        try:
            said: dict[str, Any] = orjson.loads(self._path.read_bytes())
            return Held(str(said["owner"]), str(said["actor"]), str(said["since"]), str(said["until"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _is_stale(self, held: Held) -> bool:
        """Whether its client is gone or overdue; one that reaches further than any can is a clock's put back."""
        now = self._clock()
        until = datetime.fromisoformat(held.until)
        return leasing.is_gone(held.owner) or not now <= until <= now + _LONGEST + timedelta(minutes=5)

    def _free(self, held: Held | None) -> None:
        """Removes a stale file: one client alone may, and only while it is the one that was seen."""
        named = hashlib.sha256((held.owner if held else "").encode()).hexdigest()[:16]
        freeing = self._path.with_name(f"{NAME}.{named}.freeing")
        try:
            freeing.touch(exist_ok=False)
        except FileExistsError:
            if _is_old(freeing):
                freeing.unlink(missing_ok=True)  # whoever was at it was killed too
            return
        try:
            if self._read() == held and (held is not None or _is_old(self._path)):
                self._path.unlink(missing_ok=True)
                self.freed = held or Held("", "–", "", "")
        finally:
            freeing.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    """Whether a file was left behind rather than being written just now."""
    try:
        return time.time() - path.stat().st_mtime > _FREEING_SECONDS
    except FileNotFoundError:
        return False


def _in_use(held: Held | None) -> FolderInUse:
    return FolderInUse(
        _("The folders are in use by {who} since {since}.").format(
            who=held.who if held else "–", since=written(held.since, "local_time") if held else "–"
        ),
        cure=_("Wait until that is done; should that computer have gone down, the folders are free at {until}.").format(
            until=written(held.until, "local_time") if held else "–"
        ),
    )  # fmt: skip


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
