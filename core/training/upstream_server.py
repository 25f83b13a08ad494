"""The training receiver's HTTPS server: batches in, signed receipts out, faults as planned."""

from __future__ import annotations

import base64
import hmac
import socket
import ssl
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.training.upstream_faults import Fault, FaultPlan
from core.training.upstream_identity import Identity
from core.training.upstream_store import Item, ReceiverStore

RECEIVER = "residence_permit"


class Receiver(ThreadingHTTPServer):
    """One receiver on the loopback interface; handlers run in threads and share its store and faults."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, identity: Identity, store: ReceiverStore, faults: FaultPlan) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.identity, self.store, self.faults = identity, store, faults
        self.requests: Counter[str] = Counter()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(identity.server_pem)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off or does not trust us is nothing to write about."""


class _Broken(Exception):
    """The planned end of a connection without a proper reply."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    server_version = "GridLinkTraining"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece
    timeout = 120
    _ROUTES: ClassVar[dict[tuple[str, str], str]] = {
        ("POST", "/v1/batches"): "batches",
        ("POST", "/v1/receipts"): "receipts",
        ("GET", "/v1/health"): "health",
        ("GET", "/v1/reconciliation"): "reconciliation",
        ("POST", "/control/faults"): "control_faults",
        ("GET", "/control/requests"): "control_requests",
        ("GET", "/control/register"): "control_register",
    }

    def setup(self) -> None:
        # The handshake belongs to the handler's thread: a client that stalls must hold up nobody else.
        self.request.settimeout(self.timeout)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        """Health, reconciliation, and what a test wants to know."""
        self._serve("GET")

    def do_POST(self) -> None:
        """Batches, questions for receipts, and faults."""
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:
        """No log: what was received is in the store."""

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        route = self._ROUTES.get((method, self.path))
        try:
            if route is None:
                self._reply(404, b"{}")
            elif not hmac.compare_digest(self.headers.get("Authorization", ""), f"Bearer {self.server.identity.token}"):
                self._reply(401, b"{}")
            else:
                self.server.requests[route] += 1
                getattr(self, f"_{route}")(body)
        except (ValueError, KeyError, TypeError):
            self._reply(400, b'{"error": "not a message of ours"}')
        except _Broken:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _batches(self, body: bytes) -> None:
        message = orjson.loads(body)
        fault = self.server.faults.next("batches")
        if self._failed_before(fault):
            return
        if self.server.faults.poisoned(message["items"]):
            self._reply(500, b'{"error": "internal"}')
            return
        answers = self.server.store.take(message["items"])
        if fault and fault.kind == "duplicate":
            answers = self.server.store.take(message["items"])
        self._receipt({"receiver": RECEIVER, "batch": message["batch"], "items": answers}, fault)

    def _receipts(self, body: bytes) -> None:
        fault = self.server.faults.next("receipts")
        if self._failed_before(fault):
            return
        answers = self.server.store.ask(orjson.loads(body)["keys"])
        self._receipt({"receiver": RECEIVER, "items": answers}, fault)

    def _health(self, body: bytes) -> None:
        self._reply(200, orjson.dumps({"receiver": RECEIVER, "ok": True}))

    def _reconciliation(self, body: bytes) -> None:
        self._signed({"receiver": RECEIVER, **self.server.store.figures()}, self.server.identity.receipt_key)

    def _control_faults(self, body: bytes) -> None:
        self.server.faults.replace(orjson.loads(body))
        self._reply(200, b"{}")

    def _control_requests(self, body: bytes) -> None:
        self._reply(200, orjson.dumps(self.server.requests))

    def _control_register(self, body: bytes) -> None:
        self._reply(200, orjson.dumps(self.server.store.register()))

    def _failed_before(self, fault: Fault | None) -> bool:
        kind = fault.kind if fault else ""
        if kind == "reset_before_commit":
            raise _Broken
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        replies: dict[str, tuple[int, bytes]] = {
            "unauthorised": (401, b"{}"),
            "unavailable": (503, b""),
            "server_error": (500, b'{"error": "internal"}'),
            "error_body": (200, '{"error": "系统繁忙，请稍后再试"}'.encode()),
        }
        if kind in replies:
            self._reply(*replies[kind])
        return kind in replies

    def _receipt(self, document: dict[str, Any], fault: Fault | None) -> None:
        """The receipt, or what the fault makes of it."""
        kind = fault.kind if fault else ""
        items: list[Item] = document["items"]
        key = self.server.identity.receipt_key
        if kind == "cut_after_commit":
            raise _Broken
        if kind == "empty":
            self._reply(200, b"")
            return
        if kind == "other_receiver":
            document["receiver"] = "somebody_else"
        elif kind == "other_records":
            document["items"] = [item | {"key": f"other-{item['key']}"} for item in items]
        elif kind == "partial":
            document["items"] = items[: len(items) // 2]
        elif kind == "forged":
            key = Ed25519PrivateKey.generate()
        self._signed(document, None if kind == "unsigned" else key, cut=kind == "cut_half")

    def _signed(self, document: dict[str, Any], key: Ed25519PrivateKey | None, *, cut: bool = False) -> None:
        body = orjson.dumps(document)
        signature = base64.b64encode(key.sign(body)).decode() if key else ""
        self._reply(200, body, signature=signature, cut=cut)

    def _reply(self, status: int, body: bytes, *, signature: str = "", cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if signature:
            self.send_header("Receipt-Signature", signature)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            raise _Broken
