"""The way to an upstream system: its declaration, the administrator's settings and the keyring make a transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.exchange.configuration import Endpoint, endpoint
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.settings import folder_of, scheme
from core.exchange.transports.carrier import Carrier
from core.exchange.transports.credentials import Bearer, ClientCertificate, Refreshed, Signed
from core.exchange.transports.database import Database
from core.exchange.transports.exports import Exports
from core.exchange.transports.ferry import Ferry
from core.exchange.transports.https import Https
from core.exchange.transports.insertions import Insertions
from core.exchange.transports.pace import pace_of
from core.exchange.transports.rest import Rest
from core.exchange.transports.source import Source
from core.security import keys
from core.security.workspace import Workspace
from core.store.engine import Store

if TYPE_CHECKING:
    from core.exchange.transports.sftp import Sftp


def carrier(workspace: Workspace, target: str, *, tried: Connector | None = None) -> Carrier:
    """An open way for messages to ``target``.

    A folder as the address of a system that is reached otherwise means that its channel carries the messages.
    ``tried`` is a declaration to try in the place of the one in force. Raises ``ConnectorUnknown``,
    ``ConnectorNotConfigured`` or ``NoSecret``.
    """
    it, end = tried or in_force(workspace.store, target), endpoint(workspace.store, target)
    begins = scheme(end.base_url)
    if begins == "file":
        return Ferry(folder_of(end.base_url), routes_of(workspace.store, it, end), pace_of(it))
    if begins == "sftp":
        return sftp(workspace, it, end)
    if begins != "https":
        return _insertions(workspace, it, end)
    return https(workspace, it, end)


def source(workspace: Workspace, system: str, *, tried: Connector | None = None) -> Source:
    """An open way to extract from ``system``; raises as ``carrier``."""
    it, end = tried or in_force(workspace.store, system), endpoint(workspace.store, system)
    begins = scheme(end.base_url)
    if begins == "file":
        return Exports(folder_of(end.base_url), pace_of(it))
    if begins == "https":
        return Rest(https(workspace, it, end), it)
    return Database(
        end.base_url, password=_password(workspace, it, end), connect_seconds=it.connect_seconds, pace=pace_of(it)
    )  # fmt: skip


def _insertions(workspace: Workspace, it: Connector, end: Endpoint) -> Insertions:
    """The operator's table and view for what goes back."""
    return Insertions(
        end.base_url, receiver=it.receiver, destinations={r: p.destination for r, p in it.propose.items()},
        view=it.routes["answers"], password=_password(workspace, it, end), connect_seconds=it.connect_seconds,
        pace=pace_of(it),
    )  # fmt: skip


def _password(workspace: Workspace, it: Connector, end: Endpoint) -> str:
    """The database's password; a file has none."""
    if scheme(end.base_url) == "sqlite":
        return ""
    return keys.secret(workspace.store.location, it.target, "password")


def routes_of(store: Store, it: Connector, end: Endpoint) -> Mapping[str, str]:
    """The routes of the way that is really taken: the channel's where a channel carries."""
    by_channel = scheme(end.base_url) == "file" and it.transport.kind not in {"ferry", "files"}
    return in_force(store, it.carried_by).routes if by_channel and it.carried_by else it.routes


def https(workspace: Workspace, it: Connector, end: Endpoint) -> Https:
    """HTTPS as the declaration says: our certificate, and token, signature or refreshed token."""
    certificate = None
    if it.authentication.mutual_tls and end.certificate:
        key = keys.secret(workspace.store.location, it.target, "client_key")
        certificate = ClientCertificate(end.certificate, key)
    return Https(
        end.base_url, ca_pem=end.ca_pem, connect_seconds=it.connect_seconds, reply_seconds=it.reply_seconds,
        routes=it.routes, auth=authentication(workspace, it, end), certificate=certificate,
        pace=pace_of(it),
    )  # fmt: skip


def authentication(workspace: Workspace, it: Connector, end: Endpoint) -> Bearer | Signed | Refreshed:
    """How requests show who we are."""
    where = workspace.store.location
    if it.authentication.kind == "signed":
        return Signed(it.target, keys.secret(where, it.target, "signing_key"))
    if it.authentication.kind == "token_refresh":
        url = f"{end.base_url.rstrip('/')}/{it.routes['token']}"
        return Refreshed(
            url, keys.secret(where, it.target, "client_id"), keys.secret(where, it.target, "client_secret")
        )
    return Bearer(end.token or keys.secret(where, it.target, "token"))


def sftp(workspace: Workspace, it: Connector, end: Endpoint) -> Sftp:
    """SFTP with the key or the password of the keyring."""
    from core.exchange.transports.sftp import Sftp  # noqa: PLC0415 - brings asyncssh, which most stations never need

    name = "private_key" if it.authentication.kind == "key" else "password"
    shown = keys.secret(workspace.store.location, it.target, name)
    return Sftp(
        end.base_url, host_key=end.ca_pem, routes=it.routes, connect_seconds=it.connect_seconds,
        reply_seconds=it.reply_seconds, pace=pace_of(it),
        **{"private_pem" if name == "private_key" else "password": shown},
    )  # fmt: skip
