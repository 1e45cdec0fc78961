"""The database may be away, come back, be slow or be asked by too many: every request gets its answer."""

import asyncio
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.database import Database
from api.problem import ProblemError
from tests import services
from tests.api.field import NOON, asking, client_of, keep
from tests.api.test_problems import problem_of

PATHS = ("/devices", "/devices/a", "/series", "/latest", "/readings", "/readings?format=csv", "/health")


@pytest.fixture
def own_postgres() -> Iterator[services.Database]:
    """A server that may be stopped without disturbing other tests."""
    with services.running_database() as server:
        services.make_template(server)
        yield server


async def test_requests_are_503_while_the_database_is_away_and_well_when_it_is_back(
    own_postgres: services.Database,
) -> None:
    with services.fresh_database(own_postgres) as url:
        await keep(url, {("a", "x"): [(NOON, 1.0)]})
        await asyncio.to_thread(own_postgres.stop)
        async with asking(url) as client:  # it starts without a database
            await every_answer_is(client, 503)
            await asyncio.to_thread(own_postgres.start)
            await every_answer_is(client, 200)
            await asyncio.to_thread(own_postgres.restart, "immediate")
            await every_answer_is(client, 200)
            await asyncio.to_thread(own_postgres.kill)
            await every_answer_is(client, 503)
            await asyncio.to_thread(own_postgres.start)
            await every_answer_is(client, 200)


async def every_answer_is(client: httpx.AsyncClient, status: int) -> None:
    for path in PATHS:
        answer = await client.get(path)
        if status == 200:
            assert answer.status_code == 200, answer.text
        else:
            problem = problem_of(answer, status)
            assert problem["detail"].startswith("expected the database to answer, got: ")
            assert answer.headers["retry-after"] == "1"


async def test_a_database_that_does_not_exist_is_503(database_url: str) -> None:
    async with asking(database_url + "_not") as client:
        problem = problem_of(await client.get("/devices"), 503)
    assert "does not exist" in problem["detail"]


async def test_a_query_that_takes_too_long_is_ended_in_the_database(database_url: str) -> None:
    async with Database(database_url, statement_seconds=0.05) as database:
        with pytest.raises(ProblemError, match=r"within 0\.05 s, got none") as ended:
            await database.fetch("SELECT pg_sleep(20)")
    assert ended.value.status == 504


async def test_queries_beyond_the_pool_wait_and_then_are_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.turns.PATIENCE", 0.2)
    async with Database(database_url, connections=1) as database, asyncio.TaskGroup() as tasks:
        long = tasks.create_task(database.fetch("SELECT pg_sleep(20)"))
        await running(database_url, "pg_sleep(20)", 1)
        with pytest.raises(ProblemError, match="expected a turn at the database") as refused:
            await database.fetch("SELECT 1")
        assert refused.value.status == 503
        long.cancel()


async def test_nothing_can_be_written_through_the_api(database_url: str) -> None:
    async with Database(database_url) as database:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await database.fetch("INSERT INTO device (name) VALUES ('a')")


async def test_a_query_ends_in_the_database_when_its_client_leaves(database_url: str) -> None:
    app = create_app(database_url)

    @app.get("/api/v1/slow")
    async def slow() -> None:
        await app.state.database.fetch("SELECT pg_sleep(30)")

    async with app.router.lifespan_context(app), client_of(app) as client:
        left = asyncio.Event()
        asked = asyncio.create_task(ask(client, "/api/v1/slow", left))
        await running(database_url, "pg_sleep(30)", 1)
        left.set()
        await running(database_url, "pg_sleep(30)", 0)
        assert await asked == []


async def ask(client: httpx.AsyncClient, path: str, left: asyncio.Event, query: bytes = b"") -> list[object]:
    """Ask as a server does for a client that may leave before it has its answer."""
    said: list[object] = []
    asked = False

    async def receive() -> dict[str, object]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
    await client._transport.app(scope, receive, send)  # type: ignore[attr-defined]  # noqa: SLF001
    return said


async def running(database_url: str, statement: str, many: int) -> None:
    """Wait until so many such statements run."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(10):
            while many != await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%' || $1 AND pid <> $2",
                statement,
                connection.get_server_pid(),
            ):
                await connection.execute("SELECT pg_sleep(0.01)")
    finally:
        await connection.close()
