"""Foundation: registry, ledger, exchange, accounts, audit chain; the statements are frozen beside this file."""

from pathlib import Path

from alembic import op

from core.store import search

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = Path(__file__).with_suffix("")


def upgrade() -> None:
    """Makes every table, index and audit trigger; the search index is derived and made as it is today."""
    _run(op.get_bind().dialect.name)
    search.create(op.get_bind())


def downgrade() -> None:
    """Removes everything again (for tests; users go forward)."""
    search.drop(op.get_bind())
    _run("down")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS audit_refuse()")


def _run(name: str) -> None:
    # A blank line parts the statements; the driver is given each as it is.
    for statement in (_STATEMENTS / f"{name}.sql").read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
