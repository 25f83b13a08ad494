"""A message on its way: composed once, entered in the log, and sent to the letter as it was entered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from core.exchange.leasing import Lease, Leased
from core.exchange.message_log import Crossing, Head
from core.exchange.wire import UnderWay

Ready = Sequence[tuple[Leased, dict[str, Any]]]


@dataclass
class Message:
    """One batch: its name, its records and their digests by idempotency key, and its message."""

    name: str
    lease: Lease
    keyed: dict[str, Leased]
    digests: dict[str, str]
    horizon: int
    body: bytes
    under_way: UnderWay | None = None

    def crossing(self, *, left: bool = True) -> Crossing:
        """The message's entry in the log; ``left`` is False for one that did not leave after all."""
        return Crossing("sent" if left else "void", self.name, self.body, len(self.keyed))


def compose(
    name: str,
    lease: Lease,
    ready: Ready,
    *,
    horizon: int,
    key: Callable[[Leased], str],
    head: Head,
    several: bool = False,
) -> Message:
    """The message for records that passed the gate; it carries the end of our log as it was before it.

    ``several`` says that the target takes several resources, so that each record names its own.
    """
    keyed, digests, items = {}, {}, []
    for item, record in ready:
        named, text = key(item), canonical(record)
        keyed[named], digests[named] = item, hashlib.sha256(text).hexdigest()
        one = {"key": named, "op": item.op, "record": orjson.Fragment(text)}
        items.append(one | {"resource": item.resource} if several else one)
    body = orjson.dumps({"batch": name, "log": str(head), "items": items})
    return Message(name, lease, keyed, digests, horizon, body)


def canonical(record: dict[str, Any]) -> bytes:
    """A record as it leaves and as both sides take its digest: UTF-8, keys sorted, no blanks."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
