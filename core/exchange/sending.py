"""One push to one target: batches through the gate and out, receipts in, nothing let go without one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

import orjson

from core.exchange import leasing, message_log, settling, states, uses
from core.exchange.channels import read_channel, write_channel
from core.exchange.dealing import Dealing, Ended, PushResult, stamp
from core.exchange.evidence import EVIDENCE_HOURS
from core.exchange.leasing import Lease, Leased
from core.exchange.message_log import Crossing
from core.exchange.messages import Message, compose
from core.exchange.receipts import Receipt, batch_of, read_receipt
from core.exchange.transports.carrier import Reply
from core.exchange.troubles import Trouble, Unclear, evidence_overdue, evidence_unwritable
from core.exchange.wire import open_wire
from core.i18n import _
from core.store.bulk import chunks
from core.store.trouble import StoreTrouble

__all__ = ["PushResult", "Run"]

_BATCHES_A_LEASE = 10
_TAKE_OVERS = 20
_STATES_AT_ONCE = 500


class Run(Dealing):
    """One push to one target. Network I/O never happens inside a unit of work."""

    def push(self) -> Trouble | None:
        """Runs to the end; returns the trouble that stopped it."""
        self.progress.phase(
            _("Pushing to {system}").format(system=_(self.connector.title)), self.result.waiting
        )
        trouble: Trouble | None = None
        try:
            with open_wire(self.workspace, self.connector) as self._wire:
                self._ask_for_awaited()
                self._require_evidence()
                self._send_waiting()
                self._take_over()
                self._say_that_there_is_nothing()
                self._read_states()
            self._came_to_its_end = True
        except Ended as ended:
            trouble = ended.trouble
        except Trouble as met:
            trouble = met
        except StoreTrouble as error:
            trouble = evidence_unwritable(error)
        finally:
            self._finish(trouble)
        return trouble or (self._last_trouble if self.result.waiting and not self._alive else None)

    def _take_over(self) -> None:
        """Does what other workers leave behind while we are at it."""
        for _round in range(_TAKE_OVERS):
            with self.store.read() as connection:
                if not leasing.is_left_behind(
                    connection,
                    self._lease(),
                    now=self.workspace.now(),
                    due_by=self.due_by,
                    parents=self._parents,
                ):
                    return
            time.sleep(0.1)
            self._ask_for_awaited(abandoned=True)
            self._send_waiting()

    def _ask_for_awaited(self, *, abandoned: bool = False) -> None:
        """Did the last attempt arrive? Nothing is sent again before the receiver was asked.

        Where receipts are files, those that have come are read; what a killed run may or may not have dropped is
        dropped again, because the receiver takes each key once.
        """
        by_file = not self._wire.answers_at_once
        if by_file:
            self._collect()
        after, patience = 0, timedelta(seconds=self.connector.receipts.after_seconds)
        while True:
            lease = self._lease()
            with self.store.write() as connection:
                items = leasing.take_awaited(
                    connection, lease, after=after, limit=self._chunk, now=self.workspace.now(),
                    abandoned=abandoned or by_file, left_by=stamp(self.workspace.clock() - patience),
                )  # fmt: skip
            if not items:
                return
            after = items[-1].id
            for batch in _pieces(items, self._largest):
                unknown = batch if by_file else self._ask(lease, batch)
                if unknown:
                    with self.store.write() as connection:
                        leasing.release(connection, lease, [i.id for i in unknown])

    def _collect(self) -> None:
        """Settles what receipts have come as files; each is put away once it is on record."""
        for reply in self._wire.ask(b'{"keys":[]}'):
            try:
                answer = read_receipt(
                    reply, receiver=self.connector.receiver, public_key=self._public_key, asked=None
                )
            except Trouble as trouble:
                self._last_trouble = trouble  # it stays where it is: the operator is asked about it
                continue
            with self.store.write() as connection:
                settled = settling.settle_arrived(
                    connection, self._lease(), answer, store_id=self._store_id, batch=batch_of(answer),
                    now=self.workspace.now(),
                )  # fmt: skip
                uses.note_carried(connection, self.connector, self._base_url, at=self.workspace.now())
            self._wire.taken(reply)
            self._count(settled)

    def _require_evidence(self) -> None:
        """Nothing more is sent where earlier messages have had no receipt for longer than we accept."""
        with self.store.read() as connection:
            since = leasing.oldest_awaited(connection, self.connector.target)
        if since and since < stamp(self.workspace.clock() - timedelta(hours=EVIDENCE_HOURS)):
            raise Ended(evidence_overdue(since, EVIDENCE_HOURS))

    def _say_that_there_is_nothing(self) -> None:
        """The zero report, once a day, where the receiver wants to hear that there was nothing to send.

        Its message id is the day's: said again after a kill, or by a second client, it is the same message.
        """
        today = self.workspace.today().isoformat()
        with self.store.read() as connection:
            said = read_channel(connection, self.connector.target).zero_at
            due = leasing.count_open(connection, self.connector.target)
        if not self.connector.receipts.zero_report or self.result.sent or due or (said or "")[:10] == today:
            return
        name = f"zero-{self._store_id}-{today}"
        with self.store.write() as connection:
            head = message_log.head(connection, to_append=True)
            body = orjson.dumps({"batch": name, "log": str(head), "items": [], "zero": today})
            crossing = Crossing("zero", name, body, 0)
            message_log.record(connection, self.connector.target, [crossing], at=self.workspace.now())
        reply = self._wire.finish(self._wire.begin(name, body))
        with self.store.write() as connection:
            if reply is not None:
                answer, self._alive = self._read(reply, ()), True
                settling.keep(connection, self.connector.target, answer, batch=name, now=self.workspace.now())
            write_channel(connection, self.connector.target, zero_at=today)

    def _read_states(self) -> None:
        """What has become of earlier records there, where the receiver tells; a bad answer changes nothing."""
        if not self.connector.receipts.states:
            return
        with self.store.read() as connection:
            asked = states.undecided(connection, self.connector)
        by_file = not self._wire.answers_at_once
        for some in [[]] if by_file else chunks(asked, _STATES_AT_ONCE):
            try:
                for reply in self._wire.states(orjson.dumps({"entities": some})):
                    self._keep_states(reply)
            except Trouble as trouble:
                self._last_trouble = trouble

    def _keep_states(self, reply: Reply) -> None:
        """Writes down what an answer says; a file that says nothing valid stays where it is."""
        try:
            told = states.read(reply, self.connector, self._public_key)
        except Trouble as trouble:
            self._last_trouble = trouble
            return
        with self.store.write() as connection:
            states.keep(connection, self.connector, told, body=reply.body, now=self.workspace.now())
        self._wire.taken(reply)

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
                items = leasing.take_waiting(
                    connection, lease, limit=self._chunk, due_by=self.due_by, parents=self._parents
                )
            if not items:
                return
            if len(self._gates) > 1:
                items.sort(key=lambda item: item.resource)
            for (_resource, size), alike in groupby(items, key=self._batch_size):
                for batch in _pieces(list(alike), size):
                    yield lease, batch

    def _pass_gate(self, lease: Lease, batch: Sequence[Leased]) -> Message | None:
        with self.store.read() as connection:
            inspected = self._gates[batch[0].resource].inspect(connection, batch)
        now, outgoing = self.workspace.now(), None
        with self.store.write() as connection:
            if inspected.failing or inspected.outdated:
                settling.close_unsent(connection, lease, inspected.failing, now=now)
                settling.withdraw_outdated(connection, lease, inspected.outdated, now=now)
            if inspected.ready:
                head = message_log.head(connection, to_append=True)
                outgoing = compose(
                    uuid.uuid4().hex, lease, inspected.ready, horizon=inspected.horizon, key=self._key, head=head,
                    several=len(self._gates) > 1,
                )  # fmt: skip
                message_log.record(connection, lease.target, [outgoing.crossing()], at=now)
            if inspected.identities:
                self._note_identities(connection, inspected.identities, outgoing)
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
            following.under_way = self._wire.begin(following.name, following.body)
        if under_way and answer:
            self._delivered(under_way, answer)
        return following

    def _answer(self, message: Message) -> Receipt | None:
        """The receipt that came on the same way, or None where it comes later; the message is awaited then."""
        assert message.under_way is not None
        reply = self._wire.finish(message.under_way)
        if reply is not None:
            return self._read(reply, message.keyed)
        self._leave_awaited(message.lease, list(message.keyed.values()), sent_as=message)
        return None

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

    @property
    def _chunk(self) -> int:
        return self._largest * _BATCHES_A_LEASE

    def _batch_size(self, item: Leased) -> tuple[str, int]:
        largest = self.connector.leaving[item.resource].batch_size
        return item.resource, self.connector.retry.batch_size(item.attempts, largest)


def _pieces(items: Sequence[Leased], size: int) -> Iterator[Sequence[Leased]]:
    return (items[start : start + size] for start in range(0, len(items), size))
