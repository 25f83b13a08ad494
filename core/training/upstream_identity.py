"""Who the training receiver is: its certificate authority and server certificate, receipt key and token."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_FILES = ("ca.pem", "server.pem", "receipt.key.pem", "receipt.pub.pem", "token", "client.pem", "client.key.pem")


@dataclass(frozen=True)
class Identity:
    """What the receiver keeps in its folder; ``server_pem`` is the path of certificate and key together."""

    ca_pem: str
    server_pem: Path
    receipt_key: Ed25519PrivateKey
    receipt_public_pem: str
    token: str
    client_certificate: str
    client_key: str


def renew_server(folder: Path) -> None:
    """Gives the server a certificate of another authority, as after an exchange that nobody announced."""
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "GridLink training authority II")])
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    leaf = _certificate(leaf_name, name, server_key, ca_key, authority=False)
    (folder / "server.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + _private(server_key))


def identity(folder: Path) -> Identity:
    """The identity in ``folder``, made at the first start and kept, so that a restart is the same receiver."""
    if not all((folder / name).exists() for name in _FILES):
        _make(folder)
    key = serialization.load_pem_private_key((folder / "receipt.key.pem").read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("receipt.key.pem holds no Ed25519 key")
    return Identity(
        ca_pem=(folder / "ca.pem").read_text(), server_pem=folder / "server.pem", receipt_key=key,
        receipt_public_pem=(folder / "receipt.pub.pem").read_text(), token=(folder / "token").read_text(),
        client_certificate=(folder / "client.pem").read_text(), client_key=(folder / "client.key.pem").read_text(),
    )  # fmt: skip


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "GridLink training authority")])
    ca = _certificate(name, name, ca_key, ca_key, authority=True)
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    leaf = _certificate(leaf_name, name, server_key, ca_key, authority=False)
    pem = serialization.Encoding.PEM
    client_key = ec.generate_private_key(ec.SECP256R1())
    client_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "GridLink station")])
    client = _certificate(client_name, name, client_key, ca_key, authority=False)
    receipt_key = Ed25519PrivateKey.generate()
    public = receipt_key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    for file, content in {
        "ca.pem": ca.public_bytes(pem),
        "server.pem": leaf.public_bytes(pem) + _private(server_key),
        "receipt.key.pem": _private(receipt_key),
        "receipt.pub.pem": public,
        "client.pem": client.public_bytes(pem),
        "client.key.pem": _private(client_key),
        "token": secrets.token_urlsafe(32).encode(),
    }.items():
        (folder / file).touch(mode=0o600)
        (folder / file).write_bytes(content)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey,
    *, authority: bool,
) -> x509.Certificate:  # fmt: skip
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("key_agreement", "content_commitment", "data_encipherment", "key_encipherment", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.KeyUsage(
            digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )  # fmt: skip
    if not authority:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _private(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
