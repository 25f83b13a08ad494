"""How we show over HTTPS who we are: a bearer token, a signed request, or a short-lived token fetched anew."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import ssl
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson


@dataclass(frozen=True)
class ClientCertificate:
    """Our own certificate for mutual TLS, and its private key; both PEM."""

    certificate_pem: str
    key_pem: str = field(repr=False)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Makes ``context`` show it; Python's TLS only reads files, so the pair is one for a moment.

        Raises ``ssl.SSLError`` if certificate and key are none, or no pair.
        """
        with tempfile.TemporaryDirectory(prefix="gridlink-") as folder:
            path = Path(folder) / "client.pem"
            path.touch(mode=0o600)
            path.write_text(f"{self.certificate_pem}\n{self.key_pem}\n", encoding="ascii")
            context.load_cert_chain(path)


class Bearer(httpx.Auth):
    """The token that the operator handed over."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Adds the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Signed(httpx.Auth):
    """HMAC-SHA256 over method, path, time, nonce and the body's digest, one line each."""

    requires_request_body = True

    def __init__(
        self, key_id: str, key: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._key_id, self._key, self._clock = key_id, key.encode(), clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Adds the signature and what it was made from."""
        at, nonce = self._clock().isoformat(timespec="seconds"), secrets.token_hex(12)
        path = request.url.raw_path.decode()
        signature = request_signature(
            self._key, request.method, path, at=at, nonce=nonce, body=request.content
        )
        request.headers.update(
            {"X-Key-Id": self._key_id, "X-Time": at, "X-Nonce": nonce, "X-Signature": signature}
        )
        yield request


def request_signature(key: bytes, method: str, path: str, *, at: str, nonce: str, body: bytes) -> str:
    """The signature of a request, as sender and receiver compute it."""
    text = "\n".join((method, path, at, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Refreshed(httpx.Auth):
    """A short-lived token for client id and secret; fetched at the first request and whenever one is refused."""

    requires_response_body = True

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._url, self._id, self._secret = url, client_id, client_secret
        self._token = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sends the request with a token, and once more with a new one where it was refused."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if response.status_code != 401:
                return
        answer = yield httpx.Request("POST", self._url, content=orjson.dumps(
            {"client_id": self._id, "client_secret": self._secret}))  # fmt: skip
        self._token = _token_in(answer)
        if not self._token:
            return  # the refusal of the token is the answer to the request
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _token_in(answer: httpx.Response) -> str:
    """The token in the answer; empty if there is none."""
    if answer.status_code != 200:
        return ""
    try:
        token = orjson.loads(answer.content)["token"]
    except (ValueError, KeyError, TypeError):
        return ""
    return token if isinstance(token, str) else ""
