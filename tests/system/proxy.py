"""Stands between the bridge and Postgres, and cuts the connection at the worst moments: around a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

When = Literal["before", "after"]

BRIDGE = b"fieldline bridge"
"""How the store names itself in a connection's first packet; other connections are left alone."""
COMMIT, COMMITTED = b"COMMIT;\0", b"COMMIT\0"
"""The end of the statement, and of Postgres's answer to it."""


class Proxy:
    """Cuts as many commits as it is told to: `before` Postgres hears of one, or `after` it has said that it is done.

    Clear `let_go` to have it hold such a commit, with the transaction open or done, and cut only when that is set again.
    """

    def __init__(self, host: str, port: int, when: When, cuts: int) -> None:
        self.cuts_left = cuts
        self.held = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_go.set()
        self._upstream = (host, port)
        self._when = when
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """One connection, to its end; it is over when both sockets are closed."""
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        async with AsyncExitStack() as closing:
            closing.callback(self._serving.discard, task)
            closing.push_async_callback(_abort, answers)
            try:
                server, requests = await asyncio.open_connection(*self._upstream)
            except OSError:
                return  # Postgres is away: the bridge gets to see as much
            closing.push_async_callback(_abort, requests)
            doomed = asyncio.Event()
            ways = [
                asyncio.create_task(self._forward(client, requests, doomed)),
                asyncio.create_task(self._return(server, answers, doomed)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def end(self) -> None:
        """Cut what is still connected, and wait until that is over."""
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _forward(self, client: asyncio.StreamReader, server: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        ours = False
        while data := await client.read(65_536):
            ours = ours or BRIDGE in data
            if ours and self.cuts_left and data.endswith(COMMIT):
                self.cuts_left -= 1
                if self._when == "before":
                    await self._hold()
                    return
                doomed.set()
            server.write(data)
            await server.drain()

    async def _return(self, server: asyncio.StreamReader, client: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        while data := await server.read(65_536):
            if doomed.is_set() and COMMITTED in data:
                await self._hold()
                return
            client.write(data)
            await client.drain()

    async def _hold(self) -> None:
        self.held.set()
        await self.let_go.wait()


async def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def cut(database_url: str, when: When, cuts: int) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the database, and the URL that leads through it."""
    parts = urlsplit(database_url)
    assert parts.hostname
    assert parts.port
    proxy = Proxy(parts.hostname, parts.port, when, cuts)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    login = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{number}"))
    finally:
        server.close()
        await proxy.end()
