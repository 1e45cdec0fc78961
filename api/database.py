"""The api's door to Postgres: reads rows, with moments as microseconds since the epoch, and says plainly when it can't."""

import copy
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Annotated, Any, Self

import asyncpg
from fastapi import Depends
from starlette.requests import HTTPConnection

from api.priority import give_way
from api.problem import ProblemError
from api.turns import Turns

POSTGRES_EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds, from which Postgres counts
CONNECTIONS = 4
"""Two processors are busy with as many; more would only take from each other, and from what is stored."""
CONNECT_SECONDS = 5.0  # a browser that waits longer than this for a refusal thinks the page is broken

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # "connection is closed": it broke under a query
    asyncpg.InternalClientError,  # "another operation is in progress": the server's farewell is, unread yet
    asyncpg.OperatorInterventionError,  # shutdown, crash, starting up
    asyncpg.InsufficientResourcesError,  # too many connections, disk or memory full
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
MIGRATE = "the database has no current schema: run `fieldline migrate`"


class Database:
    """A bounded pool of read-only connections: as many queries run at once, in turns, and give way to what is stored.

    The database may be away at the start and come back at any time; meanwhile every request ends with 503.
    A query that is cancelled, because its client left, is cancelled in Postgres too (asyncpg sees to it).
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = CONNECTIONS,
        statement_seconds: float = 30,
        behind: Callable[[], bool] = lambda: False,
    ) -> None:
        self.statement_seconds = statement_seconds
        self._turns = Turns(connections, behind)
        self._begun = False
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            timeout=CONNECT_SECONDS,
            init=_prepare,
            server_settings={
                "application_name": "fieldline api",
                "statement_timeout": str(round(statement_seconds * 1000)),
                "default_transaction_read_only": "on",
                # A plan for the very times asked for touches only the weeks that hold them.
                "plan_cache_mode": "force_custom_plan",
                # The first thousand rows of a series lie in order in its key. While a week is empty, the planner would
                # rather read all that follow and sort them. Where nothing else is possible it still sorts.
                "enable_sort": "off",
                "jit": "off",  # compiling takes longer than any of these queries
            },
        )

    async def __aenter__(self) -> Self:
        await self._pool
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.terminate()  # nothing here writes, so nothing has to end first

    @property
    def waiting(self) -> int:
        """Questions that wait for their turn."""
        return self._turns.waiting

    def begun(self) -> Self:
        """The same, for an answer that has begun: it waits for its turns as long as it takes, and is not refused one."""
        begun = copy.copy(self)
        begun._begun = True  # noqa: SLF001  its own
        return begun

    async def fetch(self, sql: str, *arguments: object, setting: str | None = None) -> Sequence[asyncpg.Record]:
        """All rows of one statement, that is, of one snapshot; `setting` is a `SET LOCAL` for it.

        Ends the request with a problem when it can't be had.
        """
        async with self._connection() as connection:
            if setting is None:
                return await connection.fetch(sql, *arguments)  # type: ignore[no-any-return]
            async with connection.transaction():
                await connection.execute(setting)
                return await connection.fetch(sql, *arguments)  # type: ignore[no-any-return]

    async def copy(self, sql: str) -> bytes:
        """The same rows in Postgres's binary COPY format: a tenth of the work for columns of numbers."""
        pieces: list[bytes] = []

        async def keep(piece: bytes) -> None:
            pieces.append(piece)

        async with self._connection() as connection:
            await connection.copy_from_query(sql, output=keep, format="binary")
        return b"".join(pieces)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """One to ask. What goes wrong with it ends the request with a problem."""
        try:
            async with self._turns.turn(begun=self._begun), self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection
        except asyncpg.QueryCanceledError as error:
            detail = f"expected an answer of the database within {self.statement_seconds:g} s, got none: ask for less"
            raise ProblemError(504, detail) from error
        except TimeoutError as error:
            raise ProblemError(503, f"expected a database connection within {CONNECT_SECONDS:g} s, got none") from error
        except AWAY as error:
            raise ProblemError(503, f"expected the database to answer, got: {_line(error)}") from error
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError) as error:
            raise ProblemError(503, MIGRATE) from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


async def _prepare(connection: Any) -> None:
    """Moments travel as plain integers: exact, and no datetime is made for each of a hundred thousand rows."""
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda moment: (moment - POSTGRES_EPOCH,),
        decoder=lambda parts: parts[0] + POSTGRES_EPOCH,
    )
    await connection.set_type_codec("jsonb", schema="pg_catalog", format="text", encoder=json.dumps, decoder=json.loads)
    give_way(*await connection.fetchrow("SELECT pg_backend_pid(), inet_client_port()"))


async def _database(connection: HTTPConnection) -> Database:
    database: Database = connection.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(_database)]


async def _vitals(request: HTTPConnection) -> Database:
    vitals: Database = request.app.state.vitals
    return vitals


VitalsDep = Annotated[Database, Depends(_vitals)]
"""A connection of its own: how many ask for readings must not decide whether this process seems well."""
