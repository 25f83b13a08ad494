"""The training systems' HTTPS server: who may come in, what is answered, faults as planned, and the control routes.

Every system, whatever it speaks, has the control routes with its bearer token: ``POST /control/faults`` takes a
fault plan (``upstream_faults``), ``POST /control/certificate`` changes the server's certificate, ``POST
/control/states`` sets the state of records
(``{entity: state}`` or ``{entity: {"state", "at", "code", "note"}}``), ``GET /control/requests`` counts what came by
route, ``GET /control/register`` is what the receiver holds, ``POST /control/reset`` makes a receiver forget
everything but who it is and says how many requests it is still at.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import socket
import ssl
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.exchange.connectors import connector
from core.exchange.transports.credentials import request_signature
from core.training.upstream_faults import Fault, FaultPlan
from core.training.upstream_identity import Identity, renew_server
from core.training.upstream_store import Item, ReceiverStore

RECEIVER = "residence_permit"


class Server(ThreadingHTTPServer):
    """One training system on the loopback interface; handlers run in threads and share its store and faults."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, port: int, identity: Identity, store: ReceiverStore, faults: FaultPlan, *, system: str = RECEIVER,
        handler: type[Handler] | None = None, mutual: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(("127.0.0.1", port), handler or ReceiverHandler)
        self.identity, self.store, self.faults = identity, store, faults
        self.system, self.declared, self.mutual = system, connector(system), mutual
        self.requests: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.states: dict[str, dict[str, str]] = {}
        self.drops: list[Any] = []  # folders where states are told by file
        self.late: dict[str, float] = {}
        self.under_way: set[int] = set()
        self.tls = self._context()

    def renew(self) -> None:
        """Shows another certificate from now on."""
        renew_server(self.identity.server_pem.parent)
        self.tls = self._context()

    def reset(self) -> None:
        """Forgets what came and what was planned."""
        self.store.clear()
        self.faults.replace({})
        for kept in (self.requests, self.tokens, self.states, self.late):
            kept.clear()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.identity.server_pem)
        context.load_verify_locations(cadata=self.identity.ca_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off or does not trust us is nothing to write about."""


class _Broken(Exception):
    """The planned end of a connection without a proper reply."""


class Handler(BaseHTTPRequestHandler):
    """What all systems share: who may come in, faults before anything is done, replies, and control."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "GridLinkTraining"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece
    timeout = 120
    ROUTES: ClassVar[dict[tuple[str, str], str]] = {
        ("GET", "/v1/health"): "health",
        ("GET", "/v1/reconciliation"): "reconciliation",
        ("POST", "/control/faults"): "control_faults",
        ("POST", "/control/lose"): "control_lose",
        ("POST", "/control/certificate"): "control_certificate",
        ("POST", "/control/reset"): "control_reset",
        ("POST", "/control/states"): "control_states",
        ("GET", "/control/requests"): "control_requests",
        ("GET", "/control/register"): "control_register",
    }

    def setup(self) -> None:
        """Begins the conversation."""
        # The handshake belongs to the handler's thread: a client that stalls must hold up nobody else.
        self.request.settimeout(self.timeout)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        """Converses until one side ends it; a mistake of ours ends the connection and leaves nobody waiting."""
        try:
            super().handle()
        finally:
            self.connection.close()

    def do_GET(self) -> None:
        """What is asked for."""
        self._serve("GET")

    def do_POST(self) -> None:
        """What is sent."""
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:
        """No log: what was received is in the store."""

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.under_way.add(id(self))
        try:
            self._route(method, body)
        finally:
            self.server.under_way.discard(id(self))

    def _route(self, method: str, body: bytes) -> None:
        route = self.ROUTES.get((method, self.path.split("?", 1)[0]))
        try:
            if route is None:
                self._reply(404, b"{}")
            elif not self._may(route, method, body):
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

    def _may(self, route: str, method: str, body: bytes) -> bool:
        """Whether this caller may: by the control token, or as the system's declaration has it."""
        given, own = self.headers.get("Authorization", ""), self.server.identity
        kind = self.server.declared.authentication.kind
        by_token = hmac.compare_digest(given, f"Bearer {own.token}")
        if route.startswith("control_") or (by_token and kind in {"none", "key", "password"}):
            return by_token
        if self.server.mutual and not self.connection.getpeercert():
            return False
        if kind == "signed":
            told = [self.headers.get(f"X-{name}", "") for name in ("Time", "Nonce", "Signature")]
            wanted = request_signature(
                own.token.encode(), method, self.path, at=told[0], nonce=told[1], body=body
            )
            return hmac.compare_digest(told[2], wanted)
        if kind == "token_refresh":
            return route == "token" or given.removeprefix("Bearer ") in self.server.tokens
        return by_token

    def _health(self, body: bytes) -> None:
        self._reply(200, orjson.dumps({"receiver": self.server.system, "ok": True}))

    def _reconciliation(self, body: bytes) -> None:
        figures = {"receiver": self.server.system, **self.server.store.figures()}
        self._signed(figures, self.server.identity.receipt_key)

    def _control_faults(self, body: bytes) -> None:
        self.server.faults.replace(orjson.loads(body))
        self._reply(200, b"{}")

    def _control_lose(self, body: bytes) -> None:
        self.server.store.lose(orjson.loads(body)["entity"])
        self._reply(200, b"{}")

    def _control_certificate(self, body: bytes) -> None:
        self._reply(200, b"{}")
        self.server.renew()

    def _control_reset(self, body: bytes) -> None:
        self.server.reset()
        self._reply(200, orjson.dumps({"under_way": len(self.server.under_way) - 1}))

    def _control_states(self, body: bytes) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        given = {
            entity: {"at": at} | (state if isinstance(state, dict) else {"state": state})
            for entity, state in orjson.loads(body).items()
        }
        self.server.states.update(given)
        for drop in self.server.drops:
            drop.tell_states(given, self.server.faults.next("states"))
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
            "full": (507, b'{"error": "full"}'),
            "server_error": (500, b'{"error": "internal"}'),
            "error_body": (200, '{"error": "系统繁忙，请稍后再试"}'.encode()),
            "expired": (410, b'{"error": "E401"}'),
        }
        if kind in replies:
            self._reply(*replies[kind])
        return kind in replies

    def _signed(self, document: dict[str, Any], key: Ed25519PrivateKey | None, *, cut: bool = False) -> None:
        body = orjson.dumps(document)
        signature = base64.b64encode(key.sign(body)).decode() if key else ""
        self._reply(200, body, signature=signature, cut=cut)

    def _receipt(self, document: dict[str, Any], fault: Fault | None) -> None:
        """The receipt, or what the fault makes of it."""
        kind = fault.kind if fault else ""
        if kind == "cut_after_commit":
            raise _Broken
        if kind == "empty":
            self._reply(200, b"")
            return
        key = Ed25519PrivateKey.generate() if kind == "forged" else self.server.identity.receipt_key
        spoiled = spoil(document, kind)
        self._signed(spoiled, None if kind == "unsigned" else key, cut=kind == "cut_half")

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


class ReceiverHandler(Handler):
    """A system that records are pushed to."""

    ROUTES: ClassVar[dict[tuple[str, str], str]] = Handler.ROUTES | {
        ("POST", "/v1/batches"): "batches",
        ("POST", "/v1/receipts"): "receipts",
        ("POST", "/v1/states"): "states",
        ("POST", "/v1/reconciliation"): "holdings",
        ("POST", "/v1/token"): "token",
    }

    def _token(self, body: bytes) -> None:
        if self._failed_before(self.server.faults.next("token")):
            return
        given, own = orjson.loads(body), self.server.identity
        if given["client_id"] != self.server.system or given["client_secret"] != own.token:
            self._reply(401, b"{}")
            return
        token = secrets.token_urlsafe(16)
        self.server.tokens.add(token)
        self._reply(200, orjson.dumps({"token": token}))

    def _batches(self, body: bytes) -> None:
        message = orjson.loads(body)
        fault = self.server.faults.next("batches")
        if self._failed_before(fault):
            return
        if self.server.faults.poisoned(message["items"]):
            self._reply(500, b'{"error": "internal"}')
            return
        items = taken_of(message["items"], fault)
        answers = self.server.store.take(items)
        if fault and fault.kind == "duplicate":
            answers = self.server.store.take(items)
        if fault and fault.kind == "receipt_late":
            due = time.monotonic() + fault.seconds
            self.server.late.update({item["key"]: due for item in items})
        if self.server.declared.receipts.form == "fetched" or (fault and fault.kind == "receipt_late"):
            answers = []
        self._receipt({"receiver": self.server.system, "batch": message["batch"], "items": answers}, fault)

    def _receipts(self, body: bytes) -> None:
        fault = self.server.faults.next("receipts")
        if self._failed_before(fault):
            return
        now = time.monotonic()
        keys = [key for key in orjson.loads(body)["keys"] if self.server.late.get(key, 0) <= now]
        self._receipt({"receiver": self.server.system, "items": self.server.store.ask(keys)}, fault)

    def _states(self, body: bytes) -> None:
        fault = self.server.faults.next("states")
        if self._failed_before(fault):
            return
        known = self.server.states
        items = [{"entity": e} | known[e] for e in orjson.loads(body)["entities"] if e in known]
        self._receipt({"receiver": self.server.system, "items": items}, fault)

    def _holdings(self, body: bytes) -> None:
        asked = orjson.loads(body)
        items = self.server.store.holdings(asked["after"], asked["limit"])
        self._signed({"receiver": self.server.system, "items": items}, self.server.identity.receipt_key)


def taken_of(items: list[Item], fault: Fault | None) -> list[Item]:
    """What of a batch is taken at all."""
    return items[: len(items) // 2] if fault and fault.kind == "accept_half" else items


def spoil(document: dict[str, Any], kind: str) -> dict[str, Any]:
    """A receipt as a fault leaves it."""
    items: list[Item] = document["items"]
    if kind == "other_receiver":
        return document | {"receiver": "somebody_else"}
    changed = {
        "other_records": [item | {"key": f"other-{item.get('key', '')}"} for item in items],
        "partial": items[: len(items) // 2],
        "receipt_twice": [*items, *items],
        "out_of_order": items[::-1],
    }
    return document | {"items": changed.get(kind, items)}
