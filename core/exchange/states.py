"""What has become of a record there: the receiver's own states, read after a push and kept with its clock.

A receiver that is asked answers by record; one that is reached by files drops files of its own. Either way the answer
is signed like a receipt, entered in the message log, and only what changed is written down. The codes and what they
mean are declared in the connector's file; one that is not declared is kept and shown as it came.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, and_, func, insert, select

from core.exchange import message_log
from core.exchange.declaration import Connector
from core.exchange.declared import current
from core.exchange.message_log import Crossing
from core.exchange.receipts import require_signed
from core.exchange.transports.carrier import Reply
from core.exchange.troubles import Unclear
from core.i18n import _
from core.model.exchange import delivery, upstream_state
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks

_LONGEST = 200


class Told(NamedTuple):
    """The receiver's word about the state of one record, by the record's key."""

    key: str
    state: str
    at: str
    code: str
    note: str


@dataclass(frozen=True)
class State:
    """One state of a record there: the receiver's code, what it means, since when (its clock), when we heard it."""

    state: str
    meaning: str
    at: str
    code: str
    note: str
    heard_at: str
    ends: bool


def undecided(connection: Connection, it: Connector) -> list[str]:
    """The keys of the records that the receiver accepted and whose state may still change."""
    ended = [code for code, declared in it.states.items() if declared.ends]
    newest = select(func.max(upstream_state.c.id)).where(upstream_state.c.target == it.target).group_by(
        upstream_state.c.resource, upstream_state.c.entity)  # fmt: skip
    done = select(upstream_state.c.key).where(
        upstream_state.c.id.in_(newest), upstream_state.c.state.in_(ended)
    )
    sent = and_(delivery.c.target == it.target, delivery.c.state == "accepted", delivery.c.op != "retire")
    query = (
        select(delivery.c.key).where(sent, delivery.c.key.not_in(done)).distinct().order_by(delivery.c.key)
    )
    return list(connection.execute(query).scalars())


def read(reply: Reply, it: Connector, public_key: Ed25519PublicKey | None) -> list[Told]:
    """The states in an answer; raises ``Unclear`` where it is none of this receiver's."""
    require_signed(reply, public_key)
    try:
        document = orjson.loads(reply.body)
        told = [_told(item) for item in document["items"]]
        named = document["receiver"]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_states("malformed") from error
    if named != it.receiver:
        raise _no_states("other_receiver")
    return told


def keep(connection: Connection, it: Connector, told: Sequence[Told], *, body: bytes, now: str) -> int:
    """Enters the answer in the log and writes down what changed of records that we sent: how many."""
    batch = uuid.uuid4().hex
    message_log.record(connection, it.target, [Crossing("states", batch, body, len(told))], at=now)
    changed: list[dict[str, Any]] = []
    for some in chunks(list(told)):
        ours = _ours(connection, it.target, [one.key for one in some])
        last = _last(connection, it.target, [one.key for one in some])
        for one in some:
            if one.key in ours and last.get(one.key) != one[1:]:
                last[one.key] = one[1:]
                resource, entity = ours[one.key]
                changed.append({
                    "target": it.target, "resource": resource, "entity": entity, "key": one.key, "state": one.state,
                    "at": one.at, "code": one.code, "note": one.note, "heard_at": now, "batch": batch,
                })  # fmt: skip
    if changed:
        connection.execute(insert(upstream_state), changed)
    return len(changed)


def told(connection: Connection, it: Connector, resource: str, entity: int) -> list[State]:
    """The states of one record at a receiver, the newest first."""
    mine = and_(upstream_state.c.target == it.target, upstream_state.c.resource == resource,
                upstream_state.c.entity == entity)  # fmt: skip
    query = select(upstream_state).where(mine).order_by(upstream_state.c.id.desc())
    return [_state(it, row) for row in connection.execute(query).mappings()]


def newest(connection: Connection, it: Connector, entities: Sequence[int]) -> dict[int, State]:
    """Entity → the state that its record has there now."""
    found: dict[int, State] = {}
    for some in chunks(list(entities)):
        last = select(func.max(upstream_state.c.id)).where(
            upstream_state.c.target == it.target, upstream_state.c.entity.in_(some)
        ).group_by(upstream_state.c.resource, upstream_state.c.entity)  # fmt: skip
        rows = connection.execute(select(upstream_state).where(upstream_state.c.id.in_(last))).mappings()
        found |= {row["entity"]: _state(it, row) for row in rows}
    return found


@permits("exchange.read")
def states_of(workspace: Workspace, target: str, resource: str, entity: int) -> list[State]:
    """What has become of one record at a receiver, the newest first."""
    with workspace.store.read() as connection:
        return told(connection, current(connection, target), resource, entity)


@permits("exchange.read")
def listed(
    workspace: Workspace, target: str, *, state: str = "", limit: int = 200
) -> list[tuple[str, str, State]]:
    """Resource, key and present state of the records whose state a receiver told, the last heard first."""
    last = select(func.max(upstream_state.c.id)).where(upstream_state.c.target == target).group_by(
        upstream_state.c.resource, upstream_state.c.entity)  # fmt: skip
    query = select(upstream_state).where(upstream_state.c.id.in_(last)).order_by(upstream_state.c.id.desc())
    query = query.where(upstream_state.c.state == state) if state else query
    with workspace.store.read() as connection:
        it = current(connection, target)
        rows = connection.execute(query.limit(limit)).mappings().all()
    return [(str(row["resource"]), str(row["key"]), _state(it, row)) for row in rows]


def meaning(it: Connector, state: str) -> str:
    """What a receiver's code means, in our words."""
    declared = it.states.get(state)
    return _(declared.meaning) if declared else _("{state} (not declared)").format(state=state)


def _told(item: dict[str, Any]) -> Told:
    values = [item["entity"], item["state"], *(item.get(name) or "" for name in ("at", "code", "note"))]
    if not all(isinstance(value, str) for value in values) or not values[0] or not values[1]:
        raise ValueError("not a state")
    return Told(values[0], values[1], values[2], values[3], values[4][:_LONGEST])


def _ours(connection: Connection, target: str, keys: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Key → resource and entity, of records that left for the target."""
    mine = and_(
        delivery.c.target == target, delivery.c.key.in_(keys), delivery.c.state.in_(("sent", "accepted"))
    )
    rows = connection.execute(
        select(delivery.c.key, delivery.c.resource, delivery.c.entity).where(mine).distinct()
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _last(connection: Connection, target: str, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    mine = and_(upstream_state.c.target == target, upstream_state.c.key.in_(keys))
    names = [upstream_state.c[name] for name in Told._fields]
    rows = connection.execute(select(*names).where(mine).order_by(upstream_state.c.id))
    return {row[0]: tuple(value or "" for value in row[1:]) for row in rows}


def _state(it: Connector, row: Any) -> State:
    declared = it.states.get(row["state"])
    return State(
        row["state"], meaning(it, row["state"]), row["at"] or "", row["code"] or "", row["note"] or "",
        row["heard_at"], bool(declared and declared.ends),
    )  # fmt: skip


def _no_states(cause: str) -> Unclear:
    return Unclear(
        _("The upstream system did not say in a valid form what became of the records ({cause}).").format(
            cause=cause
        ),
        cure=_(
            "Nothing was changed; it is asked again with the next push. If it stays so, ask the operator."
        ),
        cause=cause,
    )
