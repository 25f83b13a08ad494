"""The training systems that are reached by files: what is dropped is taken up and answered by a later file."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.training.upstream_faults import Fault, FaultPlan
from core.training.upstream_identity import Identity
from core.training.upstream_server import spoil, taken_of
from core.training.upstream_store import Item

_PAUSE = 0.03
MARK = ".ok"


class Taker(Protocol):
    """Whatever takes deliveries, each key once, and answers for each."""

    def take(self, items: Sequence[Item]) -> list[Item]:
        """The receipt's items."""


class Drop:
    """One receiver's folders below ``base``; ``routes`` as its connector's declaration names them.

    Faults on the route ``batches``: whatever strikes before a batch is stored leaves the file and gives no
    receipt that time; ``receipt_late`` holds the receipt back, ``receipt_damaged`` spoils its file,
    ``receipt_twice`` gives it in two files, ``out_of_order`` in reverse.
    """

    def __init__(
        self, base: Path, receiver: str, *, routes: Mapping[str, str], identity: Identity, store: Taker,
        faults: FaultPlan,
    ) -> None:  # fmt: skip
        self.base, self.receiver, self.routes = base, receiver, routes
        self._identity, self._store, self._faults = identity, store, faults
        self._late: list[tuple[float, str, bytes, str]] = []
        self._told = 0
        for route in {*routes.values(), "taken"}:
            (base / route).mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Takes up what is dropped until the process ends."""
        while True:
            self.once()
            time.sleep(_PAUSE)

    def start(self) -> None:
        """Runs beside the server."""
        threading.Thread(target=self.run, daemon=True).start()

    def once(self) -> None:
        """Takes up everything that is complete now, and gives the receipts whose time has come."""
        inbox = self.base / self.routes["out"]
        for mark in sorted(inbox.glob(f"*{MARK}")):
            with contextlib.suppress(OSError):  # renamed or removed under our hands: next time
                self._take(mark.with_name(mark.name.removesuffix(MARK)), mark)
        now = time.monotonic()
        due, self._late = [r for r in self._late if r[0] <= now], [r for r in self._late if r[0] > now]
        for _at, name, body, signature in due:
            self._give(name, body, signature)

    def _take(self, file: Path, mark: Path) -> None:
        body, told = file.read_bytes(), orjson.loads(mark.read_bytes())
        if hashlib.sha256(body).hexdigest() != told["sha256"]:
            mark.replace(mark.with_name(mark.name + ".damaged"))
            return
        fault = self._faults.next("batches")
        if fault and fault.kind in {"unavailable", "server_error", "reset_before_commit", "full"}:
            return
        document = self._answered(file.name, body, fault)
        for done in (mark, file):
            done.replace(self.base / "taken" / done.name)
        self._receipt(file.stem, document, fault)

    def _answered(self, name: str, body: bytes, fault: Fault | None) -> dict[str, Any]:
        """The receipt's content: by record for a batch, by checksum for any other file."""
        try:
            message = orjson.loads(body)
            items = message["items"]
        except (ValueError, KeyError, TypeError):
            digest = hashlib.sha256(body).hexdigest()
            return {
                "receiver": self.receiver,
                "file": name,
                "sha256": digest,
                "status": "accepted",
                "items": [],
            }
        answers = self._store.take(taken_of(items, fault))
        return {"receiver": self.receiver, "batch": message.get("batch", ""), "items": answers}

    def _receipt(self, stem: str, document: dict[str, Any], fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind in {"cut_after_commit", "empty"}:
            return
        twice = kind == "receipt_twice"
        body = orjson.dumps(document if twice else spoil(document, kind))
        key = Ed25519PrivateKey.generate() if kind == "forged" else self._identity.receipt_key
        signature = "" if kind == "unsigned" else base64.b64encode(key.sign(body)).decode()
        due = time.monotonic() + (fault.seconds if fault and kind == "receipt_late" else 0)
        for name in (f"{stem}.receipt.json", *((f"{stem}.receipt-2.json",) if twice else ())):
            self._late.append((due, name, body, signature + ("!" if kind == "receipt_damaged" else "")))

    def tell_states(self, given: Mapping[str, Mapping[str, str]], fault: Fault | None) -> None:
        """Writes a file on the state of records, where the connector has a folder for them."""
        if "states" not in self.routes:
            return
        self._told += 1
        kind = fault.kind if fault else ""
        document = {
            "receiver": self.receiver,
            "items": [{"entity": e} | dict(told) for e, told in given.items()],
        }
        body = orjson.dumps(spoil(document, kind))
        key = Ed25519PrivateKey.generate() if kind == "forged" else self._identity.receipt_key
        signature = "" if kind == "unsigned" else base64.b64encode(key.sign(body)).decode()
        spoiled = "!" if kind == "receipt_damaged" else ""
        self._give(f"{self._told:06d}.states.json", body, signature + spoiled, route="states")

    def _give(self, name: str, body: bytes, signature: str, route: str = "receipts") -> None:
        """Writes a receipt and then its marker; a trailing ``!`` in the signature asks for a spoiled file."""
        folder = self.base / self.routes[route]
        told = {
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "signature": signature.rstrip("!"),
        }
        (folder / f"{name}.part").write_bytes(body[:-1] if signature.endswith("!") else body)
        (folder / f"{name}.part").replace(folder / name)
        (folder / f"{name}{MARK}.part").write_bytes(orjson.dumps(told))
        (folder / f"{name}{MARK}.part").replace(folder / f"{name}{MARK}")
