"""Our receipt for a file that arrived: what it was, what became of it, signed with the station's key."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from core.exchange import message_log
from core.exchange.transports.inbox import Arrived
from core.security import keys


def summary(one: Arrived, pulled: Mapping[str, Any], since: str) -> dict[str, Any]:
    """What the sender is told; a repeat is as good as the import that it repeats."""
    accepted = pulled["state"] in {"imported", "repeat"}
    return {
        "file": one.path.name, "sha256": one.digest, "received_at": since,
        "status": "accepted" if accepted else "rejected", "number": str(pulled.get("change_set") or ""),
        "code": pulled.get("code", ""), "message": pulled.get("message", ""),
    }  # fmt: skip


def compose(connection: Connection, told: Mapping[str, Any], *, now: str) -> tuple[bytes, str]:
    """Body and signature (Base64, Ed25519); the end of the message log is in it, for whoever verifies it later."""
    keys.ensure_station_keys(connection, now)
    key = load_pem_private_key(keys.sign_key_pems(connection)[0].encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    body = orjson.dumps({**told, "log": str(message_log.head(connection))})
    return body, base64.b64encode(key.sign(body)).decode()
