"""The outbox's state machine: waiting → sent → (receipt awaited) → accepted or rejected, under a lease.

``sent`` is written before anything leaves, so that a record whose fate is unknown is never taken for one
that waits. A lease names who works on a record; it is void once its time is over or its process is gone.
"""

from __future__ import annotations

import platform
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import psutil
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, true, update

from core.model.exchange import delivery
from core.model.ledger import change_set
from core.model.registry import TABLES
from core.model.resources import RESOURCES, references
from core.store.bulk import chunks
from core.store.reading import among

ENDED: set[str] = set()
"""The owners in this process whose run is over, whatever they could not write any more."""


TOO_FAR: Final = timedelta(days=2)
"""Nothing is ever put off that far: what is due later was entered by a clock that has been put back since."""

Parents = Mapping[str, str]
"""Resource → the resource whose receipt its records wait for."""


class Leased(NamedTuple):
    """A delivery in our hands."""

    id: int
    entity: int
    key: str
    op: str
    version: int
    attempts: int
    resource: str


@dataclass(frozen=True)
class Lease:
    """Who holds records of one target, since when and until when; ``owner`` stands in the column ``batch``."""

    target: str
    owner: str
    until: str
    since: str | None = None


def new_owner() -> str:
    """A name for this run that tells other runs on the same machine whether its process still lives."""
    process = psutil.Process()
    return f"lease:{platform.node()}/{process.pid}/{process.create_time():.3f}/{uuid.uuid4().hex}"


def take_waiting(
    connection: Connection, lease: Lease, *, limit: int, due_by: str | None = None,
    parents: Parents = MappingProxyType({}),
) -> list[Leased]:  # fmt: skip
    """Leases up to ``limit`` waiting deliveries, fresh ones before those that failed (they are due later).

    ``due_by`` leaves out what is due after that moment; ``parents`` names, for resources whose records wait
    for another's receipt, that other resource.
    """
    ready = _ready(lease.target, due_by, parents)
    items = _take(connection, lease, ready, (delivery.c.due_at, delivery.c.id), limit)
    _hold(connection, lease, items, state_at=lease.since)
    return items


def take_awaited(
    connection: Connection, lease: Lease, *, after: int, limit: int, now: str, abandoned: bool = False,
    left_by: str | None = None,
) -> list[Leased]:  # fmt: skip
    """Leases deliveries with id above ``after`` whose receipt is awaited and that nobody works on.

    ``abandoned`` ones only are those whose worker died or overran its lease; ``left_by`` leaves out what left
    after that moment, because the receiver has not had the time that it asks for.
    """
    void = _abandoned(connection, lease, now)
    if not abandoned:
        told = (delivery.c.state_at.is_(None), delivery.c.state_at <= left_by, delivery.c.state_at > now)
        settled = or_(*told) if left_by else true()
        void = or_(void, and_(delivery.c.lease_until.is_(None), settled))
    sent = and_(delivery.c.target == lease.target, delivery.c.state == "sent")
    items = _take(connection, lease, and_(sent, void, delivery.c.id > after), (delivery.c.id,), limit)
    _hold(connection, lease, items)
    return items


def take_named(connection: Connection, lease: Lease, ids: Collection[int]) -> list[Leased]:
    """Takes over those of the deliveries whose receipt is awaited, because it is here: no lease stands against it."""
    items: list[Leased] = []
    for some in chunks(list(ids)):
        sent = and_(delivery.c.target == lease.target, delivery.c.state == "sent", delivery.c.id.in_(some))
        items += _take(connection, lease, sent, (delivery.c.id,), len(some), skip_locked=False)
    _hold(connection, lease, items)
    return items


def is_left_behind(
    connection: Connection,
    lease: Lease,
    *,
    now: str,
    due_by: str | None,
    parents: Parents = MappingProxyType({}),
) -> bool:
    """Whether there is work that nobody does: a worker that was killed may still be dying in the database,
    whose rows are locked until its last transaction has ended either way."""
    waiting = _ready(lease.target, due_by, parents)
    lost = and_(delivery.c.state == "sent", _abandoned(connection, lease, now))
    some = select(delivery.c.id).where(delivery.c.target == lease.target, or_(waiting, lost)).limit(1)
    return connection.execute(some).first() is not None


def release(connection: Connection, lease: Lease, ids: Collection[int]) -> None:
    """Puts leased deliveries back to waiting: it is certain that they did not arrive."""
    update_held(connection, lease, ids, state="waiting", lease_until=None, batch=None)


def leave_awaited(connection: Connection, lease: Lease, ids: Collection[int], *, batch: str) -> None:
    """Lets go of deliveries whose fate is unknown; they stay ``sent`` until a receipt is found."""
    update_held(connection, lease, ids, lease_until=None, batch=batch)


def postpone(
    connection: Connection, lease: Lease, items: Iterable[Leased], *, due_at: str, blame: bool
) -> None:
    """Puts a failed batch behind fresh deliveries; ``blame`` counts the attempt against its records."""
    counted = delivery.c.attempts + (1 if blame else 0)
    update_held(
        connection, lease, [i.id for i in items], state="waiting", due_at=due_at, attempts=counted,
        lease_until=None, batch=None,
    )  # fmt: skip


def release_rest(connection: Connection, lease: Lease, in_flight: Collection[int]) -> None:
    """Ends a run: what was leased and not sent waits again, what was under way stays awaited."""
    leave_awaited(connection, lease, in_flight, batch=lease.owner)
    ours = and_(*held(lease), delivery.c.lease_until.is_not(None))
    connection.execute(update(delivery).where(ours).values(state="waiting", lease_until=None, batch=None))


def newest_change_set(connection: Connection) -> int:
    """The number of the registry's newest change set; as long as it stands, no record has changed."""
    return connection.execute(select(func.max(change_set.c.id))).scalar() or 0


def oldest_awaited(connection: Connection, target: str) -> str | None:
    """Since when the oldest message of a target has been without a receipt."""
    left = and_(delivery.c.target == target, delivery.c.state == "sent", delivery.c.lease_until.is_(None))
    return connection.execute(select(func.min(delivery.c.state_at)).where(left)).scalar()


def count_open(connection: Connection, target: str) -> int:
    """Deliveries that have not left the outbox."""
    still = and_(delivery.c.target == target, delivery.c.state.in_(("waiting", "sent")))
    return connection.execute(select(func.count()).select_from(delivery).where(still)).scalar_one()


def _ready(target: str, due_by: str | None, parents: Parents) -> ColumnElement[bool]:
    """What may leave now."""
    conditions = [delivery.c.target == target, delivery.c.state == "waiting"]
    if due_by is not None:
        beyond = (datetime.fromisoformat(due_by) + TOO_FAR).astimezone(UTC).isoformat(timespec="milliseconds")
        conditions.append(or_(delivery.c.due_at <= due_by, delivery.c.due_at > beyond))
    return and_(*conditions, *(~_waits_for(target, child, parent) for child, parent in parents.items()))


def _waits_for(target: str, child: str, parent: str) -> ColumnElement[bool]:
    """Whether a record's parent is due at the same target and was never accepted there.

    A rejected parent is waited for too: the receiver would only reject the record after it.
    """
    table, above, there = TABLES[child], delivery.alias(), delivery.alias()
    column = next(name for name, named in references(RESOURCES[child]).items() if named == parent)
    key = select(table.c[column]).where(table.c.id == delivery.c.entity).correlate(delivery).scalar_subquery()
    same = (above.c.target == target, above.c.resource == parent, above.c.key == key)
    due = exists(select(above.c.id).where(*same, above.c.state.in_(("waiting", "sent", "held", "rejected"))))
    accepted = exists(select(there.c.id).where(
        there.c.target == target, there.c.resource == parent, there.c.key == key, there.c.state == "accepted",
        there.c.op == "upsert"))  # fmt: skip
    return and_(delivery.c.resource == child, delivery.c.op == "upsert", due, ~accepted)


def _take(
    connection: Connection, lease: Lease, condition: ColumnElement[bool], order: tuple[Any, ...], limit: int,
    *, skip_locked: bool = True,
) -> list[Leased]:  # fmt: skip
    columns = [delivery.c[name] for name in Leased._fields]
    query = (
        select(*columns)
        .where(condition)
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=skip_locked)
    )
    return [Leased(*row) for row in connection.execute(query).all()]


def _hold(connection: Connection, lease: Lease, items: Sequence[Leased], **more: Any) -> None:
    ours = {"state": "sent", "batch": lease.owner, "lease_until": lease.until} | more
    for some in chunks([item.id for item in items]):
        connection.execute(update(delivery).where(among(connection, delivery.c.id, some)).values(**ours))


def _abandoned(connection: Connection, lease: Lease, now: str) -> ColumnElement[bool]:
    sent = and_(delivery.c.target == lease.target, delivery.c.state == "sent")
    owners = connection.execute(
        select(delivery.c.batch).where(sent, delivery.c.lease_until >= now).distinct()
    )
    gone = [owner for owner in owners.scalars() if is_gone(owner)]
    return and_(
        delivery.c.lease_until.is_not(None), or_(delivery.c.lease_until < now, delivery.c.batch.in_(gone))
    )


def held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    """What makes a delivery ours still: a lease that was taken over must not be written to."""
    return (delivery.c.target == lease.target, delivery.c.state == "sent", delivery.c.batch == lease.owner)


def update_held(connection: Connection, lease: Lease, ids: Collection[int], **values: Any) -> None:
    """Writes to those of the deliveries that are ours still."""
    for some in chunks(list(ids)):
        ours = (among(connection, delivery.c.id, some), *held(lease))
        connection.execute(update(delivery).where(*ours).values(**values))


def is_gone(owner: str) -> bool:
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


def host_of(owner: str) -> str:
    """The machine that a lease's process runs on; empty where the name is none."""
    return owner.removeprefix("lease:").rsplit("/", 3)[0] if owner.startswith("lease:") else ""
