"""What this store trusts: its station, its senders' keys, and how far each sender's chain has come."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from core.model.ledger import package, trusted_key
from core.packages import crypto
from core.packages.reader import Last, Trust
from core.security import audit, keys
from core.security.workspace import Workspace, permits
from core.store.lifecycle import read_setting


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

    Returns the key's fingerprint; raises ``KeyInvalid``. Audited with the reason.
    """
    crypto.check_sender_key(pem)
    print_ = crypto.fingerprint(pem)
    with workspace.store.write() as connection:
        now = workspace.now()
        mine = (trusted_key.c.sender == sender) & trusted_key.c.revoked_at.is_(None)
        connection.execute(update(trusted_key).where(mine).values(revoked_at=now))
        connection.execute(
            insert(trusted_key).values(
                sender=sender,
                public_pem=pem,
                fingerprint=print_,
                since=now,
                actor=workspace.actor.name,
                reason=reason,
            )
        )
        audit.record(
            connection, at=now, actor=workspace.actor.name, action="key.import", subject=sender,
            details={"fingerprint": print_, "reason": reason},
        )  # fmt: skip
    return print_


def _chains(connection: Connection) -> dict[str, Last]:
    columns = (package.c.sender, package.c.sequence, package.c.descriptor_hash, package.c.file_hash)
    imported = select(*columns).where(package.c.state == "imported").order_by(package.c.sequence)
    chains: dict[str, Last] = {}
    for sender, sequence, descriptor_hash, file_hash in connection.execute(imported):
        known = chains[sender].known if sender in chains else {}
        chains[sender] = Last(sequence, descriptor_hash, {**known, sequence: file_hash})
    return chains
