"""Brings a database to the current schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(database_url: str, reader_password: str | None = None) -> None:
    """Run what is missing, each migration in a transaction of its own; safe to call from several processes at once.

    With `reader_password` the role `fieldline_reader` may log in with it; without, its right to log in stays as it is.
    """
    url = database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(hashtext('fieldline migrate'))"))
        await connection.commit()
        await connection.run_sync(_upgrade)
        await connection.commit()
        if reader_password is not None:
            quoted = await connection.scalar(text("SELECT quote_literal(:password)"), {"password": reader_password})
            await connection.execute(text(f"ALTER ROLE fieldline_reader LOGIN PASSWORD {quoted}".replace(":", r"\:")))
            await connection.commit()
        await connection.execute(text("SELECT ensure_partitions(now()), ensure_partitions(now() + interval '7 days')"))
        await connection.commit()
    await engine.dispose()


def current() -> str:
    """The number of the current schema, as `alembic_version` has it in a database that was migrated to it."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
