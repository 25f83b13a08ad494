"""How the way to each target stands, for a look at all of them at once: its channel and the last reconciliation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from core.exchange.channels import Channel, Closed
from core.exchange.connectors import connector
from core.exchange.declared import every
from core.exchange.reconciling import Reconciled
from core.model.exchange import channel, delivery, reconciliation
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks


@dataclass(frozen=True)
class Compared:
    """The newest reconciliation with a target; it agrees only when counts and digests do and nothing differs."""

    at: str
    ours: int
    theirs: int
    differences: int
    agrees: bool


@dataclass(frozen=True)
class Way:
    """The way to one target: its channel, why nothing goes by itself just now, and the last comparison."""

    channel: Channel
    closed: Closed
    compared: Compared | None


@permits("exchange.read")
def ways(workspace: Workspace) -> dict[str, Way]:
    """Target → how the way to it stands; nobody is asked over the network."""
    newest = select(func.max(reconciliation.c.id)).group_by(reconciliation.c.target)
    with workspace.store.read() as connection:
        held = {row["target"]: Channel(**row) for row in connection.execute(select(channel)).mappings()}
        declared = every(connection)
        rows = connection.execute(select(reconciliation).where(reconciliation.c.id.in_(newest))).all()
    compared = {
        row.target: Compared(
            row.at, row.ours, row.theirs, row.differences,
            row.ours == row.theirs and row.our_digest == row.their_digest and not row.differences,
        )
        for row in rows
    }  # fmt: skip
    now = workspace.clock()
    made = {}
    for it in declared:
        one = held.get(it.target, Channel(it.target))
        made[it.target] = Way(one, one.closed(it.limits, now), compared.get(it.target))
    return made


@permits("exchange.read")
def missed(workspace: Workspace, made: Reconciled) -> list[int]:
    """The deliveries of what a reconciliation did not find there, or found otherwise: the newest of each record."""
    entities = [d.entity for d in made.differences if d.entity is not None and d.kind != "under_way"]
    ours = delivery.c.target == connector(made.target).target
    newest = select(func.max(delivery.c.id)).where(ours).group_by(delivery.c.entity)
    with workspace.store.read() as connection:
        return [
            id for some in chunks(entities)
            for id in connection.execute(newest.where(delivery.c.entity.in_(some))).scalars()
        ]  # fmt: skip


@permits("exchange.read")
def kinds(workspace: Workspace, made: Reconciled) -> dict[int, str]:
    """Entity → kind of what differs, as it was queued."""
    entities = [d.entity for d in made.differences if d.entity is not None]
    ours = delivery.c.target == connector(made.target).target
    found: dict[int, str] = {}
    with workspace.store.read() as connection:
        for some in chunks(entities):
            query = (
                select(delivery.c.entity, delivery.c.resource)
                .where(ours, delivery.c.entity.in_(some))
                .distinct()
            )
            found |= {row.entity: row.resource for row in connection.execute(query)}
    return found
