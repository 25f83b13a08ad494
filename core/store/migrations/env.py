"""Alembic's entry: runs migrations on the connection that ``core.store.lifecycle`` hands over."""

from alembic import context

from core.model.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can; a killed migration leaves the schema it started from
)
with context.begin_transaction():
    context.run_migrations()
