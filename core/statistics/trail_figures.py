"""Figures over what went out and what is on record: deliveries, receipts, non-alert events, the two chains."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from core.exchange import log_verify
from core.i18n import N_
from core.jobs import Progress
from core.model.exchange import delivery, message, message_head, receipt
from core.model.registry import TABLES
from core.model.security import audit_entry, audit_head
from core.security import audit_verify
from core.statistics.definition import Cell, Column, Definition, declare


@declare(Definition(
    "exchange.deliveries", N_("Deliveries by target and state"), N_("deliveries"),
    N_("Everything that was ever due to an upstream system."),
    N_("Rows of the outbox; accepted means that the receiver's signed receipt is kept."),
    (Column("target", N_("Upstream system"), "target"), Column("resource", N_("Kind"), "resource"),
     Column("state", N_("State"), "state"), Column("count", N_("Count"), "integer"),
     Column("latest", N_("Latest"), "time")),
))  # fmt: skip
def _deliveries(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    columns = (delivery.c.target, delivery.c.resource, delivery.c.state)
    latest = func.max(func.coalesce(delivery.c.settled_at, delivery.c.queued_at))
    query = select(*columns, func.count(), latest).group_by(*columns).order_by(*columns)
    return [tuple(row) for row in connection.execute(query)]


@declare(Definition(
    "exchange.receipts", N_("Receipts by target"), N_("batches"), N_("Every signed receipt that was received."),
    N_("Receipts are kept to the letter with the receiver's signature."),
    (Column("target", N_("Upstream system"), "target"), Column("batches", N_("Batches"), "integer"),
     Column("first", N_("First"), "time"), Column("latest", N_("Latest"), "time")),
))  # fmt: skip
def _receipts(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    at = receipt.c.received_at
    query = select(receipt.c.target, func.count(receipt.c.batch.distinct()), func.min(at), func.max(at))
    return [
        tuple(row) for row in connection.execute(query.group_by(receipt.c.target).order_by(receipt.c.target))
    ]


@declare(Definition(
    "sharing.events", N_("Non-alert items due for sharing"), N_("records"),
    N_("Current events that are not emergency alerts and are marked as due for sharing."),
    N_("Due: alert = 0 and due = 1. Shared: of those, the ones that a target accepted with a receipt."),
    (Column("due", N_("Due"), "integer"), Column("shared", N_("Shared"), "integer"),
     Column("missing", N_("Missing"), "integer")),
))  # fmt: skip
def _sharing(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    event = TABLES["event"]
    is_due = (event.c.alert == "0") & (event.c.shared_due == "1") & event.c.retired_in.is_(None)
    arrived = select(delivery.c.entity).where(delivery.c.resource == "event", delivery.c.state == "accepted")
    shared = func.count().filter(event.c.id.in_(arrived))
    due, there = connection.execute(select(func.count(), shared).where(is_due)).one()
    return [(int(due), int(there), int(due - there))]


@declare(Definition(
    "audit.chain", N_("Audit chain"), N_("entries"), N_("Every entry ever written to the audit chain."),
    N_("Walked from the first entry to the last by the independent verifier and compared with the recorded end."),
    (Column("entries", N_("Entries"), "integer"), Column("whole", N_("Whole"), "flag"),
     Column("first", N_("First entry"), "time"), Column("latest", N_("Latest entry"), "time"),
     Column("head", N_("Last hash"), "code")),
))  # fmt: skip
def _chain(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    head = connection.execute(select(audit_head.c.entries, audit_head.c.hash)).mappings().first()
    query = select(audit_entry).order_by(audit_entry.c.number).execution_options(yield_per=1000)
    verdict = audit_verify.verify(
        (dict(row) for row in connection.execute(query).mappings()), dict(head) if head else None
    )
    first, last = connection.execute(select(func.min(audit_entry.c.at), func.max(audit_entry.c.at))).one()
    return [(verdict.entries, verdict.ok, first, last, head["hash"] if head else "")]


@declare(Definition(
    "exchange.log", N_("Message log"), N_("entries"),
    N_("Every message that was sent and every receipt that came, each with its digest."),
    N_("Walked from the first entry to the last by the independent verifier and compared with the recorded end."),
    (Column("entries", N_("Entries"), "integer"), Column("whole", N_("Whole"), "flag"),
     Column("first", N_("First entry"), "time"), Column("latest", N_("Latest entry"), "time"),
     Column("head", N_("Last hash"), "code")),
))  # fmt: skip
def _log(connection: Connection, progress: Progress) -> list[tuple[Cell, ...]]:
    head = connection.execute(select(message_head.c.entries, message_head.c.hash)).mappings().first()
    if head is None:
        return []
    query = select(message).order_by(message.c.number).execution_options(yield_per=1000)
    verdict = log_verify.verify((dict(row) for row in connection.execute(query).mappings()), dict(head))
    first, last = connection.execute(select(func.min(message.c.at), func.max(message.c.at))).one()
    return [(int(head["entries"]), verdict.ok, first, last, str(head["hash"]))]
