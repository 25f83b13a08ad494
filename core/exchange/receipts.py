"""Receipts: the receiver's signed word about single records, and nothing else counts as one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.exchange.transports.carrier import Reply
from core.exchange.troubles import Unclear
from core.i18n import _

Status = Literal["accepted", "rejected", "unknown"]
_STATUSES = frozenset({"accepted", "rejected", "unknown"})


class Item(NamedTuple):
    """The receiver's word about one idempotency key; ``unknown`` means that it never arrived."""

    key: str
    status: Status
    number: str
    code: str
    message: str


@dataclass(frozen=True)
class Receipt:
    """A verified receipt, with what was signed kept to the letter."""

    items: tuple[Item, ...]
    body: str
    signature: str


def read_public_key(pem: str) -> Ed25519PublicKey:
    """The receiver's key; raises ``ValueError`` if it is not an Ed25519 public key."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 public key")
    return key


def read_receipt(
    reply: Reply, *, receiver: str, public_key: Ed25519PublicKey | None, asked: Collection[str] | None
) -> Receipt:
    """The receipt in a reply to a message about the keys ``asked``; raises ``Unclear`` if it is none.

    Without ``asked`` it may speak of anything: a receipt that came by itself, as a file.

    It must be signed by the receiver (unless its declaration says that it does not sign: then there is no key), name
    the receiver, and speak of no record that was not asked about.
    """
    require_signed(reply, public_key)
    try:
        document = orjson.loads(reply.body)
        items = tuple(_item(given) for given in document["items"])
        named = document["receiver"]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_receipt("malformed") from error
    if named != receiver:
        raise _no_receipt("other_receiver")
    keys = {item.key for item in items}
    if len(keys) != len(items) or (asked is not None and not keys <= set(asked)):
        raise _no_receipt("other_records")
    return Receipt(items, reply.body.decode(), reply.signature)


def require_signed(reply: Reply, public_key: Ed25519PublicKey | None) -> None:
    """Raises ``Unclear`` unless the reply is signed with the receiver's key; without a key nothing is asked."""
    if public_key is None:
        return
    try:
        public_key.verify(base64.b64decode(reply.signature, validate=True), reply.body)
    except (InvalidSignature, binascii.Error) as error:
        raise _no_receipt("not_signed") from error


def batch_of(answer: Receipt) -> str:
    """The batch that a receipt says it is for; empty where it names none."""
    return str(orjson.loads(answer.body).get("batch", ""))


def _item(given: dict[str, Any]) -> Item:
    key, status, number = given["key"], given["status"], given.get("number", "")
    code, message = given.get("code", ""), given.get("message", "")
    if not all(isinstance(text, str) for text in (key, number, code, message)) or status not in _STATUSES:
        raise ValueError("not a receipt's item")
    if status == "accepted" and not number:
        raise ValueError("accepted without the receiver's number")
    return Item(key, status, number, code, message)


def _no_receipt(cause: str) -> Unclear:
    return Unclear(
        _("The upstream system answered, but not with a valid receipt ({cause}).").format(cause=cause),
        cure=_("Push again: GridLink first asks which records arrived."),
        cause=cause,
    )
