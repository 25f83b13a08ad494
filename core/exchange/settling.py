"""What a receipt does: it is stored and logged, and moves the deliveries that it speaks of, in one unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from core.exchange import message_log, rejections
from core.exchange.leasing import (
    Lease,
    Leased,
    held,
    leave_awaited,
    newest_change_set,
    release,
    take_named,
    update_held,
)
from core.exchange.message_log import Crossing
from core.exchange.receipts import Item, Receipt
from core.model.exchange import delivery, receipt
from core.registry import publication
from core.store.bulk import chunks

_LONGEST_MESSAGE = 200


@dataclass(frozen=True)
class Settled:
    """What a receipt did: counts, and the records that certainly did not arrive."""

    accepted: int
    rejected: int
    unmentioned: int
    unknown: tuple[Leased, ...]


def settle(
    connection: Connection, lease: Lease, items: Mapping[str, Leased], answer: Receipt, *, batch: str, now: str,
    horizon: int | None, digests: Mapping[str, str] | None = None,
) -> Settled:  # fmt: skip
    """Stores and logs the receipt and what it says of ``items`` (by idempotency key), in one unit of work.

    ``digests`` are those of the records as they were sent. Those the receiver does not mention stay awaited;
    those unknown to it stay leased, for the caller to decide. ``horizon`` is the newest change set when the
    records were read: if there is a newer one now, what has changed since is queued anew.
    """
    publication.hold_still(connection)
    keep(connection, lease.target, answer, batch=batch, now=now)
    settled = [i for i in answer.items if i.status != "unknown"]
    accepted = {items[i.key].id: (i.number, digests.get(i.key) if digests else None)
                for i in settled if i.status == "accepted"}  # fmt: skip
    _accept(connection, lease, accepted, settled_at=now, batch=batch)
    refused = [(items[i.key], i) for i in settled if i.status == "rejected"]
    _reject(
        connection,
        lease,
        (_refusal(one.id, i) for one, i in refused),
        state="rejected",
        settled_at=now,
        batch=batch,
    )
    rejections.clear(connection, lease.target, [items[i.key].entity for i in settled])
    rejections.enter(connection, lease.target, [pair for pair in refused if pair[0].op != "propose"])
    mentioned = {i.key for i in answer.items}
    silent = [item.id for key, item in items.items() if key not in mentioned]
    if digests and silent:
        remember(connection, {item.id: digests[key] for key, item in items.items() if key not in mentioned})
    leave_awaited(connection, lease, silent, batch=batch)
    if settled and newest_change_set(connection) != horizon:
        publication.requeue_outdated(connection, lease.target, {items[i.key].entity for i in settled}, now)
    unknown = tuple(items[i.key] for i in answer.items if i.status == "unknown")
    return Settled(len(accepted), len(refused), len(silent), unknown)


def settle_arrived(
    connection: Connection, lease: Lease, answer: Receipt, *, store_id: str, batch: str, now: str
) -> Settled:
    """Settles a receipt that came by itself: late, twice, out of order, or about what we never sent.

    It is kept and logged whatever it says, unless it is on record to the letter (another client read the same
    file, or a kill came before it was put away); it moves only deliveries of ours whose receipt is awaited.
    """
    publication.hold_still(connection)
    if _is_kept(connection, lease.target, answer, batch=batch):
        return Settled(0, 0, 0, ())
    numbers = {i.key: number for i in answer.items if (number := _number(i.key, store_id)) is not None}
    found = {item.id: item for item in take_named(connection, lease, list(numbers.values()))}
    items = {key: found[number] for key, number in numbers.items() if number in found}
    ours = replace(answer, items=tuple(i for i in answer.items if i.key in items))
    settled = settle(connection, lease, items, ours, batch=batch, now=now, horizon=None)
    release(connection, lease, [i.id for i in settled.unknown])
    return settled


def close_unsent(connection: Connection, lease: Lease, reasons: Mapping[int, str], *, now: str) -> None:
    """Settles deliveries (id → reason) as rejected by ourselves: they did not leave."""
    rows = ({"to_id": id, "to_receipt_no": None, "to_reason": reason} for id, reason in reasons.items())
    _reject(connection, lease, rows, state="rejected", settled_at=now, batch=None)


def withdraw_outdated(connection: Connection, lease: Lease, items: Sequence[Leased], *, now: str) -> None:
    """Takes back deliveries whose record has changed since they were queued, and queues what is due now."""
    publication.hold_still(connection)
    same = {
        "state": "superseded",
        "reason": "superseded",
        "settled_at": now,
        "lease_until": None,
        "batch": None,
    }
    update_held(connection, lease, [i.id for i in items], **same)
    publication.requeue_outdated(connection, lease.target, {i.entity for i in items}, now)


def keep(connection: Connection, target: str, answer: Receipt, *, batch: str, now: str) -> None:
    """Stores a receipt to the letter and enters it in the log."""
    connection.execute(insert(receipt).values(
        target=target, batch=batch, received_at=now, body=answer.body, signature=answer.signature))  # fmt: skip
    crossing = Crossing("receipt", batch, answer.body.encode(), len(answer.items))
    message_log.record(connection, target, [crossing], at=now)


def _is_kept(connection: Connection, target: str, answer: Receipt, *, batch: str) -> bool:
    same = and_(receipt.c.target == target, receipt.c.batch == batch, receipt.c.body == answer.body,
                receipt.c.signature == answer.signature)  # fmt: skip
    return connection.execute(select(receipt.c.id).where(same).limit(1)).first() is not None


def remember(connection: Connection, digests: Mapping[int, str]) -> None:
    """Keeps what was sent (delivery → digest) of messages whose receipt comes later."""
    known = update(delivery).where(delivery.c.id == bindparam("to_id")).values(digest=bindparam("to_digest"))
    connection.execute(known, [{"to_id": id, "to_digest": digest} for id, digest in digests.items()])


def _number(key: str, store_id: str) -> int | None:
    """The delivery that an idempotency key of ours names; None for a key of another's making."""
    own, dash, number = key.rpartition("-")
    return int(number) if dash and own == store_id and number.isdecimal() and len(number) < 19 else None


def _accept(
    connection: Connection, lease: Lease, numbers: Mapping[int, tuple[str, str | None]], **same: Any
) -> None:
    """Settles deliveries (id → the receiver's number, our digest). Those two are written apart, by id alone:
    bound once a row, every further parameter would cost as much as the row itself."""
    if not numbers:
        return
    update_held(connection, lease, numbers.keys(), state="accepted", reason=None, lease_until=None, **same)
    values: dict[str, Any] = {
        "receipt_no": bindparam("to_receipt_no"),
        "digest": func.coalesce(bindparam("to_digest"), delivery.c.digest),
    }
    mine = and_(delivery.c.id == bindparam("to_id"), delivery.c.state == "accepted")
    rows = [{"to_id": id, "to_receipt_no": no, "to_digest": digest} for id, (no, digest) in numbers.items()]
    connection.execute(update(delivery).where(mine).values(**values), rows)


def _reject(connection: Connection, lease: Lease, rows: Iterable[dict[str, Any]], **same: Any) -> None:
    statement = (
        update(delivery).where(delivery.c.id == bindparam("to_id"), *held(lease))
        .values(receipt_no=bindparam("to_receipt_no"), reason=bindparam("to_reason"), lease_until=None, **same)
    )  # fmt: skip
    if given := list(rows):
        connection.execute(statement, given)


def _refusal(id: int, item: Item) -> dict[str, Any]:
    reason = f"receiver:{item.code}:{item.message[:_LONGEST_MESSAGE]}"
    return {"to_id": id, "to_receipt_no": item.number or None, "to_reason": reason}


def open_entities(connection: Connection, target: str, entities: Collection[int]) -> set[int]:
    """Those of ``entities`` about which something has left and whose receipt is awaited."""
    awaited = and_(delivery.c.target == target, delivery.c.state == "sent")
    found: set[int] = set()
    for some in chunks(list(entities)):
        found |= set(
            connection.execute(
                select(delivery.c.entity).where(awaited, delivery.c.entity.in_(some))
            ).scalars()
        )
    return found
