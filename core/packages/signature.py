"""Whether the sender that a package names signed its descriptor with the key that this store trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.packages import crypto, descriptor, refusals
from core.packages.archive import Archive
from core.packages.descriptor import Descriptor

_LARGEST: Final = 16 << 10
"""Bytes: a detached signature by EdDSA has some 150."""


def check_signature(archive: Archive, declared: Descriptor, raw: bytes, keys: Mapping[str, str]) -> None:
    """Raises ``SignatureMissing``, ``SignatureInvalid`` or ``UnknownKey``; ``raw`` are the descriptor's exact bytes."""
    if descriptor.SIGNATURE not in archive.names:
        raise refusals.SignatureMissing()
    if (size := archive.size(descriptor.SIGNATURE)) > _LARGEST:
        raise refusals.SignatureUnreadable(expected=declared.sender, reason=f"{size} > {_LARGEST}")
    try:
        signature = archive.read(descriptor.SIGNATURE).decode("ascii", errors="replace").strip()
        claimed = crypto.signer(signature)
    except (refusals.MemberDamaged, crypto.Unreadable) as error:
        raise refusals.SignatureUnreadable(expected=declared.sender, reason=str(error)) from error
    if claimed != declared.sender:
        raise refusals.SignerDiffers(expected=declared.sender, found=claimed)
    if declared.sender not in keys:
        raise refusals.UnknownKey(sender=declared.sender)
    try:
        crypto.verify(raw, signature, public_pem=keys[declared.sender])
    except crypto.Unreadable as error:
        fingerprint = crypto.fingerprint(keys[declared.sender])
        raise refusals.SignatureInvalid(expected=declared.sender, fingerprint=fingerprint) from error
