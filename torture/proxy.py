"""Stands between the bridge and one server, and treats the bytes on their way as it is told."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

CHUNK = 65_536
LOOK = 0.05
GREETING = 1_024
"""Bytes of what a client says first that are kept: enough to tell whose connection it is."""


class Link:
    """One connection through the proxy: two sockets, and what the client said first."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.ways: list[asyncio.Task[None]] = []
        self.client = client
        self.server = server
        self.greeting = b""

    def end(self) -> None:
        """Close both sides, whatever is still on its way."""
        for way in self.ways:
            way.cancel()

    def reset(self) -> None:
        """End it as a machine that has forgotten it would: both sides get an RST."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Cut(Exception):  # noqa: N818  what happens to the connection, not a mistake
    """Ends a link amid the treatment of a chunk."""


Treatment = Callable[[Link, bytes], AsyncIterator[bytes]]
"""What becomes of a chunk: pieces, now or later, or none."""


async def untouched(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
    yield data


class Proxy:
    """A port of its own that leads to a server. Change `up` and `down` at any time; the next chunk feels it."""

    def __init__(self, host: str, port: int) -> None:
        self.up: Treatment = untouched
        """From the client to the server."""
        self.down: Treatment = untouched
        self.links: set[Link] = set()
        self.port = 0
        self._upstream = (host, port)
        self._serving: set[asyncio.Task[None]] = set()

    def calm(self) -> None:
        """Treat nothing any more."""
        self.up = self.down = untouched

    def reset(self) -> None:
        """Cut all that is connected."""
        for link in self.links:
            link.reset()

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
                return  # the server is away: the client gets to see as much
            closing.push_async_callback(_abort, requests)
            link = Link(answers, requests)
            self.links.add(link)
            closing.callback(self.links.discard, link)
            link.ways += [
                asyncio.create_task(self._forward(link, client)),
                asyncio.create_task(self._return(link, server)),
            ]
            await asyncio.wait(link.ways, return_when=asyncio.FIRST_COMPLETED)
            link.end()
            await asyncio.gather(*link.ways, return_exceptions=True)

    async def end(self) -> None:
        """Cut what is still connected, and wait until that is over."""
        while self._serving:
            for link in self.links:
                link.end()
            await asyncio.wait(self._serving, timeout=LOOK)  # one that is just being made has no link yet

    async def _forward(self, link: Link, client: asyncio.StreamReader) -> None:
        while data := await client.read(CHUNK):
            if len(link.greeting) < GREETING:
                link.greeting += data[:GREETING]
            await _carry(self.up(link, data), link, link.server)

    async def _return(self, link: Link, server: asyncio.StreamReader) -> None:
        while data := await server.read(CHUNK):
            await _carry(self.down(link, data), link, link.client)


async def _carry(pieces: AsyncIterator[bytes], link: Link, target: asyncio.StreamWriter) -> None:
    try:
        async for piece in pieces:
            target.write(piece)
            await target.drain()
    except Cut:
        link.reset()
        raise


async def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def standing_before(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy before the server at this address, until the block is left."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
