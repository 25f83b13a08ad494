"""What the duties of all systems are judged by, read in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from core.exchange.channels import Channel
from core.exchange.outbox import in_state
from core.model.exchange import channel, connector_setting, delivery, exchange_duty, receipt, reconciliation
from core.model.extraction import extraction_run
from core.registry import publication


class Tried(NamedTuple):
    """How a duty went when it was last tried."""

    tried_at: str | None = None
    done_at: str | None = None
    failures: int = 0
    trouble: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Facts:
    """By target: where it is and since when, its channel, what waits and what is awaited, and what was last done."""

    settings: Mapping[str, RowMapping]
    channels: Mapping[str, Channel]
    queued: frozenset[str]
    waiting: Mapping[str, str]
    awaited: Mapping[str, str]
    receipts: Mapping[str, str]
    first_receipts: Mapping[str, str]
    reconciled: Mapping[str, str]
    extracted: Mapping[tuple[str, str], str]
    tried: Mapping[tuple[str, str], Tried] = field(default_factory=dict)


def read(connection: Connection) -> Facts:
    """Everything at once. The newest of something is the last that was entered: clocks may have been put back."""
    settings = select(
        connector_setting.c.target, connector_setting.c.base_url, connector_setting.c.changed_at
    )
    tried = (exchange_duty.c.target, exchange_duty.c.act, *(exchange_duty.c[n] for n in Tried._fields))
    placed = {row["target"]: row for row in connection.execute(settings).mappings()}
    return Facts(
        settings=placed,
        channels={row["target"]: Channel(**row) for row in connection.execute(select(channel)).mappings()},
        queued=frozenset(publication.receivers(connection)),
        waiting=_earliest(connection, placed, delivery.c.due_at, delivery.c.state == "waiting"),
        awaited=_earliest(connection, placed, delivery.c.state_at, in_state("awaited")),
        receipts=_receipts(connection, func.max(receipt.c.id)),
        first_receipts=_receipts(connection, func.min(receipt.c.id)),
        reconciled=_pairs(connection.execute(select(reconciliation.c.target, reconciliation.c.at).where(
            reconciliation.c.id.in_(select(func.max(reconciliation.c.id)).group_by(reconciliation.c.target))))),
        extracted=_extracted(connection),
        tried={(row[0], row[1]): Tried(*row[2:]) for row in connection.execute(select(*tried))},
    )  # fmt: skip


def _earliest(
    connection: Connection, targets: Iterable[str], column: ColumnElement[str], state: ColumnElement[bool]
) -> dict[str, str]:
    """The earliest of each target, one by one: so the index gives it without a look at a district's deliveries."""
    found = {}
    for target in targets:
        first = select(func.min(column)).where(delivery.c.target == target, state)
        if at := connection.execute(first).scalar():
            found[target] = str(at)
    return found


def _receipts(connection: Connection, which: Any) -> dict[str, str]:
    ids = select(which).group_by(receipt.c.target)
    return _pairs(
        connection.execute(select(receipt.c.target, receipt.c.received_at).where(receipt.c.id.in_(ids)))
    )


def _extracted(connection: Connection) -> dict[tuple[str, str], str]:
    """(system, resource) → when its newest applied run ended."""
    newest = select(func.max(extraction_run.c.id)).where(extraction_run.c.state == "applied")
    newest = newest.group_by(extraction_run.c.system, extraction_run.c.resource)
    columns = (extraction_run.c.system, extraction_run.c.resource, extraction_run.c.ended_at)
    rows = connection.execute(select(*columns).where(extraction_run.c.id.in_(newest)))
    return {(row[0], row[1]): row[2] for row in rows if row[2]}


def _pairs(rows: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in rows if row[1]}
