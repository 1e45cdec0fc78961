"""The API behind a real socket for the tests of its client, in this process or in one that can be killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.app import create_app
from api.server import serve
from fieldline.client import Client, Unreachable
from tests.eventually import eventually
from tests.system.command import running


@asynccontextmanager
async def serving(database_url: str, port: int = 0) -> AsyncIterator[Client]:
    """A client of a server that ends cleanly with the block."""
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        app = create_app(database_url)
        work = tasks.create_task(serve(app, "127.0.0.1", port, on_started=started.set_result), name="server")
        async with Client(f"http://127.0.0.1:{await started}") as client:
            yield client
        work.cancel()


@asynccontextmanager
async def killed(database_url: str, port: int) -> AsyncIterator[Client]:
    """A client of a server that is killed with the block."""
    async with running("api", database_url=database_url, port=port), Client(f"http://127.0.0.1:{port}") as client:

        async def answers() -> bool:
            try:
                return await client.series() is not None
            except Unreachable:
                return False

        await eventually(answers, within=60)
        yield client
