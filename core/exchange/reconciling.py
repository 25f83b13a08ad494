"""Reconciliation: what a receiver says that it holds against what we have its receipts for, to the record."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection, and_, func, insert, select

from core.errors import GridLinkError
from core.exchange import message_log
from core.exchange.configuration import endpoint
from core.exchange.connectors import connector
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.gates import gates_of
from core.exchange.leasing import Leased
from core.exchange.message_log import Crossing
from core.exchange.messages import canonical
from core.exchange.receipts import read_public_key
from core.exchange.settling import open_entities
from core.exchange.transports.https import Https
from core.exchange.transports.insertions import Insertions
from core.exchange.troubles import Unclear
from core.exchange.wire import open_wire
from core.i18n import _
from core.jobs import Progress
from core.model.exchange import delivery, reconciliation, reconciliation_difference
from core.security import audit
from core.security.workspace import Workspace, permits
from core.store.bulk import chunks, insert_rows
from core.store.lifecycle import read_setting

_PAGE: Final = 5000
KINDS: Final = ("missing", "surplus", "different", "unproven", "under_way")
"""missing: not there; surplus: only there; different: there otherwise; unproven: we no longer know what we sent;
under way: the receipt of something newer is awaited."""


class ReconciliationNotOffered(GridLinkError):
    """The system has no way to tell what it holds."""

    code = "reconciliation_not_offered"


class Held(NamedTuple):
    """What one side holds of a record: the digest, and on our side the entity."""

    digest: str
    entity: int | None = None


@dataclass(frozen=True)
class Difference:
    """One record that the two sides hold differently."""

    kind: str
    key: str
    entity: int | None


@dataclass(frozen=True)
class Reconciled:
    """A reconciliation: counts and digests of both sides; it agrees only when both are equal."""

    target: str
    at: str
    ours: int
    theirs: int
    our_digest: str
    their_digest: str
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether counts and digests agree and nothing differs."""
        return self.ours == self.theirs and self.our_digest == self.their_digest and not self.differences


@permits("exchange.push")
def reconcile(workspace: Workspace, target: str, progress: Progress | None = None) -> Reconciled:
    """Compares what ``target`` holds with what we have its receipts for, and keeps the difference list.

    Raises ``ReconciliationNotOffered`` or a ``Trouble``.
    """
    progress, it = progress or Progress(), in_force(workspace.store, target)
    progress.phase(_("Asking {system} what it holds").format(system=_(it.title)))
    theirs = _theirs(workspace, it, progress)
    progress.phase(_("Comparing with our receipts"))
    with workspace.store.read() as connection:
        ours, identities = _ours(connection, it)
        found = _differences(connection, it.target, ours, theirs)
    made = Reconciled(
        it.target, workspace.now(), len(ours), len(theirs), digest_of(ours), digest_of(theirs), tuple(found)
    )
    _keep(workspace, made, identities)
    return made


@permits("exchange.read")
def last_reconciled(workspace: Workspace, target: str) -> Reconciled | None:
    """The newest reconciliation with a target, with its difference list."""
    query = select(reconciliation).where(reconciliation.c.target == connector(target).target)
    with workspace.store.read() as connection:
        row = connection.execute(query.order_by(reconciliation.c.id.desc()).limit(1)).first()
        if row is None:
            return None
        listed = select(reconciliation_difference).where(reconciliation_difference.c.reconciliation == row.id)
        found = [Difference(d.kind, d.key, d.entity) for d in connection.execute(listed)]
    return Reconciled(
        row.target, row.at, row.ours, row.theirs, row.our_digest, row.their_digest, tuple(found)
    )


def digest_of(held: Mapping[str, Held]) -> str:
    """One digest over all records of a side: SHA-256 of ``key digest`` lines in order of the keys."""
    return hashlib.sha256("\n".join(f"{key} {held[key].digest}" for key in sorted(held)).encode()).hexdigest()


def _theirs(workspace: Workspace, it: Connector, progress: Progress) -> dict[str, Held]:
    held: dict[str, Held] = {}
    route, after = it.routes.get("reconciliation"), ""
    with open_wire(workspace, it) as wire:
        if isinstance(wire.carrier, Insertions):
            return _messages_there(workspace, it, wire.carrier, progress)
        if route is None or not isinstance(wire.carrier, Https):
            raise _not_offered(it)
        key = read_public_key(endpoint(workspace.store, it.target).receipt_public_pem)
        while True:
            reply = wire.carrier.post(route, orjson.dumps({"after": after, "limit": _PAGE}))
            try:
                key.verify(base64.b64decode(reply.signature, validate=True), reply.body)
                told = orjson.loads(reply.body)
                page = {str(i["entity"]): Held(str(i["digest"])) for i in told["items"]}
                named = told["receiver"]
            except (InvalidSignature, binascii.Error, ValueError, KeyError, TypeError) as error:
                raise _no_answer("malformed") from error
            if named != it.receiver or any(entity <= after for entity in page):
                raise _no_answer("other_receiver")
            with workspace.store.write() as connection:
                crossing = Crossing("reconciliation", uuid.uuid4().hex, reply.body, len(page))
                message_log.record(connection, it.target, [crossing], at=workspace.now())
            held |= page
            progress.advance(len(page))
            if len(page) < _PAGE:
                return held
            after = max(page)


def _messages_there(
    workspace: Workspace, it: Connector, carrier: Insertions, progress: Progress
) -> dict[str, Held]:
    """Every message of ours that the operator's view names, with the digest that it took there."""
    there = carrier.held()
    body = "\n".join(f"{name} {there[name]}" for name in sorted(there)).encode()
    with workspace.store.write() as connection:
        own = f"{read_setting(connection, 'store_id')}-"
        crossing = Crossing("reconciliation", uuid.uuid4().hex, body, len(there))
        message_log.record(connection, it.target, [crossing], at=workspace.now())
    progress.advance(len(there))
    return {name: Held(digest) for name, digest in there.items() if name.startswith(own)}


def _messages(connection: Connection, it: Connector) -> tuple[dict[str, Held], int]:
    """What we have the operator's word for, message by message: each correction that it accepted or rejected."""
    own = read_setting(connection, "store_id")
    settled = and_(delivery.c.target == it.target, delivery.c.state.in_(("accepted", "rejected")),
                   delivery.c.op == "correct", delivery.c.receipt_no.is_not(None))  # fmt: skip
    columns = [delivery.c[name] for name in Leased._fields]
    rows = connection.execute(select(*columns, delivery.c.digest).where(settled)).all()
    again, identities = _digests_again(connection, it, [Leased(*row[:-1]) for row in rows if not row[-1]])
    return {f"{own}-{row.id}": Held(row[-1] or again.get(row.id, ""), row.entity) for row in rows}, identities


def _ours(connection: Connection, it: Connector) -> tuple[dict[str, Held], int]:
    """What the receiver should hold by its own receipts: of each record the newest that it accepted.

    Also how many sealed identities had to be read for it.
    """
    if it.proposes("corrections"):
        return _messages(connection, it)
    accepted = and_(delivery.c.target == it.target, delivery.c.state == "accepted")
    newest = select(func.max(delivery.c.id)).where(accepted).group_by(delivery.c.resource, delivery.c.entity)
    columns = [delivery.c[name] for name in Leased._fields]
    query = select(*columns, delivery.c.digest).where(delivery.c.id.in_(newest), delivery.c.op == "upsert")
    rows = connection.execute(query).all()
    unknown = [Leased(*row[:-1]) for row in rows if not row[-1]]
    again, identities = _digests_again(connection, it, unknown)
    return {row.key: Held(row[-1] or again.get(row.id, ""), row.entity) for row in rows}, identities


def _digests_again(
    connection: Connection, it: Connector, items: list[Leased]
) -> tuple[dict[int, str], int]:
    """The digests of deliveries that were receipted after a crash: made anew while the record is still the same."""
    made: dict[int, str] = {}
    identities = 0
    for resource, gate in gates_of(it).items():
        for some in chunks([i for i in items if i.resource == resource], 500):
            inspected = gate.inspect(connection, some)
            identities += inspected.identities
            for item, record in inspected.ready:
                made[item.id] = hashlib.sha256(canonical(record)).hexdigest()
    return made, identities


def _differences(
    connection: Connection, target: str, ours: Mapping[str, Held], theirs: Mapping[str, Held]
) -> list[Difference]:
    found = [Difference("missing", key, ours[key].entity) for key in sorted(ours.keys() - theirs.keys())]
    found += [Difference("surplus", key, None) for key in sorted(theirs.keys() - ours.keys())]
    for key in sorted(ours.keys() & theirs.keys()):
        if ours[key].digest != theirs[key].digest:
            found.append(Difference("different" if ours[key].digest else "unproven", key, ours[key].entity))
    moving = open_entities(connection, target, [d.entity for d in found if d.entity is not None])
    return [Difference("under_way", d.key, d.entity) if d.entity in moving else d for d in found]


def _keep(workspace: Workspace, made: Reconciled, identities: int) -> None:
    with workspace.store.write() as connection:
        key = connection.execute(insert(reconciliation).values(
            target=made.target, at=made.at, actor=workspace.actor.name, resource="", ours=made.ours,
            theirs=made.theirs, our_digest=made.our_digest, their_digest=made.their_digest,
            differences=len(made.differences),
        )).inserted_primary_key  # fmt: skip
        assert key is not None
        rows: list[tuple[Any, ...]] = [(int(key[0]), d.kind, d.key, d.entity) for d in made.differences]
        names = ("reconciliation", "kind", "key", "entity")
        insert_rows(connection, reconciliation_difference, names, rows)
        audit.record(
            connection, at=made.at, actor=workspace.actor.name, action="exchange.reconcile", subject=made.target,
            details={"ours": made.ours, "theirs": made.theirs, "differences": len(rows), "agrees": made.agrees}
            | ({"identities_read": identities} if identities else {}),
        )  # fmt: skip


def _not_offered(it: Connector) -> ReconciliationNotOffered:
    return ReconciliationNotOffered(
        _("{system} does not say what it holds on the way that is configured.").format(system=_(it.title)),
        cure=_("Compare with the operator's own list; the receipts are kept under Exchange."),
        target=it.target,
    )


def _no_answer(cause: str) -> Unclear:
    return Unclear(
        _("The upstream system did not say in a valid form what it holds ({cause}).").format(cause=cause),
        cure=_("Reconcile again; if it stays so, ask the operator."),
        cause=cause,
    )
