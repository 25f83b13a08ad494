"""Foundation: registry, ledger, exchange, accounts, audit chain."""

from alembic import op

import core.model.exchange
import core.model.ledger
import core.model.registry
import core.model.security
from core.model.metadata import metadata
from core.store import search

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for statement in getattr(core.model.security, "AUDIT_TRIGGERS", {}).get(op.get_bind().dialect.name, ()):
        op.execute(statement)
    search.create(op.get_bind())


def downgrade() -> None:
    search.drop(op.get_bind())
    metadata.drop_all(op.get_bind())
