"""What lies in the grid platform's folders and what went over them: which receipts are missing, and since when."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, select

from core.exchange.configuration import endpoint
from core.exchange.declared import in_force
from core.exchange.ferrying import SYSTEM
from core.exchange.settings import folder_of
from core.exchange.transports.drop import DAMAGED, MARK, PART
from core.exchange.transports.ferry import told
from core.model.exchange import message, receipt
from core.security.workspace import Workspace, permits

State = Literal["complete", "arriving", "damaged", "answered", "unanswered", "lying", "receipted", "fetched"]
"""In: complete and not taken in yet, still arriving, damaged; then answered by us, or not yet. Out: lying there still,
fetched by the platform, receipted by it."""
_SHOWN: Final = 2000


@dataclass(frozen=True)
class File:
    """One file on its way; ``since`` is when it came or left, ``answered_at`` when the receipt for it crossed."""

    way: Literal["in", "out"]
    name: str
    state: State
    since: str
    answered_at: str = ""
    bytes: int | None = None


@dataclass(frozen=True)
class Folders:
    """The folders as they are now, and what went over them lately; the newest first."""

    base: str
    files: tuple[File, ...]

    @property
    def waiting(self) -> int:
        """Files that have arrived complete and are not taken in yet."""
        return sum(one.state == "complete" for one in self.files)

    @property
    def missing(self) -> tuple[File, ...]:
        """Files of ours without the platform's receipt, the oldest first."""
        ours = (one for one in self.files if one.state in {"lying", "fetched"})
        return tuple(sorted(ours, key=lambda one: one.since))

    def as_dict(self) -> dict[str, Any]:
        """The folders as the headless contract prints them."""
        return {"base": self.base, "waiting": self.waiting, "missing": [asdict(one) for one in self.missing],
                "files": [asdict(one) for one in self.files]}  # fmt: skip


@permits("exchange.read")
def folders(workspace: Workspace) -> Folders:
    """Raises ``ConnectorNotConfigured``, or the ``Trouble`` of the folders."""
    it, end = in_force(workspace.store, SYSTEM), endpoint(workspace.store, SYSTEM)
    base = folder_of(end.base_url)
    there, out = _names(base / it.routes["in"]), _names(base / it.routes["out"])
    with workspace.store.read() as connection:
        logged = list(_logged(connection, out))
    found = [*_incoming(there), *logged]
    return Folders(str(base), tuple(sorted(found, key=lambda one: one.since, reverse=True)))


def _names(folder: Path) -> Mapping[str, os.stat_result]:
    return told(lambda: {entry.name: entry.stat() for entry in os.scandir(folder) if entry.is_file()})


def _incoming(there: Mapping[str, os.stat_result]) -> Iterator[File]:
    """What lies there: complete with its marker, or without it, or with one that was set aside."""
    for name, facts in there.items():
        if name.endswith((MARK, PART, DAMAGED)):
            continue
        damaged = name + MARK + DAMAGED in there
        state: State = "complete" if name + MARK in there else "damaged" if damaged else "arriving"
        at = datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(timespec="milliseconds")
        yield File("in", name, state, at, bytes=facts.st_size)


def _logged(connection: Connection, out: Mapping[str, os.stat_result]) -> Iterator[File]:
    """What the message log says of files that came, and of ours that left."""
    columns = (message.c.number, message.c.direction, message.c.batch, message.c.at, message.c.digest)
    query = select(*columns).where(message.c.target == SYSTEM).order_by(message.c.number.desc()).limit(_SHOWN)
    came, left = dict[str, File](), dict[str, File]()
    receipts = _receipts(connection)
    for row in reversed(connection.execute(query).all()):
        name = row.batch.rpartition(".")[0]
        if row.direction == "received":
            came[row.batch] = File("in", name, "unanswered", row.at)
        elif row.batch in came:
            if row.direction == "sent":
                came[row.batch] = File("in", name, "answered", came[row.batch].since, row.at)
        elif row.direction == "sent":
            answered = receipts.get(row.digest, "")
            state: State = "receipted" if answered else "lying" if name in out else "fetched"
            left[row.batch] = File("out", name, state, row.at, answered)
        elif row.direction == "void":
            left.pop(row.batch, None)
    yield from came.values()
    yield from left.values()


def _receipts(connection: Connection) -> dict[str, str]:
    """Digest of a file of ours → when the platform's receipt for it came."""
    found: dict[str, str] = {}
    query = select(receipt.c.body, receipt.c.received_at).where(receipt.c.target == SYSTEM)
    for body, at in connection.execute(query.order_by(receipt.c.id)):
        try:
            digest = orjson.loads(body)["sha256"]
        except (ValueError, KeyError, TypeError):
            continue
        found.setdefault(str(digest), str(at))
    return found
