"""The migrations: what they make is what the models say, again and at the same time."""

import asyncio
import re

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import bridge.schema  # noqa: F401  the tables register themselves
from bridge.migrate import migrate
from tests.services import Database


def _differences(connection: Connection) -> list[object]:
    def is_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and name is not None and (re.search(r"_\d{4}", name) or name == "alembic_version"))

    context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


async def test_models_and_migrated_database_agree(database_url: str) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_migrating_at_the_same_time_and_again_is_safe(migrated: Database) -> None:
    server = await asyncpg.connect(migrated.url("postgres"))
    await server.execute("CREATE DATABASE together")
    await asyncio.gather(*(migrate(migrated.url("together")) for _ in range(3)))
    await migrate(migrated.url("together"))
    await server.execute("DROP DATABASE together WITH (FORCE)")
    await server.close()


MAY_READ = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    AND has_table_privilege('fieldline_reader', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
"""
MAY_CALL = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
    AND has_function_privilege('fieldline_reader', oid, 'EXECUTE')
"""
"""Of functions with more rights than their caller: all others do no more than it might by itself."""


@pytest.mark.parametrize("password", ["secret", 'it\'s:%\\ "quoted"'])
async def test_the_reader_logs_in_with_its_password_and_may_only_read_the_views_and_call_the_chart(
    database_url: str, password: str
) -> None:
    await migrate(database_url, password)
    reader = await asyncpg.connect(database_url, user="fieldline_reader", password=password)
    for view in ("readings", "latest", "devices"):
        await reader.fetch(f"TABLE {view}")
    await reader.fetch("SELECT * FROM chart('*', now() - interval '1 h', now(), 100)")
    assert {name for (name,) in await reader.fetch(MAY_READ)} == {"readings", "latest", "devices"}
    assert [name for (name,) in await reader.fetch(MAY_CALL)] == ["chart"]
    for statement in (
        "SELECT * FROM reading",
        "SELECT * FROM reject",
        "DELETE FROM reading",
        "SELECT tick()",
        "CREATE TABLE t ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(statement)
    await reader.close()
