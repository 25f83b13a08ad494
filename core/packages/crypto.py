"""Signing and sealing: detached JWS by EdDSA, compact JWE by ECDH-ES+A256KW on X25519 with A256GCM."""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc import jwe, jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from joserfc.jws import detach_content

from core.errors import GridLinkError
from core.i18n import _

_ALGORITHM: Final = "EdDSA"
_SEAL: Final = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}
_LONGEST: Final = 1 << 30
"""Bytes: the library's own limits are made for web tokens; the archive's limits hold before these."""


class _Signing(jws.JWSRegistry):
    max_payload_length = _LONGEST


class _Sealing(jwe.JWERegistry):
    max_ciphertext_length = _LONGEST


_SIGNING: Final = _Signing(algorithms=[_ALGORITHM])
_SEALING: Final = _Sealing(algorithms=list(_SEAL.values()))
"""Only what version 1 names; a seal is never compressed, so nothing can be blown up after it was opened."""
_GARBAGE: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, InvalidTag, InvalidUnwrap)
"""What the library raises for texts that are no tokens or open with another key."""


class KeyInvalid(GridLinkError):
    """A key file is not of the kind that is needed."""

    code = "key_invalid"


class Unreadable(Exception):
    """A signature or seal does not open; the text says why."""


def sign(descriptor: bytes, *, sender: str, private_pem: str) -> str:
    """The detached signature (RFC 7515 appendix F) of the descriptor's exact bytes."""
    key = _key(private_pem, Ed25519PrivateKey)
    with _version_one_algorithm():
        header = {"alg": _ALGORITHM, "kid": sender}
        return detach_content(jws.serialize_compact(header, descriptor, key, registry=_SIGNING))


def signer(signature: str) -> str:
    """The ``kid`` that a detached signature claims; raises ``Unreadable`` where it is none of version 1."""
    header, payload, *_rest = [*signature.split("."), "", ""]
    try:
        claimed = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if (
        payload
        or not isinstance(claimed, dict)
        or set(claimed) != {"alg", "kid"}
        or claimed["alg"] != _ALGORITHM
    ):
        raise Unreadable("not a detached signature by EdDSA")
    return str(claimed["kid"])


def verify(descriptor: bytes, signature: str, *, public_pem: str) -> None:
    """Raises ``Unreadable`` unless the signature is by the key over these very bytes."""
    key = _key(public_pem, Ed25519PublicKey)
    try:
        with _version_one_algorithm():
            jws.deserialize_compact(signature, key, registry=_SIGNING, payload=descriptor)
    except _GARBAGE as error:
        raise Unreadable(type(error).__name__) from error


def seal(content: bytes, *, public_pem: str) -> bytes:
    """The content as compact JWE, to be opened by the holder of the X25519 key only."""
    key = _key(public_pem, X25519PublicKey)
    return jwe.encrypt_compact(dict(_SEAL), content, key, registry=_SEALING).encode()


def unseal(sealed: bytes, *, private_pem: str) -> bytes:
    """The sealed content; raises ``Unreadable`` for another key or damaged bytes."""
    key = _key(private_pem, X25519PrivateKey)
    try:
        plain = jwe.decrypt_compact(sealed, key, registry=_SEALING).plaintext
    except _GARBAGE as error:
        raise Unreadable(type(error).__name__) from error
    return plain or b""


def check_sender_key(pem: str) -> None:
    """Raises ``KeyInvalid`` unless the text is an Ed25519 public key."""
    _key(pem, Ed25519PublicKey)


def fingerprint(pem: str) -> str:
    """``SHA256:`` and the hex digest of the key's SPKI bytes, to be compared by telephone."""
    public = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(public).hexdigest()}"


def _key(pem: str, kind: type) -> OKPKey:
    private = kind in {Ed25519PrivateKey, X25519PrivateKey}
    try:
        loaded = load_pem_private_key(pem.encode(), None) if private else load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise _invalid(kind) from error
    if not isinstance(loaded, kind):
        raise _invalid(kind)
    return OKPKey.import_key(pem)


def _invalid(kind: type) -> KeyInvalid:
    return KeyInvalid(
        _("The key is not of the kind that is needed here: {kind}.").format(kind=kind.__name__),
        cure=_("Give a PEM file: PKCS8 for private keys, SPKI for public ones."),
        expected=kind.__name__,
    )


class _version_one_algorithm(warnings.catch_warnings):  # noqa: N801 - reads as a phrase where it is used
    """Package version 1 fixes the name “EdDSA”, which RFC 9864 has since split; the warning is known."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore", SecurityWarning)
