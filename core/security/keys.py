"""The store's key in the operating system's keyring, and the station's own key pairs in the store."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError
from sqlalchemy import Connection, insert, select

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import station_key
from core.security import audit
from core.security.workspace import Workspace

VARIABLE = "GRIDLINK_STORE_KEY"
SERVICE = "GridLink"
_TRUSTED = ("Windows", "macOS", "SecretService", "libsecret", "kwallet")
"""Keyrings that the operating system itself protects; others (plain files, null) would only look safe."""


class NoStoreKey(GridLinkError):
    """There is no key for the store, neither in the keyring nor in the environment."""

    code = "no_store_key"


class StoreKeyInvalid(GridLinkError):
    """What is given as the store's key is none."""

    code = "store_key_invalid"


def store_key(location: str) -> str:
    """The key of the store at a path: from ``GRIDLINK_STORE_KEY``, else from the keyring.

    Raises ``NoStoreKey`` or ``StoreKeyInvalid``; there is no third place and no unencrypted store.
    """
    given = _from_environment()
    if given:
        return given
    backend = _keyring()
    try:
        kept = backend.get_password(SERVICE, _name(location)) if backend else None
    except KeyringError as error:
        raise _no_key(location, reachable=False) from error
    if not kept:
        raise _no_key(location, reachable=backend is not None)
    return _checked(kept)


def new_store_key(location: str) -> str:
    """The key for a store that is to be made: from the environment, else new and kept in the keyring.

    A key that the keyring holds for the place already is used again and never overwritten: a store
    that lies or lay there needs it. A new one is handed out only after the keyring gave it back, so
    that no store is made that cannot be opened again. Raises ``NoStoreKey`` or ``StoreKeyInvalid``.
    """
    given = _from_environment()
    if given:
        return given
    backend = _keyring()
    if backend is None:
        raise _no_key(location, reachable=False)
    try:
        if not backend.get_password(SERVICE, _name(location)):
            backend.set_password(SERVICE, _name(location), secrets.token_hex(32))
        kept = backend.get_password(SERVICE, _name(location))
    except KeyringError as error:
        raise _no_key(location, reachable=False) from error
    if not kept:
        raise _no_key(location, reachable=False)
    return _checked(kept)


class NoSecret(GridLinkError):
    """A secret that a connector names is neither in the keyring nor in the environment."""

    code = "no_secret"


def secret(location: str, system: str, name: str) -> str:
    """A connector's secret for the store at ``location``: from ``GRIDLINK_SECRET_SYSTEM_NAME``, else the keyring.

    Raises ``NoSecret``; a secret is in no file of ours and in no text.
    """
    given = os.environ.get(_secret_variable(system, name), "")
    if given:
        return given
    backend = _keyring()
    try:
        kept = backend.get_password(SERVICE, _secret_name(location, system, name)) if backend else None
    except KeyringError:
        kept = None
    if not kept:
        raise NoSecret(
            _("The keyring holds no “{name}” for {system}.").format(name=name, system=system),
            cure=_("Set it under Exchange as the user who runs this, or set {variable}.").format(
                variable=_secret_variable(system, name)
            ),
            name=name,
            system=system,
        )
    return kept


def holds_secret(location: str, system: str, name: str) -> bool:
    """Whether ``secret`` would find one."""
    try:
        return bool(secret(location, system, name))
    except NoSecret:
        return False


def keep_secret(location: str, system: str, name: str, value: str) -> None:
    """Keeps a connector's secret in the keyring; raises ``NoSecret`` where there is no keyring that protects it."""
    backend = _keyring()
    try:
        if backend is not None:
            backend.set_password(SERVICE, _secret_name(location, system, name), value)
            return
    except KeyringError:
        pass
    raise NoSecret(
        _("The keyring of this machine is not available, so “{name}” for {system} cannot be kept.").format(
            name=name, system=system
        ),
        cure=_("Unlock the keyring, or set {variable} for the programme.").format(
            variable=_secret_variable(system, name)
        ),
        name=name,
        system=system,
    )


def _secret_variable(system: str, name: str) -> str:
    return f"GRIDLINK_SECRET_{system}_{name}".upper()


def _secret_name(location: str, system: str, name: str) -> str:
    return f"{location}#{system}.{name}"


def _from_environment() -> str:
    given = os.environ.get(VARIABLE, "").strip()
    return _checked(given) if given else ""


def _checked(key: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", key):
        raise StoreKeyInvalid(
            _("{variable} must be 64 hexadecimal digits; it has {length} characters.").format(
                variable=VARIABLE, length=len(key)
            ),
            cure=_("Set it to the key that the store was made with, without blanks or quotes."),
        )
    return key.lower()


def _no_key(location: str, *, reachable: bool) -> NoStoreKey:
    if reachable:
        message = _("The keyring holds no key for the store {path}.")
        cure = _("Log in as the user who made the store, or set {variable} to its 64 hexadecimal digits.")
    else:
        message = _("The keyring of this machine is not available, so there is no key for the store {path}.")
        cure = _("Unlock the keyring, or set {variable} to 64 hexadecimal digits and keep them safe.")
    return NoStoreKey(
        message.format(path=location), cure=cure.format(variable=VARIABLE), path=location, variable=VARIABLE
    )


def _name(location: str) -> str:
    return str(Path(location).resolve())


def _keyring() -> KeyringBackend | None:
    return next((one for one in _backends(keyring.get_keyring()) if _protects(one)), None)


def _backends(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    members: Any = getattr(backend, "backends", None)  # keyring's chain of several
    yield from members if members is not None else (backend,)


def _protects(backend: KeyringBackend) -> bool:
    return type(backend).__module__ in {f"keyring.backends.{name}" for name in _TRUSTED}


# --- the station's keys ----------------------------------------------------------------------------


def ensure_station_keys(connection: Connection, at: str, actor: str = "GridLink") -> None:
    """Makes the station's key pairs where they are missing: ``seal`` (X25519) opens, ``sign`` (Ed25519) signs."""
    held = set(connection.execute(select(station_key.c.kind)).scalars())
    for kind, make in (("seal", X25519PrivateKey.generate), ("sign", Ed25519PrivateKey.generate)):
        if kind in held:
            continue
        private, public = _pems(make())
        connection.execute(
            insert(station_key).values(kind=kind, private_pem=private, public_pem=public, since=at)
        )
        audit.record(
            connection, at=at, actor=actor, action="key.station_made", subject=kind, details={"public": public}
        )


def seal_public_pem(workspace: Workspace) -> str:
    """The public key that senders seal identities to (SPKI PEM); handed to them, it is no secret."""
    with workspace.store.read() as connection:
        return _latest(connection, "seal", "public_pem") or ""


def seal_private_pem(connection: Connection) -> str | None:
    """The private key that opens sealed identities (PKCS8 PEM), kept by the store's own encryption."""
    return _latest(connection, "seal", "private_pem")


def sign_key_pems(connection: Connection) -> tuple[str, str]:
    """The pair (private, public) that signs what leaves the station."""
    return _latest(connection, "sign", "private_pem") or "", _latest(connection, "sign", "public_pem") or ""


def _latest(connection: Connection, kind: str, column: str) -> str | None:
    query = select(station_key.c[column]).where(station_key.c.kind == kind)
    return connection.execute(query.order_by(station_key.c.id.desc())).scalar()


def _pems(key: X25519PrivateKey | Ed25519PrivateKey) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
