"""Runs SQL scripts of many statements, which a prepared statement, SQLAlchemy's only way, does not take."""

from typing import cast

from alembic import op
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection


def run_script(sql: str) -> None:
    """Run the statements in the migration's transaction."""
    op.execute("SELECT 1")  # SQLAlchemy opens its transaction with the first statement that it sees
    connection = cast("AsyncAdapt_asyncpg_connection", op.get_bind().connection.dbapi_connection)
    connection.run_async(lambda driver: driver.execute(sql))
