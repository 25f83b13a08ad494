"""The grid platform's folders: packages in with a receipt for each, files of ours out, its receipts on record.

Nothing crosses that is not in the message log first. A pull that was killed is finished by the next one: the
import knows a package byte for byte, and a file stays in the folder until its receipt lies on the other path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import GridLinkError
from core.exchange import message_log, settling
from core.exchange.channels import require_open
from core.exchange.configuration import Endpoint, endpoint
from core.exchange.connectors import connector
from core.exchange.declared import in_force
from core.exchange.ferry_receipts import compose, summary
from core.exchange.message_log import Crossing
from core.exchange.receipts import Receipt, read_public_key, read_receipt
from core.exchange.settings import folder_of
from core.exchange.transports.carrier import Reply
from core.exchange.transports.drop import DAMAGED, MARK, PART
from core.exchange.transports.ferry import Ferry, told
from core.exchange.transports.folder_lease import FolderLease
from core.exchange.transports.inbox import Arrived, Inbox
from core.exchange.transports.pace import pace_of
from core.exchange.troubles import Trouble
from core.i18n import _
from core.jobs import Progress
from core.packages.order import in_order
from core.packages.refusals import PackageRefused
from core.registry import importing, refused
from core.registry.holding import SnapshotHeld
from core.security import audit
from core.security.workspace import Workspace, permits

SYSTEM: Final = "grid_platform"
State = Literal["imported", "repeat", "refused", "damaged", "held"]


class FerryNameTaken(GridLinkError):
    """The name cannot be used on the other path: something else lies there, or the ending means something."""

    code = "ferry_name_taken"


@dataclass(frozen=True)
class Pulled:
    """What became of one file that arrived; ``receipt`` names ours for it, and one that is held has none yet."""

    file: str
    state: State
    change_set: int | None = None
    code: str = ""
    message: str = ""
    cure: str = ""
    receipt: str = ""


@dataclass(frozen=True)
class Pull:
    """What a pull found: packages, the platform's new receipts, and receipts that are not its own.

    ``freed`` names the client whose lease of the folders was freed because it had been killed.
    """

    files: tuple[Pulled, ...]
    receipts: int
    doubtful: tuple[str, ...]
    freed: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The pull as the headless contract prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Handed:
    """A file that was given to the crossing; ``waiting`` says that it lay there already, the same."""

    file: str
    digest: str
    waiting: bool


@permits("package.import")
def pull(workspace: Workspace, *, progress: Progress | None = None) -> Pull:
    """Imports what has arrived complete, oldest first, and answers each file; a refused one changes nothing else.

    Raises ``ConnectorNotConfigured``, ``ChannelPaused``, ``FolderInUse``, or the ``Trouble`` of the folders; what
    was done till then stays done.
    """
    with _at_work(workspace, progress or Progress()) as work:
        paths = in_order(work.inbox.paths())
        work.progress.phase(_("Taking in what the platform sent"), len(paths))
        files = []
        for path in paths:
            work.progress.checkpoint()
            work.lease.renew()
            files.append(work.take(work.inbox.read(path)))
            work.progress.advance()
        return Pull(tuple(files), *work.receipts(), freed=work.freed)


@permits("exchange.push")
def send(workspace: Workspace, file: Path) -> Handed:
    """Hands a file (a return package, a list) to the crossing.

    The same file lying there already is left alone. Raises ``FerryNameTaken``, and otherwise as ``pull``.
    """
    with _at_work(workspace, Progress()) as work:
        body = told(file.read_bytes)
        digest = hashlib.sha256(body).hexdigest()
        lies = None if file.name.endswith((MARK, PART, DAMAGED)) else work.ferry.waiting(file.name)
        if lies == body:
            return Handed(file.name, digest, True)
        if lies is not None or file.name.endswith((MARK, PART, DAMAGED)):
            raise FerryNameTaken(
                _("“{name}” cannot be handed over under this name.").format(name=file.name),
                cure=_("Give the file another name; what lies in the folder is left as it is."),
            )
        work.hand_over(file.name, f"{file.name}.{digest[:12]}", body)
    with workspace.store.write() as connection:
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action="exchange.ferry_sent",
            subject=file.name, details={"file_hash": f"sha256:{digest}"},
        )  # fmt: skip
    return Handed(file.name, digest, False)


@contextmanager
def _at_work(workspace: Workspace, progress: Progress) -> Iterator[_Crossing]:
    """The crossing for the length of the block, with every other client kept out; a stale lease is freed on record."""
    work = _Crossing(workspace, progress)
    work.lease.take()
    try:
        if (left := work.lease.freed) is not None:
            with workspace.store.write() as connection:
                audit.record(
                    connection, at=workspace.now(), actor=workspace.actor.name, action="exchange.ferry_freed",
                    subject=SYSTEM, details={"actor": left.actor, "owner": left.owner, "since": left.since},
                )  # fmt: skip
        yield work
    finally:
        work.lease.let_go()


class _Crossing:
    """The open folders of the platform and the log of what crosses."""

    def __init__(self, workspace: Workspace, progress: Progress) -> None:
        self.workspace, self.progress = workspace, progress
        it, self._end = in_force(workspace.store, SYSTEM), endpoint(workspace.store, SYSTEM)
        base = folder_of(self._end.base_url)
        self.inbox, self.ferry = Inbox(base, it.routes), Ferry(base, it.routes, pace_of(it))
        self._receiver = it.receiver
        self.lease = FolderLease(base / it.routes["done"], actor=workspace.actor.name, clock=workspace.clock)
        with workspace.store.read() as connection:
            require_open(connection, SYSTEM)

    @property
    def freed(self) -> str:
        """Whose stale lease was freed; empty if there was none."""
        return self.lease.freed.who if self.lease.freed else ""

    def take(self, one: Arrived) -> Pulled:
        """Logs, imports and answers one file, then puts it away; one that is held stays for a steward."""
        since = self._log_arrival(one)
        pulled = self._import(one, since)
        if pulled["state"] != "held":
            pulled["receipt"] = one.receipt(since)
            if self.ferry.waiting(pulled["receipt"]) is None:
                self._answer(one, pulled, since)
            self.inbox.put_away(one)
        return Pulled(file=one.path.name, **pulled)

    def hand_over(self, name: str, batch: str, body: bytes, *, signature: str = "") -> None:
        """Logs what leaves, then drops it; what could not be dropped is logged as such."""
        self._log(Crossing("sent", batch, body, 1))
        try:
            self.ferry.put(name, body, signature=signature)
        except Trouble:
            self._log(Crossing("void", batch, body, 1))
            raise

    def receipts(self) -> tuple[int, tuple[str, ...]]:
        """Puts the platform's receipts on record; those that are not signed as agreed stay where they are."""
        new, doubtful = 0, []
        for reply in self.ferry.ask(b"{}"):
            try:
                answer = _receipt(reply, self._end, self._receiver)
            except Trouble:
                doubtful.append(reply.name)
                continue
            with self.workspace.store.write() as connection:
                batch = f"{reply.name}.{hashlib.sha256(reply.body).hexdigest()[:12]}"
                if not message_log.entries_of(connection, SYSTEM, batch):
                    settling.keep(connection, SYSTEM, answer, batch=batch, now=self.workspace.now())
                    new += 1
            self.ferry.taken(reply)
        return new, tuple(doubtful)

    def _log_arrival(self, one: Arrived) -> str:
        """When the file came; entries not answered to the end are this file's, from a pull that was killed."""
        with self.workspace.store.read() as connection:
            entries = message_log.entries_of(connection, SYSTEM, one.batch)
        since = next((at for direction, at in reversed(entries) if direction == "received"), "")
        if since and (entries[-1][0] in {"received", "void"} or self._breaks_off(one, since)):
            return since
        return self._log(Crossing("received", one.batch, b"", 1, sha256=one.digest))

    def _breaks_off(self, one: Arrived, since: str) -> bool:
        """Whether the answer is logged and begun, and the file not yet put away."""
        return not self.inbox.was_put_away(one) and self.ferry.begun(one.receipt(since))

    def _import(self, one: Arrived, since: str) -> dict[str, Any]:
        if not one.whole:
            declared = connector(SYSTEM).errors["checksum"]
            return {
                "state": "damaged",
                "code": "checksum",
                "message": _(declared.meaning),
                "cure": _(declared.cure),
            }
        if (known := refused.earlier(self.workspace, one.digest, since)) is not None:
            return {"state": "refused", "code": known[0], "message": known[1]}
        try:
            result = importing.ingest(self.workspace, one.path, progress=self.progress)
        except SnapshotHeld as held:
            return {"state": "held", "code": held.code, "message": held.message, "cure": held.cure}
        except PackageRefused as refusal:
            return {
                "state": "refused",
                "code": refusal.code,
                "message": refusal.message,
                "cure": refusal.cure,
            }
        return {"state": "repeat" if result.repeat else "imported", "change_set": result.change_set}

    def _answer(self, one: Arrived, pulled: dict[str, Any], since: str) -> None:
        told_of = summary(one, pulled, since)
        with self.workspace.store.write() as connection:
            body, signature = compose(connection, told_of, now=self.workspace.now())
        self.hand_over(pulled["receipt"], one.batch, body, signature=signature)

    def _log(self, crossing: Crossing) -> str:
        now = self.workspace.now()
        with self.workspace.store.write() as connection:
            message_log.record(connection, SYSTEM, [crossing], at=now)
        return now


def _receipt(reply: Reply, end: Endpoint, receiver: str) -> Receipt:
    """The receipt of a file; where the platform's key is set it must be signed with it."""
    if end.receipt_public_pem:
        return read_receipt(
            reply, receiver=receiver, public_key=read_public_key(end.receipt_public_pem), asked=None
        )
    return Receipt((), reply.body.decode("utf-8", errors="replace"), reply.signature)
