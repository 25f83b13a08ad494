"""Messages as files: written under a temporary name, renamed, and complete only when their marker is there.

The marker ``NAME.ok`` holds size, SHA-256 and, on receipts, the signature. It appears by a rename, and that
rename is the one moment at which a message is sent: whatever breaks before it has carried nothing.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Mapping
from typing import Final

import orjson

from core.exchange.transports.carrier import Carrier, Reply
from core.exchange.transports.pace import FREE, Pace
from core.exchange.troubles import Trouble

MARK: Final = ".ok"
PART: Final = ".part"
DAMAGED: Final = ".damaged"


class Drop(Carrier):
    """A folder to write into and a folder to read receipts from, wherever they are.

    A message with its marker, and a look for receipts, are one request each to the operator's pace.
    The file operations raise troubles; ``_write`` leaves either the whole file or none of that name.
    """

    def __init__(self, routes: Mapping[str, str], pace: Pace = FREE) -> None:
        self._routes, self._pace = routes, pace

    def send(self, name: str, body: bytes) -> Reply | None:
        """Drops the message as ``NAME.json``; one that lies there already under this name is left alone."""
        self.put(f"{name}.json", body)
        return None

    def put(self, name: str, body: bytes, *, signature: str = "") -> None:
        """Drops a file with its marker."""
        self._pace.wait()
        folder = self._routes["out"]
        if name + MARK in self._names(folder):
            return
        self._write(f"{folder}/{name}{PART}", body)
        self._rename(f"{folder}/{name}{PART}", f"{folder}/{name}")
        self._write(f"{folder}/{name}{MARK}{PART}", marker(body, signature))
        self._commit(f"{folder}/{name}{MARK}{PART}", f"{folder}/{name}{MARK}")

    def waiting(self, name: str) -> bytes | None:
        """What lies there complete under a name, because nobody has fetched it yet; None if nothing does."""
        folder = self._routes["out"]
        return self._read(f"{folder}/{name}") if name + MARK in self._names(folder) else None

    def begun(self, name: str) -> bool:
        """Whether anything of a file lies there, complete or not."""
        return bool({name, name + PART, name + MARK + PART} & self._names(self._routes["out"]))

    def ask(self, question: bytes) -> tuple[Reply, ...]:
        """Every receipt that has come and is not on record yet; the question stays here, a folder answers none."""
        return self._arrived("receipts")

    def states(self, question: bytes) -> tuple[Reply, ...]:
        """Every file on the state of earlier records that has come and is not on record yet."""
        return self._arrived("states")

    def _arrived(self, route: str) -> tuple[Reply, ...]:
        self._pace.wait()
        names = self._names(self._routes[route])
        marked = sorted(n for n in names if n + MARK in names)
        found = (self._reply(route, name) for name in marked)
        return tuple(reply for reply in found if reply is not None)

    def _reply(self, route: str, name: str) -> Reply | None:
        """What a file says; None where another client has it, or after setting aside a damaged one."""
        folder = self._routes[route]
        try:
            body, mark = self._read(f"{folder}/{name}"), self._read(f"{folder}/{name}{MARK}")
        except Trouble:
            if name + MARK in self._names(folder):
                raise
            return None
        try:
            told = orjson.loads(mark)
            whole = told["sha256"] == hashlib.sha256(body).hexdigest() and told["bytes"] == len(body)
            signature = str(told.get("signature", ""))
        except (ValueError, KeyError, TypeError):
            whole, signature = False, ""
        if not whole:
            self._put_away(folder, name + MARK, f"{folder}/{name}{MARK}{DAMAGED}")
            return None
        return Reply(body, signature, name, route)

    def taken(self, reply: Reply) -> None:
        """Moves a file that is on record to the folder of what is done; the marker first."""
        here, done = self._routes[reply.route], self._routes["done"]
        for name in (reply.name + MARK, reply.name):
            if name in self._names(here):
                self._put_away(here, name, f"{done}/{name}")

    def _put_away(self, folder: str, name: str, new: str) -> None:
        """Moves a file that several clients may see; it may be gone, because another one was quicker."""
        try:
            self._rename(f"{folder}/{name}", new)
        except Trouble:
            if name in self._names(folder):
                raise

    def check(self) -> None:
        """Lists every folder and makes and removes an empty file where messages are dropped."""
        self._pace.wait()
        for route in ("receipts", "states", "done"):
            if route in self._routes:
                self._names(self._routes[route])
        trial = f"{self._routes['out']}/.gridlink-check{PART}"
        self._write(trial, b"")
        self._remove(trial)

    @abstractmethod
    def _names(self, folder: str) -> set[str]:
        """What lies in a folder."""

    @abstractmethod
    def _read(self, path: str) -> bytes:
        """A file's content."""

    @abstractmethod
    def _write(self, path: str, body: bytes) -> None:
        """Writes a file to the disk there; what was begun under the name is replaced."""

    @abstractmethod
    def _rename(self, old: str, new: str) -> None:
        """Renames a file, taking the place of one that has the name."""

    def _commit(self, old: str, new: str) -> None:
        """The rename that sends a message; if it breaks, nobody knows whether it came about."""
        self._rename(old, new)

    @abstractmethod
    def _remove(self, path: str) -> None:
        """Removes a file."""


def marker(body: bytes, signature: str = "") -> bytes:
    """The content of the marker that makes a file complete."""
    told = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    return orjson.dumps(told | ({"signature": signature} if signature else {}))
