"""The message log: every message and receipt with its digest, chained; nothing crosses that is not in it first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, insert, select, update

from core.exchange import log_verify
from core.exchange.log_verify import Verification
from core.i18n import _
from core.jobs import Progress
from core.model.exchange import message, message_head, receipt
from core.registry import publication
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting

Direction = Literal["sent", "void", "receipt", "zero", "reconciliation", "received", "states"]

_START: Final = "0" * 64
"""What the first entry names as the hash before it."""


class Head(NamedTuple):
    """The end of the chain: how many entries, and the last one's hash."""

    entries: int
    hash: str

    def __str__(self) -> str:
        return f"{self.entries}:{self.hash}"


@dataclass(frozen=True)
class Crossing:
    """Something that crosses the boundary, to the letter, with the number of records in it.

    ``sha256`` stands for a body that is too large to be held in memory: a package file.
    """

    direction: Direction
    batch: str
    body: bytes
    records: int
    sha256: str = ""

    @property
    def digest(self) -> str:
        """What the log keeps of it."""
        return self.sha256 or hashlib.sha256(self.body).hexdigest()


def record(connection: Connection, target: str, crossings: Sequence[Crossing], *, at: str) -> Head:
    """Appends entries in the caller's transaction and returns the new end of the chain.

    What is to be sent is entered and committed before it leaves, so a crash leaves an entry too many, never a
    message without one.
    """
    end = head(connection, to_append=True)
    rows = []
    for number, one in enumerate(crossings, end.entries + 1):
        body = {
            "number": number, "at": at, "target": target, "direction": one.direction, "batch": one.batch,
            "records": one.records, "digest": one.digest, "previous": end.hash,
        }  # fmt: skip
        end = Head(number, _digest(body))
        rows.append(body | {"hash": end.hash})
    if rows:
        connection.execute(insert(message), rows)
        _move_head(connection, end, first=end.entries == len(rows))
    return end


def head(connection: Connection, *, to_append: bool = False) -> Head:
    """The end of the chain; ``to_append`` keeps other writers out until the transaction ends."""
    query = select(message_head.c.entries, message_head.c.hash)
    row = connection.execute(query.with_for_update() if to_append else query).first()
    if row is None and to_append:  # there is no row to lock yet: the first writers would all be first
        publication.hold_still(connection)
        row = connection.execute(query.with_for_update()).first()
    return Head(int(row[0]), str(row[1])) if row else Head(0, _START)


def entries_of(connection: Connection, target: str, batch: str) -> list[tuple[str, str]]:
    """Direction and time of every entry about a batch, in order."""
    query = select(message.c.direction, message.c.at).where(
        message.c.target == target, message.c.batch == batch
    )
    return [(str(row[0]), str(row[1])) for row in connection.execute(query.order_by(message.c.number))]


@permits("exchange.read")
def log_head(workspace: Workspace) -> Head:
    """The end of the chain, to be printed and compared by whoever verifies the log later."""
    with workspace.store.read() as connection:
        return head(connection)


@permits("exchange.read")
def export_log(workspace: Workspace, path: Path, progress: Progress) -> Head:
    """Writes the log as JSON lines, its head first, for ``gridlink exchange verify-log``; itself on record."""
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="exchange.log_exported",
            subject=path.name, details={},
        )  # fmt: skip
    with workspace.store.read() as connection, path.open("w", encoding="utf-8") as file:
        end = head(connection)
        progress.phase(_("Exporting the message log"), end.entries)
        first = {"head": end._asdict(), "store": read_setting(connection, "store_id")}
        file.write(json.dumps(first) + "\n")
        for entry in _walk(connection):
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            progress.advance()
    return end


@permits("exchange.read")
def verify_log(workspace: Workspace, progress: Progress | None = None) -> Verification:
    """Walks the log in the store with the independent verifier, and every stored receipt against its digest."""
    with workspace.store.read() as connection:
        end = head(connection)
        (progress or Progress()).phase(_("Verifying the message log"), end.entries)
        walked = log_verify.verify(_walk(connection), end._asdict())
        return walked if not walked.ok else _against_receipts(connection, walked)


def explain(verification: Verification) -> str:
    """The verification's result as one sentence."""
    sentences = {
        "": _("The message log is whole: {entries} entries."),
        "altered": _("Entry {first_bad} of the message log was altered."),
        "missing": _("Entry {first_bad} of the message log is missing."),
        "moved": _("Entry {first_bad} of the message log is not in its place."),
        "inserted": _("Entry {first_bad} of the message log was put in later."),
        "unchained": _("Entry {first_bad} of the message log does not follow from the one before it."),
        "truncated": _("The message log was cut off: entry {first_bad} and what follows are missing."),
        "added": _("Entry {first_bad} of the message log lies beyond its recorded end."),
        "head": _("The recorded end of the message log does not fit its entry {first_bad}."),
        "malformed": _("Entry {first_bad} of the message log cannot be read."),
        "receipt": _("The receipt of entry {first_bad} in the store is not the one that was logged."),
    }
    return sentences[verification.reason].format(**verification._asdict())


def _digest(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _move_head(connection: Connection, end: Head, *, first: bool) -> None:
    values = {"entries": end.entries, "hash": end.hash}
    connection.execute(
        insert(message_head).values(id=1, **values) if first else update(message_head).values(**values)
    )


def _walk(connection: Connection) -> Iterator[dict[str, Any]]:
    query = select(message).order_by(message.c.number).execution_options(yield_per=1000)
    return (dict(row) for row in connection.execute(query).mappings())


def _against_receipts(connection: Connection, walked: Verification) -> Verification:
    logged = select(message.c.number, message.c.target, message.c.batch, message.c.digest).where(
        message.c.direction == "receipt").order_by(message.c.number)  # fmt: skip
    kept = select(receipt.c.target, receipt.c.batch, receipt.c.body).execution_options(yield_per=200)
    digests = {
        (r.target, r.batch, hashlib.sha256(r.body.encode()).hexdigest()) for r in connection.execute(kept)
    }
    for row in connection.execute(logged):
        if (row.target, row.batch, row.digest) not in digests:
            return Verification(False, walked.entries, row.number, "receipt")
    return walked
