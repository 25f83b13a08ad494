"""Did a system get a record? What each target was sent of it, what came back, and what that means today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select

from core.exchange import outbox
from core.exchange.connectors import connectors
from core.exchange.declaration import Connector
from core.exchange.outbox import Delivery
from core.i18n import _
from core.model.exchange import delivery
from core.model.registry import TABLES
from core.security.workspace import Workspace, permits

Answer = Literal[
    "has_it",
    "has_older",
    "under_way",
    "rejected",
    "held",
    "taken_back",
    "not_queued",
    "not_meant",
    "corrected",
]
"""What a target has: the record as it stands, an older version, nothing yet (and why), or none of its business.

A source that accepted a correction has been told; what it makes of it, the next extraction brings."""

_OPEN: Final = ("waiting", "sent", "awaited")
_VOID: Final = ("superseded", "withdrawn")


@dataclass(frozen=True)
class Trace:
    """One target's part in a record's history; ``receipt`` is the newest delivery that it accepted."""

    target: str
    title: str
    answer: Answer
    receipt: Delivery | None
    newest: Delivery | None
    deliveries: Sequence[Delivery]


@permits("exchange.read")
def history_of(workspace: Workspace, resource: str, entity: int) -> list[Trace]:
    """Every system that takes records of this kind, those that had to do with this one first."""
    table = TABLES[resource]
    with workspace.store.read() as connection:
        row = connection.execute(select(table).where(table.c.id == entity)).mappings().first()
        ids = select(delivery.c.id).where(delivery.c.entity == entity, delivery.c.resource == resource)
        found = outbox.by_id(connection, list(connection.execute(ids).scalars()))
        queued = select(delivery.c.id, delivery.c.version).where(delivery.c.entity == entity)
        versions = {one.id: one.version for one in connection.execute(queued)}
    present = None if row is None or row["retired_in"] is not None else int(row["row_hash"])
    traces = []
    for it in (one for one in connectors() if resource in one.leaving):
        ours = sorted((d for d in found if d.target == it.target), key=lambda d: -d.id)
        if not ours and resource not in it.push:
            continue  # nothing of it ever went back there
        meant = present is not None and row is not None and _is_meant(it, resource, dict(row))
        traces.append(_trace(it, ours, present=present, versions=versions, meant=meant))
    return sorted(traces, key=lambda one: not one.deliveries)


def _is_meant(it: Connector, resource: str, row: Mapping[str, object]) -> bool:
    if resource not in it.push:
        return False
    return all(row[column] in allowed for column, allowed in it.push[resource].where.items())


def _trace(
    it: Connector, ours: Sequence[Delivery], *, present: int | None, versions: dict[int, int], meant: bool
) -> Trace:
    accepted = next((one for one in ours if one.state == "accepted"), None)
    newest = next((one for one in ours if one.state not in _VOID), None)
    answer = _answer(newest, accepted, present=present, versions=versions, meant=meant)
    return Trace(it.target, _(it.title), answer, accepted, newest, ours)


def _answer(
    newest: Delivery | None,
    accepted: Delivery | None,
    *,
    present: int | None,
    versions: dict[int, int],
    meant: bool,
) -> Answer:
    if newest is None:
        return "not_queued" if meant else "not_meant"
    if newest.state in {"rejected", "held"}:
        return "rejected" if newest.state == "rejected" else "held"
    if newest.state in _OPEN:
        return "under_way"
    if newest.op == "retire":
        return "taken_back"
    if newest.op == "correct":
        return "corrected"
    return "has_it" if accepted is not None and versions[accepted.id] == present else "has_older"
