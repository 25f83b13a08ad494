"""What this store trusts: its station, its senders' keys, and how far each sender's chain has come."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from core.errors import GridLinkError
from core.i18n import _
from core.model.ledger import package, trusted_key
from core.model.resources import SENDERS
from core.packages import crypto
from core.packages.chain import Last, Trust
from core.security import audit, keys
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting


class TrustUnfounded(GridLinkError):
    """A key that would be trusted for nobody, or without a reason that an auditor can read."""

    code = "trust_unfounded"


@permits("package.check")
def trust_of(workspace: Workspace) -> Trust:
    """What the next package is checked against; an undone import no longer counts."""
    with workspace.store.read() as connection:
        current = select(trusted_key.c.sender, trusted_key.c.public_pem).where(
            trusted_key.c.revoked_at.is_(None)
        )
        return Trust(
            station=read_setting(connection, "station"),
            keys={row.sender: row.public_pem for row in connection.execute(current)},
            last=_chains(connection),
            seal_private_pem=keys.seal_private_pem(connection),
        )


@permits("key.manage")
def import_sender_key(workspace: Workspace, sender: str, pem: str, *, reason: str) -> str:
    """Trusts an Ed25519 public key (SPKI PEM) from now on in place of the sender's earlier one.

    Returns the key's fingerprint; raises ``KeyInvalid`` or ``TrustUnfounded``. Audited with the reason.
    """
    _check_founded(sender, reason)
    crypto.check_sender_key(pem)
    fingerprint = crypto.fingerprint(pem)
    with workspace.store.write() as connection:
        now, actor = workspace.now(), workspace.actor.name
        mine = (trusted_key.c.sender == sender) & trusted_key.c.revoked_at.is_(None)
        replaced = list(connection.execute(select(trusted_key.c.fingerprint).where(mine)).scalars())
        connection.execute(update(trusted_key).where(mine).values(revoked_at=now))
        connection.execute(insert(trusted_key).values(
            sender=sender, public_pem=pem, fingerprint=fingerprint, since=now, actor=actor, reason=reason.strip(),
        ))  # fmt: skip
        details = {"fingerprint": fingerprint, "reason": reason.strip(), "replaces": replaced}
        audit.record(connection, at=now, actor=actor, action="key.import", subject=sender, details=details)
    return fingerprint


def _check_founded(sender: str, reason: str) -> None:
    if sender not in SENDERS:
        raise TrustUnfounded(
            _("There is no sender “{sender}” in the package format.").format(sender=sender),
            cure=_("Name one of: {senders}.").format(senders=", ".join(SENDERS)),
            expected=list(SENDERS), found=sender,
        )  # fmt: skip
    if not reason.strip():
        raise TrustUnfounded(
            _("A key is trusted only for a stated reason."),
            cure=_(
                "Say how you received the key and how you made sure whose it is; the auditor will read it."
            ),
        )


def _chains(connection: Connection) -> dict[str, Last]:
    columns = (package.c.sender, package.c.sequence, package.c.descriptor_hash, package.c.file_hash)
    imported = select(*columns).where(package.c.state == "imported").order_by(package.c.sequence)
    known: dict[str, dict[int, str]] = {}
    newest: dict[str, tuple[int, str]] = {}
    for row in connection.execute(imported):
        known.setdefault(row.sender, {})[row.sequence] = row.file_hash
        newest[row.sender] = (row.sequence, row.descriptor_hash)
    return {sender: Last(*newest[sender], known=files) for sender, files in known.items()}
