"""What a push does with one target's records whatever comes of them: asks, settles, postpones, and ends on record."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import orjson
from sqlalchemy import Connection

from core.exchange import leasing, message_log, settling
from core.exchange.channels import after_run
from core.exchange.configuration import Endpoint, receipt_key
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.gates import gates_of
from core.exchange.leasing import Lease, Leased
from core.exchange.messages import Message
from core.exchange.receipts import Receipt, read_receipt
from core.exchange.retry import blames_records
from core.exchange.settings import way_of
from core.exchange.settling import Settled
from core.exchange.transports.carrier import Reply
from core.exchange.troubles import EvidenceUnwritable, Refused, Trouble, Unclear, Unreachable
from core.exchange.wire import Wire
from core.jobs import Progress
from core.security import audit
from core.security.workspace import Workspace
from core.store.lifecycle import read_setting
from core.store.trouble import StoreTrouble

_CHANCE = random.Random()
_FAILURES_IN_A_ROW = 8
"""After so many failing batches without one success it is the receiver's trouble, not the records'."""


@dataclass
class PushResult:
    """What a push did for one target: ``sent`` records left, ``waiting`` are still in the outbox.

    ``rejected`` counts the receiver's rejections and what our own gate held back.
    """

    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    waiting: int = 0

    def as_dict(self) -> dict[str, int]:
        """The figures as the headless contract prints them."""
        return asdict(self)


class Ended(Exception):
    """The run stops: the receiver is in trouble."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


class Dealing:
    """One push's dealings with one target. Network I/O never happens inside a unit of work."""

    _wire: Wire

    def __init__(self, workspace: Workspace, end: Endpoint, progress: Progress, *, due_only: bool) -> None:
        self.workspace, self.store, self.progress = workspace, workspace.store, progress
        self.connector: Connector = in_force(workspace.store, end.target)
        self.due_by = workspace.now() if due_only else None
        self.result = PushResult()
        self._base_url = end.base_url
        self._gates = gates_of(self.connector)
        self._parents = {name: mapped.parent for name, mapped in self.connector.push.items() if mapped.parent}
        self._public_key = receipt_key(self.connector, end)
        self._way = {"way": way_of(self.connector, end.base_url), "endpoint": end.base_url}
        self._owner = leasing.new_owner()
        self._failures = 0
        self._last_trouble: Trouble | None = None
        self._alive = False  # whether the receiver has given a receipt in this run
        self._came_to_its_end = False
        self._in_flight: set[int] = set()
        self._made_ready: Message | None = None  # logged, but not given to the transport yet
        with self.store.read() as connection:
            self._store_id = read_setting(connection, "store_id")
            self.result.waiting = leasing.count_open(connection, end.target)

    def _lease(self) -> Lease:
        now = self.workspace.clock()
        until = now + timedelta(seconds=self.connector.lease_seconds)
        return Lease(self.connector.target, self._owner, stamp(until), stamp(now))

    def _ask(self, lease: Lease, batch: Sequence[Leased]) -> Sequence[Leased]:
        """Settles what arrived of records that may have; returns those that certainly did not."""
        keyed = {self._key(item): item for item in batch}
        self._in_flight.update(item.id for item in batch)
        question = orjson.dumps({"keys": list(keyed)})
        try:
            (reply,) = self._wire.ask(question)
            answer = self._read(reply, keyed)
        except Trouble as trouble:
            self._leave_awaited(lease, batch)
            self._count_failure(trouble)
            return ()
        return self._settle(lease, keyed, answer, batch=uuid.uuid4().hex, horizon=None)

    def _read(self, reply: Reply, keyed: Collection[str]) -> Receipt:
        return read_receipt(reply, receiver=self.connector.receiver, public_key=self._public_key, asked=keyed)

    def _settle(
        self, lease: Lease, keyed: dict[str, Leased], answer: Receipt, *, batch: str, horizon: int | None,
        digests: dict[str, str] | None = None,
    ) -> Sequence[Leased]:  # fmt: skip
        with self.store.write() as connection:
            settled = settling.settle(
                connection, lease, keyed, answer, batch=batch, now=self.workspace.now(), horizon=horizon,
                digests=digests,
            )  # fmt: skip
        self._in_flight.difference_update(item.id for item in keyed.values())
        self._count(settled)
        self.result.sent += settled.unmentioned
        return settled.unknown

    def _note_identities(self, connection: Connection, read: int, message: Message | None) -> None:
        """Sealed identities were read: who sends how many to whom, in which message, and never which."""
        audit.record(
            connection, at=self.workspace.now(), actor=self.workspace.actor.name, action="exchange.identity_sent",
            subject=self.connector.target, details={"people": read, "message": message.name if message else ""},
        )  # fmt: skip

    def _count(self, settled: Settled) -> None:
        self._alive = self._alive or bool(settled.accepted)
        self.result.sent += settled.accepted + settled.rejected
        self.result.accepted += settled.accepted
        self.result.rejected += settled.rejected
        self.progress.advance(settled.accepted + settled.rejected)

    def _failed(self, lease: Lease, batch: Sequence[Leased], trouble: Trouble) -> None:
        """A batch came to no receipt: what may have arrived is asked about, the rest waits for its turn."""
        if isinstance(trouble, Unclear) and trouble.timed_out:
            self._leave_awaited(lease, batch)  # the receiver may be at it still: the next push asks
        elif isinstance(trouble, Unclear):
            unknown = self._ask(lease, batch) if self._wire.answers_at_once else batch
            self._postpone(lease, unknown, trouble)
        else:
            self._postpone(lease, batch, trouble)
        # A record that fails alone while others go through runs out of attempts by itself.
        if not (self._alive and len(batch) == 1 and blames_records(trouble)):
            self._count_failure(trouble)

    def _leave_awaited(
        self, lease: Lease, batch: Sequence[Leased], *, sent_as: Message | None = None
    ) -> None:
        with self.store.write() as connection:
            if sent_as:
                settling.remember(
                    connection, {i.id: sent_as.digests[key] for key, i in sent_as.keyed.items()}
                )
            name = sent_as.name if sent_as else lease.owner
            leasing.leave_awaited(connection, lease, [i.id for i in batch], batch=name)
        self._in_flight.difference_update(item.id for item in batch)
        self.result.sent += len(batch)

    def _postpone(self, lease: Lease, batch: Sequence[Leased], trouble: Trouble) -> None:
        """Puts records behind the fresh ones; those that have used up their attempts are closed."""
        now, retry = self.workspace.clock(), self.connector.retry
        self._in_flight.difference_update(item.id for item in batch)
        with self.store.write() as connection:
            for attempts, alike in groupby(sorted(batch, key=lambda i: i.attempts), key=lambda i: i.attempts):
                items = list(alike)
                due = retry.due(trouble, attempts + 1, now, _CHANCE.random())
                if due is None and self._alive:
                    reasons = {i.id: f"gave_up:{trouble.short}" for i in items}
                    settling.close_unsent(connection, lease, reasons, now=self.workspace.now())
                    self.result.rejected += len(items)
                    continue
                later = due or now + timedelta(seconds=retry.longest_seconds)
                leasing.postpone(connection, lease, items, due_at=stamp(later), blame=blames_records(trouble))

    def _count_failure(self, trouble: Trouble) -> None:
        self._failures += 1
        self._last_trouble = trouble
        if _ends_a_run(trouble) or self._failures >= _FAILURES_IN_A_ROW:
            raise Ended(trouble)
        self.progress.checkpoint()
        time.sleep(min(0.02 * 2**self._failures, 1.0))

    def _finish(self, trouble: Trouble | None) -> None:
        """Lets go of what is still leased and puts the run on record, however it ended."""
        leasing.ENDED.add(self._owner)
        try:
            self._close(trouble)
        except StoreTrouble:
            if not isinstance(trouble, EvidenceUnwritable):
                raise

    def _close(self, trouble: Trouble | None) -> None:
        with self.store.write() as connection:
            if self._made_ready:
                unsent = self._made_ready.crossing(left=False)
                message_log.record(connection, self.connector.target, [unsent], at=self.workspace.now())
            leasing.release_rest(connection, self._lease(), self._in_flight)
            self.result.waiting = leasing.count_open(connection, self.connector.target)
            if trouble or self._came_to_its_end:
                after_run(
                    connection, self.connector, trouble or self._last_trouble, alive=self._alive,
                    now=self.workspace.clock(), chance=_CHANCE.random(),
                )  # fmt: skip
            audit.record(
                connection, at=self.workspace.now(), actor=self.workspace.actor.name, action="exchange.push",
                subject=self.connector.target,
                details=self.result.as_dict() | self._way | ({"trouble": trouble.short} if trouble else {}),
            )  # fmt: skip

    @property
    def _largest(self) -> int:
        return max(mapped.batch_size for mapped in self.connector.leaving.values())

    def _key(self, item: Leased) -> str:
        """The idempotency key: the same for every attempt at this delivery, used by no other store."""
        return f"{self._store_id}-{item.id}"


def _ends_a_run(trouble: Trouble) -> bool:
    """Whether trying on would only repeat it: nobody there, or our token is not liked."""
    if isinstance(trouble, Unreachable):
        return True
    return isinstance(trouble, Refused) and trouble.details.get("status") not in {429, 503}


def stamp(moment: datetime) -> str:
    """A moment as the store keeps it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
