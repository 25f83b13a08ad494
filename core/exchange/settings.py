"""Whether a place, a certificate or a key can be what an upstream system's declaration needs."""

from __future__ import annotations

import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from core.errors import GridLinkError
from core.exchange.declaration import Connector
from core.exchange.receipts import read_public_key
from core.exchange.transports.credentials import ClientCertificate
from core.i18n import _

_SCHEMES: Final = {
    "https": ("https",), "rest": ("https",), "sftp": ("sftp",), "ferry": ("file",), "files": ("file",),
    "database": ("postgresql", "sqlite", "mysql", "oracle", "mssql"),
}  # fmt: skip


class ConnectorSettingInvalid(GridLinkError):
    """An address, certificate or key that cannot be one."""

    code = "connector_setting_invalid"


def schemes(it: Connector) -> tuple[str, ...]:
    """How addresses of a system may begin; one that is carried by a channel may be a folder as well."""
    own = _SCHEMES[it.transport.kind]
    other = _SCHEMES[it.transport.alternative] if it.transport.alternative else ()
    return (*own, *other, *(("file",) if it.carried_by else ()))


def scheme(base_url: str) -> str:
    """How an address begins, without the name of a driver."""
    return base_url.split(":", 1)[0].split("+", 1)[0]


def way_of(it: Connector, base_url: str) -> str:
    """Which way an address means: the declared one, its alternative, or the channel's folders."""
    begins = scheme(base_url)
    own, other = it.transport.kind, it.transport.alternative
    return next((kind for kind in (own, other) if kind and begins in _SCHEMES[kind]), "ferry")


def check(it: Connector, *, base_url: str, ca_pem: str, receipt_public_pem: str) -> None:
    """Raises ``ConnectorSettingInvalid`` for what cannot be right."""
    allowed, begins = schemes(it), scheme(base_url)
    if begins not in allowed:
        told = " / ".join(f"{name}://" for name in allowed)
        raise _invalid(_("The address must begin with {schemes}.").format(schemes=told), "base_url")
    if begins == "https":
        _check_authority(ca_pem)
    elif begins == "sftp":
        _check_host_key(ca_pem)
    elif begins == "file" and not folder_of(base_url).is_dir():
        raise _invalid(_("There is no folder {path}.").format(path=folder_of(base_url)), "base_url")
    if it.receipts.form != "none" and it.receipts.signed and (it.push or receipt_public_pem):
        _check_receipt_key(receipt_public_pem)


def check_secrets(it: Connector, names: Collection[str]) -> None:
    """Raises ``ConnectorSettingInvalid`` for a secret that the declaration does not name: nobody would ask for it."""
    unknown = sorted(set(names) - set(it.authentication.secrets))
    if unknown:
        raise ConnectorSettingInvalid(
            _("{system} has no secret “{name}”.").format(system=_(it.title), name=unknown[0]),
            cure=_("Its declaration names: {names}.").format(
                names=", ".join(it.authentication.secrets) or "–"
            ),
            field="secrets",
        )


def check_own(certificate: str, key: str) -> None:
    """Raises ``ConnectorSettingInvalid`` where our certificate is none, or is not the one of our key (where known)."""
    _check_authority(certificate, "certificate")
    if not key:
        return
    try:
        ClientCertificate(certificate, key).load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except (ssl.SSLError, ValueError) as error:
        raise _invalid(_("Our certificate and its private key are not a pair."), "certificate") from error


def folder_of(base_url: str) -> Path:
    """The folder that a ``file://`` address names."""
    return Path(url2pathname(urlsplit(base_url).path))


def _check_authority(pem: str, place: str = "ca_pem") -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise _invalid(_("The certificate is not a certificate in PEM form."), place) from error


def _check_host_key(line: str) -> None:
    from core.exchange.transports.sftp import is_host_key  # noqa: PLC0415 - brings asyncssh, for those who use SFTP

    if not is_host_key(line):
        raise _invalid(_("The host key is not a public key of OpenSSH's form."), "ca_pem")


def _check_receipt_key(pem: str) -> None:
    try:
        read_public_key(pem)
    except ValueError as error:
        raise _invalid(
            _("The receipt key is not an Ed25519 public key in PEM form."), "receipt_public_pem"
        ) from error


def _invalid(message: str, place: str) -> ConnectorSettingInvalid:
    return ConnectorSettingInvalid(
        message, cure=_("Take it unchanged from what the operator handed over."), field=place
    )
