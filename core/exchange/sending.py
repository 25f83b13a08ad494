"""One push to one target: batches through the gate and out, receipts in, nothing let go without one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import orjson
from sqlalchemy.exc import OperationalError

from core.exchange import leasing, message_log
from core.exchange.configuration import Endpoint
from core.exchange.connectors import connector, pushed
from core.exchange.declaration import Connector
from core.exchange.gate import Gate
from core.exchange.leasing import Lease, Leased
from core.exchange.messages import Message, compose
from core.exchange.receipts import Receipt, read_public_key, read_receipt
from core.exchange.retry import blames_records
from core.exchange.transports.carrier import Reply
from core.exchange.transports.https import Https
from core.exchange.troubles import (
    EvidenceUnwritable,
    Refused,
    Trouble,
    Unclear,
    Unreachable,
    evidence_unwritable,
)
from core.i18n import _
from core.jobs import Progress
from core.security import audit
from core.security.workspace import Workspace
from core.store.lifecycle import read_setting

_BATCHES_A_LEASE = 10
_TAKE_OVERS = 20
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


class _Ended(Exception):
    """The run stops: the receiver is in trouble."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


class Run:
    """One push to one target. Network I/O never happens inside a unit of work."""

    def __init__(self, workspace: Workspace, end: Endpoint, progress: Progress, *, due_only: bool) -> None:
        self.workspace, self.store, self.progress = workspace, workspace.store, progress
        self.connector: Connector = connector(end.target)
        self.due_by = workspace.now() if due_only else None
        self.result = PushResult()
        self._end, self._gate = end, Gate(self.connector)
        self._largest = pushed(self.connector)[1].batch_size
        self._public_key = read_public_key(end.receipt_public_pem)
        self._owner = leasing.new_owner()
        self._failures = 0
        self._last_trouble: Trouble | None = None
        self._alive = False  # whether the receiver has given a receipt in this run
        self._in_flight: set[int] = set()
        self._made_ready: Message | None = None  # logged, but not given to the transport yet
        with self.store.read() as connection:
            self._store_id = read_setting(connection, "store_id")
            self.result.waiting = leasing.count_open(connection, end.target)

    def push(self) -> Trouble | None:
        """Runs to the end; returns the trouble that stopped it."""
        self.progress.phase(
            _("Pushing to {system}").format(system=_(self.connector.title)), self.result.waiting
        )
        trouble: Trouble | None = None
        way = Https(
            self._end.base_url, ca_pem=self._end.ca_pem, token=self._end.token, routes=self.connector.routes,
            connect_seconds=self.connector.connect_seconds, reply_seconds=self.connector.reply_seconds,
        )  # fmt: skip
        try:
            with way as self._https:
                self._ask_for_awaited()
                self._send_waiting()
                self._take_over()
        except _Ended as ended:
            trouble = ended.trouble
        except OperationalError as error:
            trouble = evidence_unwritable(error)
        finally:
            self._finish(trouble)
        return trouble or (self._last_trouble if self.result.waiting and not self._alive else None)

    def _lease(self) -> Lease:
        now = self.workspace.clock()
        until = now + timedelta(seconds=self.connector.lease_seconds)
        return Lease(self.connector.target, self._owner, _stamp(until), _stamp(now))

    def _take_over(self) -> None:
        """Does what other workers leave behind while we are at it."""
        for _round in range(_TAKE_OVERS):
            with self.store.read() as connection:
                if not leasing.is_left_behind(
                    connection, self._lease(), now=self.workspace.now(), due_by=self.due_by
                ):
                    return
            time.sleep(0.1)
            self._ask_for_awaited(abandoned=True)
            self._send_waiting()

    def _ask_for_awaited(self, *, abandoned: bool = False) -> None:
        """Did the last attempt arrive? Nothing is sent again before the receiver was asked."""
        after = 0
        while True:
            lease = self._lease()
            with self.store.write() as connection:
                items = leasing.take_awaited(
                    connection,
                    lease,
                    after=after,
                    limit=self._chunk,
                    now=self.workspace.now(),
                    abandoned=abandoned,
                )
            if not items:
                return
            after = items[-1].id
            for batch in _pieces(items, self._largest):
                if unknown := self._ask(lease, batch):
                    with self.store.write() as connection:
                        leasing.release(connection, lease, [i.id for i in unknown])

    def _send_waiting(self) -> None:
        """Sends until nothing waits. While the receiver works on one batch, the next is prepared and the
        one before is settled; a batch that failed is dealt with before another leaves."""
        while True:
            under_way: Message | None = None
            sent = 0
            for lease, batch in self._waiting_batches():
                prepared = self._pass_gate(lease, batch)
                sent += 1
                if prepared is not None:
                    under_way = self._hand_over(under_way, prepared)
            self._hand_over(under_way, None)
            if not sent:
                return

    def _waiting_batches(self) -> Iterator[tuple[Lease, Sequence[Leased]]]:
        while True:
            lease = self._lease()
            with self.store.write() as connection:
                items = leasing.take_waiting(connection, lease, limit=self._chunk, due_by=self.due_by)
            if not items:
                return
            for size, alike in groupby(items, key=self._batch_size):
                for batch in _pieces(list(alike), size):
                    yield lease, batch

    def _pass_gate(self, lease: Lease, batch: Sequence[Leased]) -> Message | None:
        with self.store.read() as connection:
            inspected = self._gate.inspect(connection, batch)
        now, outgoing = self.workspace.now(), None
        with self.store.write() as connection:
            if inspected.failing or inspected.outdated:
                leasing.close_unsent(connection, lease, inspected.failing, now=now)
                leasing.withdraw_outdated(connection, lease, inspected.outdated, now=now)
            if inspected.ready:
                head = message_log.head(connection, to_append=True)
                outgoing = compose(
                    uuid.uuid4().hex,
                    lease,
                    inspected.ready,
                    horizon=inspected.horizon,
                    key=self._key,
                    head=head,
                )
                message_log.record(connection, lease.target, [outgoing.crossing()], at=now)
        if inspected.failing:
            self.result.rejected += len(inspected.failing)
            self.progress.advance(len(inspected.failing))
        self._made_ready = outgoing
        return outgoing

    def _hand_over(self, under_way: Message | None, following: Message | None) -> Message | None:
        """Receives what is under way, lets the following leave, then settles what was received."""
        answer = None
        if under_way:
            try:
                answer = self._answer(under_way)
            except Trouble as trouble:
                self._failed(under_way.lease, list(under_way.keyed.values()), trouble)
        if following:
            self._in_flight.update(item.id for item in following.keyed.values())
            self._made_ready = None
            following.pending = self._https.begin(self.connector.routes["send"], following.body)
        if under_way and answer:
            self._delivered(under_way, answer)
        return following

    def _answer(self, sending: Message) -> Receipt:
        assert sending.pending is not None
        return self._read(self._https.finish(sending.pending), sending.keyed)

    def _delivered(self, sending: Message, answer: Receipt) -> None:
        self._failures, self._alive = 0, True
        unknown = self._settle(
            sending.lease,
            sending.keyed,
            answer,
            batch=sending.name,
            horizon=sending.horizon,
            digests=sending.digests,
        )
        if unknown:
            denied = Unclear(
                _("The receiver says that it did not get it."),
                cure=_("Push again: GridLink first asks which records arrived."),
                cause="unknown",
            )
            self._postpone(sending.lease, unknown, denied)

    def _ask(self, lease: Lease, batch: Sequence[Leased]) -> Sequence[Leased]:
        """Settles what arrived of records that may have; returns those that certainly did not."""
        keyed = {self._key(item): item for item in batch}
        self._in_flight.update(item.id for item in batch)
        question = orjson.dumps({"keys": list(keyed)})
        try:
            answer = self._read(self._https.post(self.connector.routes["receipts"], question), keyed)
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
            settled = leasing.settle(
                connection, lease, keyed, answer, batch=batch, now=self.workspace.now(), horizon=horizon,
                digests=digests,
            )  # fmt: skip
        self._in_flight.difference_update(item.id for item in keyed.values())
        self.result.sent += settled.accepted + settled.rejected + settled.unmentioned
        self.result.accepted += settled.accepted
        self.result.rejected += settled.rejected
        self.progress.advance(settled.accepted + settled.rejected)
        return settled.unknown

    def _failed(self, lease: Lease, batch: Sequence[Leased], trouble: Trouble) -> None:
        """A batch came to no receipt: what may have arrived is asked about, the rest waits for its turn."""
        if isinstance(trouble, Unclear) and trouble.timed_out:
            self._leave_awaited(lease, batch)  # the receiver may be at it still: the next push asks
        elif isinstance(trouble, Unclear):
            self._postpone(lease, self._ask(lease, batch), trouble)
        else:
            self._postpone(lease, batch, trouble)
        # A record that fails alone while others go through runs out of attempts by itself.
        if not (self._alive and len(batch) == 1 and blames_records(trouble)):
            self._count_failure(trouble)

    def _leave_awaited(self, lease: Lease, batch: Sequence[Leased]) -> None:
        with self.store.write() as connection:
            leasing.leave_awaited(connection, lease, [i.id for i in batch], batch=lease.owner)
        self._in_flight.difference_update(item.id for item in batch)
        self.result.sent += len(batch)

    def _postpone(self, lease: Lease, batch: Sequence[Leased], trouble: Trouble) -> None:
        """Puts records behind the fresh ones; those that have used up their attempts are closed."""
        now, retry = self.workspace.clock(), self.connector.retry
        self._in_flight.difference_update(item.id for item in batch)
        with self.store.write() as connection:
            for attempts, alike in groupby(sorted(batch, key=lambda i: i.attempts), key=lambda i: i.attempts):
                items = list(alike)
                due = retry.due(trouble, attempts + 1, now)
                if due is None and self._alive:
                    reasons = {i.id: f"gave_up:{trouble.short}" for i in items}
                    leasing.close_unsent(connection, lease, reasons, now=self.workspace.now())
                    self.result.rejected += len(items)
                    continue
                later = due or now + timedelta(seconds=retry.longest_seconds)
                leasing.postpone(
                    connection, lease, items, due_at=_stamp(later), blame=blames_records(trouble)
                )

    def _count_failure(self, trouble: Trouble) -> None:
        self._failures += 1
        self._last_trouble = trouble
        if _ends_a_run(trouble) or self._failures >= _FAILURES_IN_A_ROW:
            raise _Ended(trouble)
        self.progress.checkpoint()
        time.sleep(min(0.02 * 2**self._failures, 1.0))

    def _finish(self, trouble: Trouble | None) -> None:
        """Lets go of what is still leased and puts the run on record, however it ended."""
        leasing.ENDED.add(self._owner)
        try:
            self._close(trouble)
        except OperationalError:
            if not isinstance(trouble, EvidenceUnwritable):
                raise

    def _close(self, trouble: Trouble | None) -> None:
        with self.store.write() as connection:
            if self._made_ready:
                unsent = self._made_ready.crossing(left=False)
                message_log.record(connection, self.connector.target, [unsent], at=self.workspace.now())
            leasing.release_rest(connection, self._lease(), self._in_flight)
            self.result.waiting = leasing.count_open(connection, self.connector.target)
            audit.record(
                connection, at=self.workspace.now(), actor=self.workspace.actor.name, action="exchange.push",
                subject=self.connector.target,
                details=self.result.as_dict() | ({"trouble": trouble.short} if trouble else {}),
            )  # fmt: skip

    @property
    def _chunk(self) -> int:
        return self._largest * _BATCHES_A_LEASE

    def _batch_size(self, item: Leased) -> int:
        return self.connector.retry.batch_size(item.attempts, self._largest)

    def _key(self, item: Leased) -> str:
        """The idempotency key: the same for every attempt at this delivery, used by no other store."""
        return f"{self._store_id}-{item.id}"


def _ends_a_run(trouble: Trouble) -> bool:
    """Whether trying on would only repeat it: nobody there, or our token is not liked."""
    if isinstance(trouble, Unreachable):
        return True
    return isinstance(trouble, Refused) and trouble.details.get("status") not in {429, 503}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _pieces(items: Sequence[Leased], size: int) -> Iterator[Sequence[Leased]]:
    return (items[start : start + size] for start in range(0, len(items), size))
