"""HTTPS to one upstream system: TLS checked against its own authority, bearer token, one kept connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import ClassVar

import httpx

from core.exchange.transports.carrier import Carrier, Reply
from core.exchange.transports.credentials import Bearer, ClientCertificate
from core.exchange.transports.pace import FREE, Pace
from core.exchange.troubles import Refused, Rejected, Trouble, Unclear, Unreachable
from core.i18n import _

_REFUSING = {401, 403, 404, 407, 429, 503, 507}
_REJECTING = {400, 410, 413, 415, 422}
_SEND_BUFFER = 1 << 20  # a whole batch fits, so that it leaves without our help
SIGNATURE_HEADER = "Receipt-Signature"
ROUTES: Mapping[str, str] = {"send": "v1/batches", "receipts": "v1/receipts", "health": "v1/health"}
"""Where GridLink's own profile has them; a connector's declaration says otherwise."""


class Pending:
    """A request under way; ``Https.finish`` waits for its reply."""

    def __init__(self, task: asyncio.Task[httpx.Response]) -> None:
        self.task = task


class _Paced(httpx.AsyncHTTPTransport):
    """Requests leave at the operator's pace, those for a token among them."""

    def __init__(self, pace: Pace, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, socket_options=[(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)])
        self._pace = pace

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Waits for its moment, then sends."""
        if (seconds := self._pace.reserve()) > 0:
            await asyncio.sleep(seconds)
        return await super().handle_async_request(request)


class Https(Carrier):
    """A connection kept open for a whole push; use it as a context manager. Any error is a ``Trouble``.

    ``begin`` returns once the request has left, so that the caller can work on while the receiver does.
    """

    answers: ClassVar[bool] = True

    def __init__(
        self, base_url: str, *, ca_pem: str, connect_seconds: float, reply_seconds: float, token: str = "",
        routes: Mapping[str, str] = ROUTES, auth: httpx.Auth | None = None,
        certificate: ClientCertificate | None = None, pace: Pace = FREE,
    ) -> None:  # fmt: skip
        self._routes = routes
        self._base = base_url.rstrip("/") + "/"
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(
            transport=_Paced(pace, _context(ca_pem, certificate)), auth=auth or Bearer(token), trust_env=False,
            timeout=httpx.Timeout(reply_seconds, connect=connect_seconds), follow_redirects=False,
        )  # fmt: skip
        self._pending: list[Pending] = []

    def close(self) -> None:
        """Breaks off what is under way and closes the connection."""
        for pending in self._pending:
            pending.task.cancel()
        self._loop.run_until_complete(self._close())
        self._loop.close()

    def states(self, question: bytes) -> tuple[Reply, ...]:
        """Asks the receiver what has become of the entities in ``question``."""
        return (self.post(self._routes["states"], question),)

    def send(self, name: str, body: bytes) -> Reply | None:
        """Posts a batch and waits for its receipt; the batch's name stands in the body."""
        return self.post(self._routes["send"], body)

    def ask(self, question: bytes) -> tuple[Reply, ...]:
        """Asks the receiver for the receipts of the keys in ``question``."""
        return (self.post(self._routes["receipts"], question),)

    def check(self) -> None:
        """Asks for the receipts of no record: the same way, the same token, the same function as sending."""
        self.get(self._routes["health"])
        self.post(self._routes["receipts"], b'{"keys":[]}')

    def begin(self, route: str, body: bytes) -> Pending:
        """Posts a JSON body and returns when it has left or failed; never raises."""
        pending = self._start("POST", route, body)
        self._pending.append(pending)
        return pending

    def finish(self, pending: Pending) -> Reply:
        """The reply of a 200; raises one of the four troubles otherwise."""
        self._pending = [other for other in self._pending if other is not pending]
        try:
            response = self._loop.run_until_complete(pending.task)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise trouble_of(error) from error
        if response.status_code != 200:
            raise trouble_of_status(response.status_code)
        return Reply(response.content, response.headers.get(SIGNATURE_HEADER, ""))

    def post(self, route: str, body: bytes) -> Reply:
        """Posts a JSON body and waits for the reply, as ``finish``."""
        return self.finish(self.begin(route, body))

    def get(self, route: str) -> Reply:
        """Asks for a route, as ``finish``."""
        return self.finish(self._start("GET", route, None))

    def _start(self, method: str, route: str, body: bytes | None) -> Pending:
        left = asyncio.Event()

        async def watch(event: str, info: object) -> None:
            if event == "http11.send_request_body.complete":
                left.set()

        headers = {"Content-Type": "application/json"} if body is not None else {}
        request = self._client.request(
            method, self._base + route, content=body, headers=headers, extensions={"trace": watch}
        )
        task = self._loop.create_task(request)
        task.add_done_callback(lambda _task: left.set())
        self._loop.run_until_complete(left.wait())
        return Pending(task)

    async def _close(self) -> None:
        await asyncio.gather(*(pending.task for pending in self._pending), return_exceptions=True)
        await self._client.aclose()


def trouble_of(error: Exception) -> Trouble:
    """Our word for a library's error. Only what failed before a request could leave is "unreachable"."""
    cause = type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.InvalidURL
                  | httpx.UnsupportedProtocol):  # fmt: skip
        reason = "certificate" if "CERTIFICATE_VERIFY_FAILED" in str(error) else cause
        return Unreachable(
            _("The upstream system cannot be reached ({cause}).").format(cause=reason),
            cure=_certificate_cure() if reason == "certificate" else _network_cure(),
            cause=reason,
        )
    return Unclear(
        _("The connection to the upstream system broke before its receipt came ({cause}).").format(
            cause=cause
        ),
        cure=_("Push again: GridLink first asks which records arrived."),
        cause=cause,
        timed_out=isinstance(error, httpx.TimeoutException),
    )


def trouble_of_status(status: int) -> Trouble:
    """Our word for an HTTP status other than 200; one we have no agreement about proves nothing."""
    if status in _REFUSING:
        return Refused(
            _("The upstream system refuses to talk to us (HTTP {status}).").format(status=status),
            cure=_("Check the access token with the operator; if it is busy, push again later."),
            cause=f"http_{status}",
            status=status,
        )
    if status in _REJECTING:
        return Rejected(
            _("The upstream system does not accept the message (HTTP {status}).").format(status=status),
            cure=_("Compare the connector's declaration with the operator's interface document."),
            cause=f"http_{status}",
            status=status,
        )
    return Unclear(
        _("The upstream system answered without a receipt (HTTP {status}).").format(status=status),
        cure=_("Push again: GridLink first asks which records arrived."),
        cause=f"http_{status}",
        status=status,
    )


def _context(ca_pem: str, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """TLS that trusts the one authority the operator gave us and nobody else, and shows our own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=ca_pem)
    if certificate is not None:
        certificate.load_into(context)
    return context


def _network_cure() -> str:
    return _(
        "Check the network and the address under Exchange; nothing was lost, everything waits in the outbox."
    )


def _certificate_cure() -> str:
    return _("Compare the certificate under Exchange with the operator's; nothing was sent.")
