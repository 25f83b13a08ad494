"""Own grids: indexes from a grid to its addresses and houses that answer alone; statements beside it."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_STATEMENTS = Path(__file__).with_suffix("")


def upgrade() -> None:
    """Widens the two indexes."""
    _run(op.get_bind().dialect.name)


def downgrade() -> None:
    """Narrows them again (for tests; users go forward)."""
    _run("down")


def _run(name: str) -> None:
    # A blank line parts the statements; the driver is given each as it is.
    for statement in (_STATEMENTS / f"{name}.sql").read_text(encoding="utf-8").split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
