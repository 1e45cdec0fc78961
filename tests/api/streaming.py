"""A real server with a live hub, and what a client says to it and hears from it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api import server
from api.app import create_app
from tests.bridge.watching import TIMEOUT, Live, Way, running


class Served(NamedTuple):
    live: Live
    port: int

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[ClientConnection]:
        async with connect(f"ws://127.0.0.1:{self.port}/api/v1/live", **options) as connection:
            yield connection

    @property
    def events(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/live/events"


@asynccontextmanager
async def serving(database_url: str, way: Way) -> AsyncIterator[Served]:
    async with running(database_url, way) as live, asyncio.TaskGroup() as tasks:
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        app = create_app(database_url, hub=live.hub)
        serving = tasks.create_task(server.serve(app, "127.0.0.1", 0, on_started=started.set_result))
        yield Served(live, await started)
        serving.cancel()


async def say(connection: ClientConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(TIMEOUT):
        text = await connection.recv()
    assert isinstance(text, str)
    frame: dict[str, Any] = json.loads(text)
    return frame


async def closed(connection: ClientConnection) -> tuple[int, str]:
    """Read until the server closes; its code and reason."""
    async with asyncio.timeout(TIMEOUT):
        with suppress(ConnectionClosed):
            async for _ in connection:
                pass
    assert connection.close_code is not None
    return connection.close_code, connection.close_reason or ""
