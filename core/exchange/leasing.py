"""The outbox's state machine: waiting → sent → (receipt awaited) → accepted or rejected, under a lease.

``sent`` is written before anything leaves, so that a record whose fate is unknown is never taken for one
that waits. A lease names who works on a record; it is void once its time is over or its process is gone.
"""

from __future__ import annotations

import platform
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psutil
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, true, update

from core.exchange import message_log
from core.exchange.message_log import Crossing
from core.exchange.receipts import Item, Receipt
from core.model.exchange import delivery, receipt
from core.model.ledger import change_set
from core.registry import publication
from core.store.bulk import chunks

_LONGEST_MESSAGE = 200

ENDED: set[str] = set()
"""The owners in this process whose run is over, whatever they could not write any more."""


class Leased(NamedTuple):
    """A delivery in our hands."""

    id: int
    entity: int
    key: str
    op: str
    version: int
    attempts: int


@dataclass(frozen=True)
class Lease:
    """Who holds records of one target, since when and until when; ``owner`` stands in the column ``batch``."""

    target: str
    owner: str
    until: str
    since: str | None = None


@dataclass(frozen=True)
class Settled:
    """What a receipt did: counts, and the records that certainly did not arrive."""

    accepted: int
    rejected: int
    unmentioned: int
    unknown: tuple[Leased, ...]


def new_owner() -> str:
    """A name for this run that tells other runs on the same machine whether its process still lives."""
    process = psutil.Process()
    return f"lease:{platform.node()}/{process.pid}/{process.create_time():.3f}/{uuid.uuid4().hex}"


def take_waiting(
    connection: Connection, lease: Lease, *, limit: int, due_by: str | None = None
) -> list[Leased]:
    """Leases up to ``limit`` waiting deliveries, fresh ones before those that failed (they are due later).

    ``due_by`` leaves out what is due after that moment.
    """
    conditions = [delivery.c.target == lease.target, delivery.c.state == "waiting"]
    if due_by is not None:
        conditions.append(delivery.c.due_at <= due_by)
    return _take(connection, lease, and_(*conditions), (delivery.c.due_at, delivery.c.id), limit)


def take_awaited(
    connection: Connection, lease: Lease, *, after: int, limit: int, now: str, abandoned: bool = False
) -> list[Leased]:
    """Leases deliveries with id above ``after`` whose receipt is awaited and that nobody works on.

    ``abandoned`` ones only are those whose worker died or overran its lease.
    """
    void = _abandoned(connection, lease, now)
    if not abandoned:
        void = or_(void, delivery.c.lease_until.is_(None))
    sent = and_(delivery.c.target == lease.target, delivery.c.state == "sent")
    return _take(connection, lease, and_(sent, void, delivery.c.id > after), (delivery.c.id,), limit)


def is_left_behind(connection: Connection, lease: Lease, *, now: str, due_by: str | None) -> bool:
    """Whether there is work that nobody does: a worker that was killed may still be dying in the database,
    whose rows are locked until its last transaction has ended either way."""
    waiting = and_(delivery.c.state == "waiting", delivery.c.due_at <= due_by if due_by else true())
    lost = and_(delivery.c.state == "sent", _abandoned(connection, lease, now))
    some = select(delivery.c.id).where(delivery.c.target == lease.target, or_(waiting, lost)).limit(1)
    return connection.execute(some).first() is not None


def settle(
    connection: Connection, lease: Lease, items: Mapping[str, Leased], answer: Receipt, *, batch: str, now: str,
    horizon: int | None, digests: Mapping[str, str] | None = None,
) -> Settled:  # fmt: skip
    """Stores and logs the receipt and what it says of ``items`` (by idempotency key), in one unit of work.

    ``digests`` are those of the records as they were sent.
    Those the receiver does not mention stay awaited; those unknown to it stay leased, for the caller to
    decide. ``horizon`` is the newest change set when the records were read: if there is a newer one now,
    what has changed since is queued anew.
    """
    publication.hold_still(connection)
    connection.execute(insert(receipt).values(
        target=lease.target, batch=batch, received_at=now, body=answer.body, signature=answer.signature))  # fmt: skip
    crossing = Crossing("receipt", batch, answer.body.encode(), len(answer.items))
    message_log.record(connection, lease.target, [crossing], at=now)
    settled = [i for i in answer.items if i.status != "unknown"]
    accepted = {items[i.key].id: (i.number, digests.get(i.key) if digests else None)
                for i in settled if i.status == "accepted"}  # fmt: skip
    _accept(connection, lease, accepted, settled_at=now, batch=batch)
    refusals = (_refusal(items[i.key].id, i) for i in settled if i.status == "rejected")
    _reject(connection, lease, refusals, state="rejected", settled_at=now, batch=batch)
    mentioned = {i.key for i in answer.items}
    silent = [item.id for key, item in items.items() if key not in mentioned]
    leave_awaited(connection, lease, silent, batch=batch)
    if settled and newest_change_set(connection) != horizon:
        publication.requeue_outdated(connection, lease.target, {items[i.key].entity for i in settled}, now)
    unknown = tuple(items[i.key] for i in answer.items if i.status == "unknown")
    return Settled(len(accepted), len(settled) - len(accepted), len(silent), unknown)


def close_unsent(connection: Connection, lease: Lease, reasons: Mapping[int, str], *, now: str) -> None:
    """Settles deliveries (id → reason) as rejected by ourselves: they did not leave."""
    rows = ({"to_id": id, "to_receipt_no": None, "to_reason": reason} for id, reason in reasons.items())
    _reject(connection, lease, rows, state="rejected", settled_at=now, batch=None)


def withdraw_outdated(connection: Connection, lease: Lease, items: Sequence[Leased], *, now: str) -> None:
    """Takes back deliveries whose record has changed since they were queued, and queues what is due now."""
    publication.hold_still(connection)
    ids = [i.id for i in items]
    _update(
        connection,
        lease,
        ids,
        state="superseded",
        reason="superseded",
        settled_at=now,
        lease_until=None,
        batch=None,
    )
    publication.requeue_outdated(connection, lease.target, {i.entity for i in items}, now)


def release(connection: Connection, lease: Lease, ids: Collection[int]) -> None:
    """Puts leased deliveries back to waiting: it is certain that they did not arrive."""
    _update(connection, lease, ids, state="waiting", lease_until=None, batch=None)


def leave_awaited(connection: Connection, lease: Lease, ids: Collection[int], *, batch: str) -> None:
    """Lets go of deliveries whose fate is unknown; they stay ``sent`` until a receipt is found."""
    _update(connection, lease, ids, lease_until=None, batch=batch)


def postpone(
    connection: Connection, lease: Lease, items: Iterable[Leased], *, due_at: str, blame: bool
) -> None:
    """Puts a failed batch behind fresh deliveries; ``blame`` counts the attempt against its records."""
    counted = delivery.c.attempts + (1 if blame else 0)
    _update(
        connection, lease, [i.id for i in items], state="waiting", due_at=due_at, attempts=counted,
        lease_until=None, batch=None,
    )  # fmt: skip


def release_rest(connection: Connection, lease: Lease, in_flight: Collection[int]) -> None:
    """Ends a run: what was leased and not sent waits again, what was under way stays awaited."""
    leave_awaited(connection, lease, in_flight, batch=lease.owner)
    held = and_(*_held(lease), delivery.c.lease_until.is_not(None))
    connection.execute(update(delivery).where(held).values(state="waiting", lease_until=None, batch=None))


def newest_change_set(connection: Connection) -> int:
    """The number of the registry's newest change set; as long as it stands, no record has changed."""
    return connection.execute(select(func.max(change_set.c.id))).scalar() or 0


def count_open(connection: Connection, target: str) -> int:
    """Deliveries that have not left the outbox."""
    still = and_(delivery.c.target == target, delivery.c.state.in_(("waiting", "sent")))
    return connection.execute(select(func.count()).select_from(delivery).where(still)).scalar_one()


def _take(
    connection: Connection, lease: Lease, condition: ColumnElement[bool], order: tuple[Any, ...], limit: int
) -> list[Leased]:
    columns = (delivery.c.id, delivery.c.entity, delivery.c.key, delivery.c.op, delivery.c.version,
               delivery.c.attempts)  # fmt: skip
    query = select(*columns).where(condition).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    items = [Leased(*row) for row in connection.execute(query).all()]
    for some in chunks([item.id for item in items]):
        connection.execute(
            update(delivery).where(delivery.c.id.in_(some))
            .values(state="sent", batch=lease.owner, lease_until=lease.until, state_at=lease.since)
        )  # fmt: skip
    return items


def _abandoned(connection: Connection, lease: Lease, now: str) -> ColumnElement[bool]:
    sent = and_(delivery.c.target == lease.target, delivery.c.state == "sent")
    owners = connection.execute(
        select(delivery.c.batch).where(sent, delivery.c.lease_until >= now).distinct()
    )
    gone = [owner for owner in owners.scalars() if _is_gone(owner)]
    return and_(
        delivery.c.lease_until.is_not(None), or_(delivery.c.lease_until < now, delivery.c.batch.in_(gone))
    )


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    """What makes a delivery ours still: a lease that was taken over must not be written to."""
    return (delivery.c.target == lease.target, delivery.c.state == "sent", delivery.c.batch == lease.owner)


def _update(connection: Connection, lease: Lease, ids: Collection[int], **values: Any) -> None:
    for some in chunks(list(ids)):
        connection.execute(update(delivery).where(delivery.c.id.in_(some), *_held(lease)).values(**values))


def _accept(
    connection: Connection, lease: Lease, numbers: Mapping[int, tuple[str, str | None]], **same: Any
) -> None:
    """Settles deliveries (id → the receiver's number, our digest). Those two are written apart, by id alone:
    bound once a row, every further parameter would cost as much as the row itself."""
    if not numbers:
        return
    _update(connection, lease, numbers.keys(), state="accepted", reason=None, lease_until=None, **same)
    values: dict[str, Any] = {
        "receipt_no": bindparam("to_receipt_no"),
        "digest": func.coalesce(bindparam("to_digest"), delivery.c.digest),
    }
    numbered = update(delivery).where(delivery.c.id == bindparam("to_id")).values(**values)
    rows = [{"to_id": id, "to_receipt_no": no, "to_digest": digest} for id, (no, digest) in numbers.items()]
    connection.execute(numbered, rows)


def _reject(connection: Connection, lease: Lease, rows: Iterable[dict[str, Any]], **same: Any) -> None:
    statement = (
        update(delivery).where(delivery.c.id == bindparam("to_id"), *_held(lease))
        .values(receipt_no=bindparam("to_receipt_no"), reason=bindparam("to_reason"), lease_until=None, **same)
    )  # fmt: skip
    if given := list(rows):
        connection.execute(statement, given)


def _refusal(id: int, item: Item) -> dict[str, Any]:
    reason = f"receiver:{item.code}:{item.message[:_LONGEST_MESSAGE]}"
    return {"to_id": id, "to_receipt_no": item.number or None, "to_reason": reason}


def _is_gone(owner: str) -> bool:
    """Whether the lease's process ran on this machine and runs no more, or its run in this process is over."""
    if owner in ENDED:
        return True
    try:
        host, pid, started, _nonce = owner.removeprefix("lease:").rsplit("/", 3)
        if host != platform.node():
            return False
        return f"{psutil.Process(int(pid)).create_time():.3f}" != started
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, ValueError):
        return False
