"""The migrations: what they make is what the models say, again and at the same time."""

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import bridge.schema  # noqa: F401  the tables register themselves
from bridge.migrate import migrate
from tests.eventually import eventually
from tests.project.documents import blocks, read
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
    await reader.execute("SET default_transaction_read_only = off")
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


SETTINGS = """
SELECT ARRAY[current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
    current_setting('default_transaction_read_only')]
"""
PATIENCE = ["1min", "1min", "on"]


async def test_who_logs_in_as_the_reader_has_a_minute_for_a_statement_and_writes_nothing(database_url: str) -> None:
    await migrate(database_url, "secret")
    reader = await asyncpg.connect(database_url, user="fieldline_reader", password="secret")  # noqa: S106
    assert await reader.fetchval(SETTINGS) == PATIENCE
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await reader.execute("CREATE TEMPORARY TABLE t ()")
    await reader.execute("SET statement_timeout = 0")  # it is no cage
    await reader.close()


async def test_a_person_has_it_as_the_document_says(database_url: str) -> None:
    """A member of a role has its rights, and not its settings."""
    [recipe] = [block.text for block in blocks(read("docs/operations.md")) if "CREATE ROLE" in block.text]
    owner = await asyncpg.connect(database_url)
    await owner.execute(recipe)
    try:
        ada = await asyncpg.connect(database_url, user="ada", password="…")  # noqa: S106
        assert await ada.fetchval(SETTINGS) == PATIENCE
        await ada.fetch("TABLE latest")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ada.fetch("TABLE reading")
        await ada.close()
    finally:
        await owner.execute("DROP ROLE ada")
        await owner.close()


@pytest.fixture
async def without_settings(migrated: Database) -> AsyncIterator[asyncpg.Connection]:
    """A server on which nothing is set for the reader, and a user `plain` with the database `plain` and no right beyond it."""
    server = await asyncpg.connect(migrated.url("postgres"))
    before: list[str] = await server.fetchval("SELECT rolconfig FROM pg_roles WHERE rolname = 'fieldline_reader'")
    await server.execute("ALTER ROLE fieldline_reader RESET ALL")
    await server.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    await server.execute("CREATE DATABASE plain OWNER plain")
    yield server
    await server.execute("DROP DATABASE plain WITH (FORCE)")
    await server.execute("DROP ROLE plain")
    for name, value in (one.split("=", 1) for one in before):
        await server.execute(f"ALTER ROLE fieldline_reader SET {name} = '{value}'")
    await server.close()


SET = "SELECT coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = 'fieldline_reader'"


async def test_what_somebody_has_set_for_the_reader_stays(
    migrated: Database, without_settings: asyncpg.Connection
) -> None:
    await without_settings.execute("ALTER ROLE fieldline_reader SET statement_timeout = '10min'")
    await migrate(migrated.url("plain"))
    assert "statement_timeout=10min" in await without_settings.fetchval(SET)
    assert "default_transaction_read_only=on" in await without_settings.fetchval(SET)


@pytest.mark.parametrize("before", [[], ["ALTER ROLE fieldline_reader SET work_mem = '8MB'"]])
async def test_two_databases_of_a_server_are_migrated_at_once(
    migrated: Database, without_settings: asyncpg.Connection, before: list[str]
) -> None:
    """What is set for a role is one row for both of them."""
    for statement in before:
        await without_settings.execute(statement)

    async def waits() -> bool:
        look = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'plain' AND wait_event_type = 'Lock'"
        await without_settings.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction it stays what it was
        return bool(await without_settings.fetchval(look))

    async with without_settings.transaction():
        await without_settings.execute("ALTER ROLE fieldline_reader SET statement_timeout = '60s'")
        migrating = asyncio.create_task(migrate(migrated.url("plain")))
        await eventually(waits)
    async with asyncio.timeout(20):
        await migrating


async def test_who_may_not_set_anything_for_the_reader_migrates_all_the_same(
    migrated: Database, without_settings: asyncpg.Connection
) -> None:
    parts = urlsplit(migrated.url("plain"))
    await migrate(parts._replace(netloc=f"plain:plain@{parts.netloc.rpartition('@')[2]}").geturl())
    assert await without_settings.fetchval(SET) == []
