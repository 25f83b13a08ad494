"""Speed: deliveries by their receipt number, a search index a sixth as large; statements beside it."""

from pathlib import Path

from alembic import op

from core.store import search

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STATEMENTS = Path(__file__).with_suffix("")


def upgrade() -> None:
    """Makes the index of receipt numbers; the search index is derived and made anew as it is today."""
    _run(op.get_bind().dialect.name)
    search.drop(op.get_bind())
    search.create(op.get_bind())
    search.rebuild(op.get_bind())


def downgrade() -> None:
    """Removes the index again (for tests; users go forward); the search index stays as it is."""
    _run("down")


def _run(name: str) -> None:
    # A blank line parts the statements; the driver is given each as it is.
    for statement in (_STATEMENTS / f"{name}.sql").read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
