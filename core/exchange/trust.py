"""What is trusted of an upstream system and what it is shown: certificates with their expiry, secrets by name only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cryptography.x509 import Name, load_pem_x509_certificates
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from core.exchange.configuration import Endpoint, endpoint
from core.exchange.declared import in_force
from core.model.exchange import connector_setting
from core.security import keys
from core.security.workspace import Workspace, permits
from core.store.engine import Store

WARN_DAYS: Final = 30
"""So many days before its end a certificate is called out."""

Standing = Literal["valid", "soon", "expired"]
Role = Literal["authority", "own"]


@dataclass(frozen=True)
class Certificate:
    """One certificate that the way to a system rests on; ``days`` are left, negative where it has expired."""

    role: Role
    subject: str
    issuer: str
    begins: str
    ends: str
    days: int

    @property
    def standing(self) -> Standing:
        """Whether it holds, soon no longer does, or does not."""
        if self.days < 0:
            return "expired"
        return "soon" if self.days <= WARN_DAYS else "valid"


@dataclass(frozen=True)
class Trust:
    """The settings of a system as they may be shown; ``secrets`` says of each name whether one is kept."""

    base_url: str
    ca_pem: str
    receipt_public_pem: str
    certificate: str
    certificates: tuple[Certificate, ...]
    secrets: Mapping[str, bool]


@permits("exchange.read")
def trust(workspace: Workspace, target: str) -> Trust:
    """What is set for ``target``; raises ``ConnectorNotConfigured``. No secret is in it."""
    end = endpoint(workspace.store, target)
    return Trust(
        end.base_url, end.ca_pem, end.receipt_public_pem, end.certificate or "", _certificates(end, workspace.now()),
        _secrets(workspace.store, end),
    )  # fmt: skip


@permits("exchange.read")
def expiring(workspace: Workspace) -> dict[str, Certificate]:
    """Target → the certificate that ends first, where one has expired or soon will."""
    with workspace.store.read() as connection:
        targets = list(connection.execute(select(connector_setting.c.target)).scalars())
    found: dict[str, Certificate] = {}
    for target in targets:
        held = _certificates(endpoint(workspace.store, target), workspace.now())
        first = min(held, key=lambda one: one.days, default=None)
        if first is not None and first.standing != "valid":
            found[target] = first
    return found


def read_certificates(pem: str, *, role: Role, now: str) -> list[Certificate]:
    """The certificates in a text; none where it is no PEM (an SSH host key, nothing at all)."""
    try:
        read = load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []
    at = datetime.fromisoformat(now)
    return [
        Certificate(
            role, _name(one.subject), _name(one.issuer), one.not_valid_before_utc.isoformat(),
            one.not_valid_after_utc.isoformat(), (one.not_valid_after_utc - at).days,
        )
        for one in read
    ]  # fmt: skip


def _certificates(end: Endpoint, now: str) -> tuple[Certificate, ...]:
    own = read_certificates(end.certificate or "", role="own", now=now)
    return (*read_certificates(end.ca_pem, role="authority", now=now), *own)


def _secrets(store: Store, end: Endpoint) -> dict[str, bool]:
    return {
        name: (name == "token" and bool(end.token)) or keys.holds_secret(store.location, end.target, name)
        for name in in_force(store, end.target).authentication.secrets
    }


def _name(name: Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
