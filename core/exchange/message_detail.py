"""One message to the letter: what the registry holds, what was sent of it, what the receiver said, and the evidence."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection, RowMapping, select

from core.errors import GridLinkError
from core.exchange import answers, outbox, states
from core.exchange.answers import Answer
from core.exchange.configuration import ConnectorNotConfigured, endpoint
from core.exchange.declaration import Connector, Field
from core.exchange.declared import as_of
from core.exchange.formats import written
from core.exchange.gates import CorrectionGate, ProposalGate, gates_of
from core.exchange.messages import canonical
from core.exchange.outbox import Delivery
from core.exchange.receipts import read_public_key
from core.exchange.states import State
from core.i18n import _
from core.model.exchange import address_proposal, delivery, message, receipt
from core.model.registry import HISTORY, TABLES
from core.model.resources import RESOURCES
from core.registry.record import title_of
from core.security import audit, masking
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting

_Row = dict[str, Any]
_BACK = ("correct", "propose")
Proof = Literal["agrees", "differs", "not_kept", "not_sent"]
"""Whether what is shown as sent is what was sent: its digest agrees, differs, cannot be compared any more, or
nothing has left yet."""


class DeliveryGone(GridLinkError):
    """No such delivery; an undone import takes its deliveries away."""

    code = "delivery_gone"


@dataclass(frozen=True)
class Line:
    """One field: the registry's column and value today, and under which name and how it was sent."""

    column: str
    value: Any
    name: str
    sent: Any


@dataclass(frozen=True)
class Word:
    """The receiver's word about the record, as it signed it; ``signed`` is checked now with the key that is set."""

    at: str
    batch: str
    signed: bool | None
    item: Mapping[str, Any]


@dataclass(frozen=True)
class Detail:
    """A delivery with its mapping side by side and its evidence; ``entries`` are its numbers in the message log.

    ``was`` is what the source itself had said, by column, where a correction was sent; ``states`` what became of the
    record there, the newest first.
    """

    delivery: Delivery
    title: str
    system: str
    message_id: str
    lines: Sequence[Line]
    proof: Proof
    digest: str
    words: Sequence[Word]
    entries: Mapping[str, Sequence[int]]
    was: Mapping[str, Any] = field(default_factory=dict)
    states: Sequence[State] = ()
    answer: Answer = ""


@permits("exchange.read")
def delivery_detail(workspace: Workspace, id: int) -> Detail:
    """Everything about one delivery, masked as it was delivered; a look at a person is audited.

    Raises ``DeliveryGone``.
    """
    with workspace.store.read() as connection:
        kept = connection.execute(select(delivery).where(delivery.c.id == id)).mappings().first()
        shown = outbox.by_id(connection, [id])
        if kept is None or not shown:
            raise DeliveryGone(
                _("This delivery is no longer in the queue."),
                cure=_("An import may have been undone; look again."),
            )
        made = _assembled(workspace, connection, kept, shown[0])
    if made.delivery.resource == "person":
        with workspace.store.write() as connection:
            audit.record(
                connection, at=workspace.now(), actor=workspace.actor.name, action="person.read",
                subject=f"person:{made.delivery.entity}", details={"delivery": id},
            )  # fmt: skip
    return made


def _assembled(workspace: Workspace, connection: Connection, kept: RowMapping, shown: Delivery) -> Detail:
    it = as_of(connection, kept["target"], kept["state_at"] or kept["settled_at"] or workspace.now())
    now, then = _versions(connection, kept)
    going = it.leaving.get(kept["resource"])
    mapped = going.fields if going else ()
    sent = _sent_back(connection, it, kept, now) if kept["op"] in _BACK else _sent(mapped, kept, then)
    named = f"{read_setting(connection, 'store_id')}-{kept['id']}"
    lines = [
        Line(f.column, _closed(f, (now or {}).get(f.column)), f.name, _closed(f, sent.get(f.name)))
        for f in mapped
    ]
    return Detail(
        shown, title_of(kept["resource"], now) if now else kept["key"], _(it.title), named, lines,
        _proof(kept, sent, it), kept["digest"] or "", _words(workspace, connection, kept, named),
        _entries(connection, kept), was=_was(mapped, kept),
        states=states.told(connection, it, kept["resource"], kept["entity"]),
        answer=answers.compared(connection, it, [kept["id"]])[0].answer if kept["op"] == "correct" else "",
    )  # fmt: skip


def _sent_back(connection: Connection, it: Connector, kept: RowMapping, now: _Row | None) -> dict[str, Any]:
    """A correction or a proposal as it left; empty where it cannot be made again."""
    gate = gates_of(it)[kept["resource"]]
    if isinstance(gate, CorrectionGate) and now is not None and kept["change"]:
        made = gate.rebuilt(now, orjson.loads(kept["change"]))
        return {} if isinstance(made, str) else made
    if isinstance(gate, ProposalGate):
        mine = select(address_proposal).where(address_proposal.c.number == kept["key"])
        row = connection.execute(mine).mappings().first()
        return {} if row is None else gate.proposed(row)
    return {}


def _was(mapped: Sequence[Field], kept: RowMapping) -> dict[str, Any]:
    """Column → what the source itself had said, where this is a correction."""
    change = orjson.loads(kept["change"] or b"{}")
    return {f.column: _closed(f, change[f.column]["was"]) for f in mapped if f.column in change}


def _closed(field: Field, value: Any) -> Any:
    """What must be masked, masked: an open value is what the gate holds back, and no reason to show it."""
    if not field.masked or not isinstance(value, str) or "*" in value:
        return value
    if "name" in field.column:
        return masking.mask_name(value)
    return masking.mask_phone(value) if "phone" in field.column else masking.mask_number(value)


def _versions(connection: Connection, kept: RowMapping) -> tuple[_Row | None, _Row | None]:
    """The record as it stands, and as it was when the delivery was queued."""
    table, past = TABLES[kept["resource"]], HISTORY[kept["resource"]]
    row = connection.execute(select(table).where(table.c.id == kept["entity"])).mappings().first()
    now = None if row is None else dict(row)
    if now is not None and now["row_hash"] == kept["version"]:
        return now, now
    query = select(past).where(past.c.id == kept["entity"], past.c.row_hash == kept["version"])
    then = connection.execute(query.order_by(past.c.superseded_in.desc())).mappings().first()
    return now, None if then is None else dict(then)


def _sent(mapped: Sequence[Field], kept: RowMapping, then: _Row | None) -> dict[str, Any]:
    """The record under the receiver's names; a retirement carries the key alone."""
    if kept["op"] == "retire":
        key = RESOURCES[kept["resource"]].key
        values = dict(zip(key, kept["key"].split(":", len(key) - 1), strict=False))
        return {f.name: values[f.column] for f in mapped if f.column in values}
    made: dict[str, Any] = {}
    for one in mapped:
        value = None if then is None else then[one.column]
        if value is not None and value != "":
            coded = one.codes.get(str(value), value) if one.codes else value
            made[one.name] = written(coded, one.format)
    return made


def _proof(kept: RowMapping, sent: Mapping[str, Any], it: Connector) -> Proof:
    if kept["state"] in {"waiting", "held"} or (kept["state"] == "rejected" and not kept["batch"]):
        return "not_sent"
    if not kept["digest"] or not sent or it.identity == "full":
        return "not_kept"
    return "agrees" if hashlib.sha256(canonical(dict(sent))).hexdigest() == kept["digest"] else "differs"


def _words(workspace: Workspace, connection: Connection, kept: RowMapping, named: str) -> list[Word]:
    """What the receipts of the delivery's batch say about it."""
    if not kept["batch"]:
        return []
    query = select(receipt).where(receipt.c.target == kept["target"], receipt.c.batch == kept["batch"])
    said = []
    for row in connection.execute(query.order_by(receipt.c.id)).mappings():
        items = orjson.loads(row["body"]).get("items", [])
        signed = _signed(workspace, row)
        said += [
            Word(row["received_at"], row["batch"], signed, one) for one in items if one.get("key") == named
        ]
    return said


def _signed(workspace: Workspace, row: RowMapping) -> bool | None:
    """Whether the signature holds under the key that is set now; None where none is set."""
    try:
        key = read_public_key(endpoint(workspace.store, row["target"]).receipt_public_pem)
        key.verify(base64.b64decode(row["signature"], validate=True), row["body"].encode())
    except (ConnectorNotConfigured, ValueError) as error:
        return None if not isinstance(error, binascii.Error) else False
    except InvalidSignature:
        return False
    return True


def _entries(connection: Connection, kept: RowMapping) -> dict[str, list[int]]:
    if not kept["batch"]:
        return {}
    query = select(message.c.direction, message.c.number).where(
        message.c.target == kept["target"], message.c.batch == kept["batch"])  # fmt: skip
    found: dict[str, list[int]] = {}
    for direction, number in connection.execute(query.order_by(message.c.number)):
        found.setdefault(direction, []).append(number)
    return found
