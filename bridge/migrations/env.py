"""Alembic's entry: runs the migrations on the connection that `bridge.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

import bridge.schema  # noqa: F401  the tables register themselves

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
