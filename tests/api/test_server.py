"""The app behind a real socket: started, stopped, refused."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.server import listen, serve
from tests.api.field import ELSEWHERE, NOON, keep
from tests.api.test_database import running


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, "127.0.0.1", 0, on_started=started.set_result))
    try:
        yield await started
    finally:
        serving.cancel()
        await asyncio.wait((serving,))
        assert serving.cancelled()


async def test_it_answers_until_it_is_cancelled(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    async with served(create_app(database_url)) as port, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/api/v1/readings")
        assert answer.json()["value"] == [1.0]
        assert "server" not in answer.headers
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_one_line_that_names_it(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"^expected port {port} of 127.0.0.1 to be free, but it is taken$"):
            await serve(create_app(database_url), "127.0.0.1", port)


def test_small_answers_are_sent_at_once() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_large_answers_are_compressed_for_who_is_elsewhere_and_can_read_it(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON + second, float(second)) for second in range(2000)]})
    async with served(create_app(database_url)) as port, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{port}/api/v1/readings"
        small = await client.get(url, headers=ELSEWHERE)
        large = await client.get(url, headers={"accept-encoding": "identity"} | ELSEWHERE)
        here = await client.get(url)
        assert small.json() == large.json() == here.json()
        assert [one.headers.get("content-encoding") for one in (small, large, here)] == ["gzip", None, None]
        assert int(small.headers["content-length"]) < int(large.headers["content-length"]) / 4


async def test_a_browser_that_closes_its_tab_ends_its_query(database_url: str) -> None:
    app = create_app(database_url)

    @app.get("/slow")
    async def slow() -> None:
        await app.state.database.fetch("SELECT pg_sleep(30)")

    async with served(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await running(database_url, "pg_sleep(30)", 1)
        writer.close()
        await writer.wait_closed()
        await running(database_url, "pg_sleep(30)", 0)
