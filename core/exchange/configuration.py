"""Where an upstream system is and how it is trusted: set by the administrator, kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import delete, insert, select

from core.errors import GridLinkError
from core.exchange import settings
from core.exchange.connectors import connector, connectors, targets
from core.exchange.declaration import Connector
from core.exchange.declared import in_force
from core.exchange.receipts import read_public_key
from core.exchange.settings import ConnectorSettingInvalid
from core.i18n import _
from core.model.exchange import connector_setting, receipt
from core.security import audit, keys
from core.security.workspace import Workspace, permits
from core.store.engine import Store

__all__ = [
    "ConnectorNotConfigured",
    "ConnectorSettingInvalid",
    "Endpoint",
    "Probe",
    "configure_connector",
    "endpoint",
]

ProbeState = Literal["not_configured", "never_tried", "reachable"]


class ConnectorNotConfigured(GridLinkError):
    """Nobody has said yet where the upstream system is."""

    code = "connector_not_configured"


@dataclass(frozen=True)
class Endpoint:
    """One target's settings; the token is a secret and stays out of texts and logs.

    ``base_url`` says by its scheme how to get there; ``ca_pem`` is what the other side must show: the authority of
    its certificate, or its SSH host key.
    """

    target: str
    base_url: str
    ca_pem: str
    receipt_public_pem: str
    token: str
    certificate: str | None = None

    def __repr__(self) -> str:
        return f"Endpoint({self.target!r}, {self.base_url!r})"


@dataclass(frozen=True)
class Probe:
    """What is known about reaching a target; ``reason`` is a translated sentence where it is not set up."""

    target: str
    state: ProbeState
    reason: str = ""
    cure: str = ""


@permits("exchange.configure")
def configure_connector(
    workspace: Workspace, target: str, *, base_url: str, ca_pem: str = "", receipt_public_pem: str = "",
    token: str | None = None, certificate: str | None = None, secrets: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Sets where ``target`` is, what it must show, whose receipts count, and with what we show who we are.

    A token or certificate that is None stays as it is. ``secrets`` go to the keyring. Raises
    ``ConnectorUnknown``, ``ConnectorSettingInvalid`` or ``NoSecret``. The audit keeps the act without any secret.
    """
    declared = in_force(workspace.store, target)
    settings.check(declared, base_url=base_url, ca_pem=ca_pem, receipt_public_pem=receipt_public_pem)
    settings.check_secrets(declared, secrets or {})
    if certificate:
        settings.check_own(certificate, _client_key(workspace.store, target, secrets or {}))
    for name, value in (secrets or {}).items():
        keys.keep_secret(workspace.store.location, target, name, value)
    now = workspace.now()
    values: dict[str, Any] = {
        "base_url": base_url,
        "ca_pem": ca_pem,
        "receipt_public_pem": receipt_public_pem,
    }
    own = select(connector_setting.c.token, connector_setting.c.certificate)
    with workspace.store.write() as connection:
        kept = connection.execute(own.where(connector_setting.c.target == target)).first() or ("", None)
        values |= {"token": kept[0] if token is None else token,
                   "certificate": kept[1] if certificate is None else certificate or None}  # fmt: skip
        connection.execute(delete(connector_setting).where(connector_setting.c.target == target))
        connection.execute(insert(connector_setting).values(target=target, changed_at=now, **values))
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="exchange.configure", subject=target,
            details={"base_url": base_url, "receipt_key": receipt_public_pem, "secrets": sorted(secrets or {})},
        )  # fmt: skip


@permits("exchange.read")
def probe(workspace: Workspace, target: str) -> Probe:
    """What the store knows of reaching ``target``; ``trying.try_connector`` asks it."""
    connector(target)
    try:
        endpoint(workspace.store, target)
    except ConnectorNotConfigured as error:
        return Probe(target, "not_configured", error.message, error.cure)
    return Probe(target, "reachable" if _ever_answered(workspace.store, target) else "never_tried")


def endpoint(store: Store, target: str) -> Endpoint:
    """The settings of a target; raises ``ConnectorNotConfigured``."""
    columns = [c for c in connector_setting.c if c.name != "changed_at"]
    with store.read() as connection:
        row = (
            connection.execute(select(*columns).where(connector_setting.c.target == target))
            .mappings()
            .first()
        )
    if row is None:
        raise not_configured(target)
    return Endpoint(**row)


def configured(store: Store, target: str) -> bool:
    """Whether anybody has said where ``target`` is."""
    with store.read() as connection:
        query = select(connector_setting.c.target).where(connector_setting.c.target == target)
        return connection.execute(query).first() is not None


def receipts_are_files(store: Store, target: str) -> bool:
    """Whether a target's receipts come as files on the way that is configured; False where none is."""
    query = select(connector_setting.c.base_url).where(connector_setting.c.target == target)
    with store.read() as connection:
        url = connection.execute(query).scalar()
    return url is not None and settings.scheme(str(url)) in {"sftp", "file"}


def configured_targets(store: Store) -> list[str]:
    """The declared targets that have been configured so that something can be sent and its receipt be read."""
    with store.read() as connection:
        rows = connection.execute(select(connector_setting.c.target, connector_setting.c.receipt_public_pem))
        known = {row[0]: row[1] for row in rows}
    able = (c for c in connectors() if c.leaving and c.target in known)
    return [c.target for c in able if c.push or not c.receipts.signed or known[c.target]]


def receipt_key(it: Connector, end: Endpoint) -> Ed25519PublicKey | None:
    """The key that its receipts are signed with; None where it is declared not to sign them.

    Raises ``ConnectorNotConfigured`` where its key is needed and was never set.
    """
    if not it.receipts.signed:
        return None
    if not end.receipt_public_pem:
        raise ConnectorNotConfigured(
            _("{system} is configured for extraction only: the key of its receipts is not known.").format(
                system=_(it.title)
            ),
            cure=_("The system administrator sets it under Exchange, from what the operator handed over."),
            target=it.target,
        )
    return read_public_key(end.receipt_public_pem)


def not_configured(target: str | None) -> ConnectorNotConfigured:
    """The error for a target (any target if None) whose place nobody has set."""
    asked = targets() if target is None else [c for c in connectors() if c.target == target]
    names = ", ".join(_(c.title) for c in asked)
    return ConnectorNotConfigured(
        _("{system} is not configured: its address, certificate and receipt key are not known.").format(
            system=names
        ),
        cure=_("The system administrator sets them under Exchange, from what the operator handed over."),
        target=target,
    )


def _client_key(store: Store, target: str, given: Mapping[str, str]) -> str:
    """The private key of our own certificate: the one that is given now, else the one that is kept; or ""."""
    try:
        return given.get("client_key") or keys.secret(store.location, target, "client_key")
    except keys.NoSecret:
        return ""


def _ever_answered(store: Store, target: str) -> bool:
    with store.read() as connection:
        return (
            connection.execute(select(receipt.c.id).where(receipt.c.target == target).limit(1)).first()
            is not None
        )
