"""What a person can do with single deliveries: hold them, let them go, and see exactly what would leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, update

from core.exchange import leasing
from core.exchange.connectors import connector
from core.exchange.gates import gates_of
from core.exchange.leasing import Leased
from core.exchange.reasons import explain
from core.model.exchange import delivery
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks


@dataclass(frozen=True)
class Preview:
    """One delivery as it would leave now: its record, or why it would not."""

    id: int
    key: str
    op: str
    record: dict[str, Any] | None
    message: str
    cure: str


@permits("exchange.push")
def hold(workspace: Workspace, target: str, ids: Collection[int], reason: str) -> int:
    """Keeps waiting deliveries back until somebody lets them go; returns how many were waiting still."""
    values = {"state": "held", "reason": f"held:{reason.strip()}", "state_at": workspace.now()}
    return _move(workspace, target, ids, state="waiting", action="exchange.hold", values=values)


@permits("exchange.push")
def let_go(workspace: Workspace, target: str, ids: Collection[int]) -> int:
    """Lets held deliveries wait again; what has changed since is sent as it now stands. Returns how many."""
    now = workspace.now()
    values = {"state": "waiting", "reason": None, "state_at": now, "due_at": now}
    return _move(workspace, target, ids, state="held", action="exchange.let_go", values=values)


@permits("exchange.read")
def preview(
    workspace: Workspace, target: str, *, ids: Sequence[int] | None = None, limit: int = 20
) -> list[Preview]:
    """What would leave for a target now, to the letter; sealed identities stay masked here. Changes nothing."""
    it = connector(target)
    columns = [delivery.c[name] for name in Leased._fields]
    query = select(*columns).where(delivery.c.target == it.target, delivery.c.state.in_(("waiting", "held")))
    query = query.where(delivery.c.id.in_(ids)) if ids is not None else query
    with workspace.store.read() as connection:
        items = [Leased(*row) for row in connection.execute(query.order_by(delivery.c.id).limit(limit))]
        shown: dict[int, Preview] = {}
        for resource, gate in gates_of(it.model_copy(update={"identity": "masked"})).items():
            some = [item for item in items if item.resource == resource]
            seen = gate.inspect(connection, some)
            reasons = seen.failing | {item.id: "superseded" for item in seen.outdated}
            for item, record in seen.ready:
                shown[item.id] = Preview(item.id, item.key, item.op, record, "", "")
            for item in some:
                if item.id in reasons:
                    shown[item.id] = Preview(item.id, item.key, item.op, None, *explain(reasons[item.id]))
    return [shown[item.id] for item in items]


@permits("exchange.read")
def ids_of(workspace: Workspace, target: str, key: str) -> list[int]:
    """The deliveries of one record to a target, the newest first."""
    mine = and_(delivery.c.target == connector(target).target, delivery.c.key == key)
    with workspace.store.read() as connection:
        return list(
            connection.execute(select(delivery.c.id).where(mine).order_by(delivery.c.id.desc())).scalars()
        )


def _move(
    workspace: Workspace,
    target: str,
    ids: Collection[int],
    *,
    state: str,
    action: str,
    values: dict[str, Any],
) -> int:
    name, moved = connector(target).target, 0
    with workspace.store.write() as connection:
        for some in chunks(list(ids)):
            chosen = and_(delivery.c.id.in_(some), delivery.c.target == name, delivery.c.state == state)
            moved += connection.execute(update(delivery).where(chosen).values(**values)).rowcount
        audit.record(
            connection, at=workspace.now(), actor=workspace.actor.name, action=action, subject=name,
            details={"deliveries": moved, "reason": str(values["reason"] or "").removeprefix("held:")},
        )  # fmt: skip
    return moved


@permits("exchange.read")
def waiting_of(workspace: Workspace, target: str) -> int:
    """Deliveries of a target that have not left the outbox."""
    with workspace.store.read() as connection:
        return leasing.count_open(connection, connector(target).target)
