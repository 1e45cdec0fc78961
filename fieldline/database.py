"""The commands' door to Postgres: it asks and never writes, and says in one line why there is no answer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bridge.trouble import TEMPORARY

CONNECT_SECONDS = 10.0


class DatabaseError(OSError):
    """There is no answer; the text says what was expected and what was got."""


class Database:
    """A few connections that only read; as many questions run at once."""

    def __init__(self, pool: asyncpg.Pool, url: str) -> None:
        self._pool = pool
        self._url = url

    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        """All rows of one statement, that is, of one snapshot. Raises `DatabaseError`. Cancelled, it ends in Postgres too."""
        try:
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection, connection.transaction(readonly=True):
                return await connection.fetch(sql, *arguments)
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError) as error:
            raise DatabaseError("the database has no current schema: run `fieldline migrate`") from error
        except TEMPORARY as error:
            raise DatabaseError(f"expected {place(self._url)} to answer, got: {_line(error)}") from error


@asynccontextmanager
async def opened(url: str, connections: int = 1, **settings: str) -> AsyncIterator[Database]:
    """The database at `url`, connected to when it is first asked. `settings` are Postgres's own, for these connections."""
    ours = {
        "application_name": "fieldline",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",  # plans for the very times asked for read only the weeks that hold them
    }
    try:
        pool = asyncpg.create_pool(
            url, min_size=0, max_size=connections, timeout=CONNECT_SECONDS, server_settings=ours | settings
        )
        await pool
    except (asyncpg.InterfaceError, ValueError) as error:
        raise DatabaseError(
            f"expected a URL as postgresql://user:password@host:port/name, got: {_line(error)}"
        ) from error
    try:
        yield Database(pool, url)
    finally:
        pool.terminate()  # nothing here writes, so nothing has to end first


def place(url: str) -> str:
    """The database of a URL, without user and password."""
    parts = urlsplit(url)
    return f"the database at {parts.netloc.rpartition('@')[2] or 'localhost'}{parts.path}"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
