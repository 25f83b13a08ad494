"""The folder in which files arrive over a boundary: what is complete, what is damaged, and where it goes when done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from core.exchange.transports.drop import DAMAGED, MARK
from core.exchange.transports.ferry import told


@dataclass(frozen=True)
class Arrived:
    """A file whose marker is there; ``whole`` says whether it is what the marker says."""

    path: Path
    digest: str
    whole: bool

    @property
    def batch(self) -> str:
        """What the crossing is called in the message log: the name, and the content's digest begun."""
        return f"{self.path.name}.{self.digest[:12]}"

    def receipt(self, since: str) -> str:
        """What our receipt is called for the time that the file came; the same file may come again."""
        return f"{self.batch}.{re.sub('[^0-9]', '', since)[:14]}.receipt.json"


class Inbox:
    """Arrived files below ``base``; every trouble of the disk is one of the four troubles."""

    def __init__(self, base: Path, routes: Mapping[str, str]) -> None:
        self._in, self._done = base / routes["in"], base / routes["done"]

    def paths(self) -> list[Path]:
        """Files with their marker; a marker that was left behind when its file was put away follows it."""
        there = told(lambda: {path.name: path for path in self._in.iterdir() if path.is_file()})
        for name in [n for n in there if n.endswith(MARK) and n.removesuffix(MARK) not in there]:
            self._move(there[name], name)
        return [path for name, path in sorted(there.items()) if name + MARK in there]

    def read(self, path: Path) -> Arrived:
        """What a file really is, against its marker."""
        digest, size, mark = told(lambda: _measured(path))
        try:
            expected = orjson.loads(mark)
            whole = expected["sha256"] == digest and expected["bytes"] == size
        except (ValueError, KeyError, TypeError):
            whole = False
        return Arrived(path, digest, whole)

    def was_put_away(self, one: Arrived) -> bool:
        """Whether the same file has been dealt with before: it has arrived again then."""
        size = told(lambda: one.path.stat().st_size)
        before = (self._done / one.path.name, self._done / f"{one.digest[:12]}.{one.path.name}")
        return any(path.is_file() and path.stat().st_size == size for path in before)

    def put_away(self, one: Arrived) -> None:
        """Moves a file that was dealt with to what is done, the marker last; a damaged one only loses its marker."""
        mark = one.path.with_name(one.path.name + MARK)
        if not one.whole:
            told(lambda: mark.replace(mark.with_name(mark.name + DAMAGED)))
            return
        taken = (self._done / one.path.name).exists()
        name = f"{one.digest[:12]}.{one.path.name}" if taken else one.path.name
        self._move(one.path, name)
        self._move(mark, name + MARK)

    def _move(self, path: Path, name: str) -> None:
        told(lambda: path.replace(self._done / name))


def _measured(path: Path) -> tuple[str, int, bytes]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, path.stat().st_size, path.with_name(path.name + MARK).read_bytes()
