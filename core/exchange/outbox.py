"""The outbox as people see it: counts by state, single deliveries with reason and cure, send again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, insert, literal, select

from core.exchange import evidence
from core.exchange.configuration import receipts_are_files
from core.exchange.connectors import connector, connectors
from core.exchange.declaration import ErrorCode
from core.exchange.declared import every
from core.exchange.dropping import drop_again
from core.exchange.reasons import explain
from core.i18n import _
from core.model.exchange import delivery, receipt
from core.registry import publication
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks

STATES = ("waiting", "sent", "awaited", "accepted", "rejected", "held", "superseded", "withdrawn")
"""Every delivery is in exactly one. ``sent`` is on its way in somebody's hands; ``awaited`` has left them, and
only the receiver knows whether it arrived."""

_STATE = case(
    (and_(delivery.c.state == "sent", delivery.c.lease_until.is_(None)), "awaited"), else_=delivery.c.state
)
_SINCE = func.coalesce(delivery.c.settled_at, delivery.c.state_at, delivery.c.queued_at)


@dataclass(frozen=True)
class OutboxState:
    """One target's outbox: deliveries by state, since when the oldest waits, when the last receipt came.

    ``evidence_hours_left`` counts down to where missing receipts stop the sending (None if none is missing);
    ``silent_since`` names its last word if the target wants to hear from us daily and a whole day brought nothing.
    """

    target: str
    title: str
    waiting: int
    sent: int
    awaited: int
    accepted: int
    rejected: int
    held: int
    superseded: int
    withdrawn: int
    oldest_waiting: str | None
    last_receipt: str | None
    evidence_hours_left: int | None = None
    silent_since: str | None = None

    @property
    def alarms(self) -> tuple[str, ...]:
        """What somebody should know before it stops the work, as sentences."""
        return evidence.alarms(self.title, self.evidence_hours_left, self.silent_since)

    def as_dict(self) -> dict[str, Any]:
        """The state as the headless contract prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Delivery:
    """One record due at, or settled with, one target; ``message`` and ``cure`` explain ``reason``."""

    id: int
    target: str
    resource: str
    entity: int
    key: str
    op: str
    state: str
    since: str
    attempts: int
    queued_at: str
    due_at: str
    settled_at: str | None
    receipt_no: str | None
    reason: str | None
    message: str
    cure: str


_SHOWN = (
    *(delivery.c[name] for name in Delivery.__dataclass_fields__ if name in delivery.c and name != "state"),
    _STATE.label("state"), _SINCE.label("since"),
)  # fmt: skip


@permits("exchange.read")
def outbox(workspace: Workspace) -> dict[str, OutboxState]:
    """Every declared target's outbox."""
    now = workspace.clock()
    with workspace.store.read() as connection:
        queued = publication.receivers(connection)
        counts = _counts(connection)
        open_ones = select(delivery.c.target, func.min(delivery.c.queued_at)).where(
            delivery.c.state.in_(("waiting", "sent", "held"))
        )
        oldest = _pairs(connection.execute(open_ones.group_by(delivery.c.target)))
        came = select(receipt.c.target, func.max(receipt.c.received_at)).group_by(receipt.c.target)
        last = _pairs(connection.execute(came))
        left = select(delivery.c.target, func.min(delivery.c.state_at)).where(in_state("awaited"))
        missing = _pairs(connection.execute(left.group_by(delivery.c.target)))
        silent = evidence.silent(connection, last, now)
    return {
        c.target: OutboxState(
            target=c.target, title=_(c.title), oldest_waiting=oldest.get(c.target), last_receipt=last.get(c.target),
            evidence_hours_left=evidence.hours_left(missing.get(c.target), now),
            silent_since=silent.get(c.target), **{state: counts.get(c.target, {}).get(state, 0) for state in STATES},
        )
        for c in connectors() if c.target in queued | set(counts)
    }  # fmt: skip


@permits("exchange.read")
def deliveries(
    workspace: Workspace, target: str, state: str | None = None, *, change_set: int | None = None,
    limit: int = 200, after: int = 0,
) -> list[Delivery]:  # fmt: skip
    """Up to ``limit`` deliveries of a target with id above ``after``, in order of id; a keyset page."""
    query = select(*_SHOWN).where(delivery.c.target == connector(target).target, delivery.c.id > after)
    if state is not None:
        query = query.where(_STATE.in_((state,)))
    if change_set is not None:
        query = query.where(delivery.c.change_set == change_set)
    with workspace.store.read() as connection:
        return _all_shown(connection, connection.execute(query.order_by(delivery.c.id).limit(limit)).mappings())


def by_id(connection: Connection, ids: Sequence[int]) -> list[Delivery]:
    """The deliveries of some ids, as they are shown."""
    query = select(*_SHOWN).where(delivery.c.id.in_(ids))
    return _all_shown(connection, connection.execute(query).mappings())


def in_state(state: str) -> ColumnElement[bool]:
    """The deliveries that are in one of ``STATES``."""
    if state in {"sent", "awaited"}:
        let_go = delivery.c.lease_until.is_(None)
        return and_(delivery.c.state == "sent", let_go if state == "awaited" else ~let_go)
    return delivery.c.state == state


def _counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Target → state → deliveries: counted in the index, only those that are on their way by their rows."""
    counts: dict[str, dict[str, int]] = {}
    grouped = select(delivery.c.target, delivery.c.state, func.count()).group_by(
        delivery.c.target, delivery.c.state
    )
    for target, state, count in connection.execute(grouped):
        counts.setdefault(target, {})[state] = count
    awaited = select(delivery.c.target, func.count()).where(in_state("awaited")).group_by(delivery.c.target)
    for target, count in connection.execute(awaited):
        counts[target]["awaited"] = count
        counts[target]["sent"] -= count
    return counts


@permits("exchange.push")
def send_again(workspace: Workspace, target: str, ids: Collection[int] | None = None) -> int:
    """Queues rejected deliveries (all of the target's if ``ids`` is None) anew as the records now stand.

    Named ones may also have been accepted: a system that lost its record is sent it again, and no other. Where
    receipts come as files, named ones whose receipt never came leave again under the key that they have.

    Only the newest word about a record counts, and one that is already open is left alone. The new
    deliveries have keys of their own; the old ones stay as evidence. Returns how many were queued.
    """
    target = connector(target).target
    by_files = ids is not None and receipts_are_files(workspace.store, target)
    newer = delivery.alias()
    is_newest = ~select(newer.c.id).where(
        newer.c.target == delivery.c.target, newer.c.resource == delivery.c.resource,
        newer.c.entity == delivery.c.entity, newer.c.id > delivery.c.id,
        newer.c.state.not_in(("withdrawn", "superseded")),
    ).exists()  # fmt: skip
    columns = [
        delivery.c[n]
        for n in ("target", "resource", "entity", "key", "op", "version", "change_set", "change")
    ]
    now = workspace.now()
    with workspace.store.write() as connection:
        publication.hold_still(connection)
        states = ("rejected",) if ids is None else ("rejected", "accepted")
        chosen = and_(delivery.c.target == target, delivery.c.state.in_(states), is_newest)
        if ids is None:
            ids = list(connection.execute(select(delivery.c.id).where(chosen)).scalars())
        queued = drop_again(connection, target, ids, now=now) if by_files else 0
        for some in chunks(list(ids)):
            again = select(
                *columns, literal("waiting"), literal(now), literal(now)
            ).where(chosen, delivery.c.id.in_(some))  # fmt: skip
            names = [*(c.name for c in columns), "state", "due_at", "queued_at"]
            queued += connection.execute(
                insert(delivery).from_select(names, again), execution_options={"preserve_rowcount": True}
            ).rowcount
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="exchange.send_again", subject=target,
            details={"queued": queued},
        )  # fmt: skip
    return queued


def _all_shown(connection: Connection, rows: Iterable[RowMapping]) -> list[Delivery]:
    found = list(rows)
    errors = {it.target: it.errors for it in every(connection)} if found else {}
    return [_shown(row, errors.get(row["target"], {})) for row in found]


def _shown(row: RowMapping, errors: Mapping[str, ErrorCode]) -> Delivery:
    message, cure = explain(row["reason"], errors)
    return Delivery(**row, message=message, cure=cure)


def _pairs(rows: Iterable[Any]) -> dict[str, str]:
    return {row[0]: row[1] for row in rows}
