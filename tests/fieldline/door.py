"""What may stand between a client and Fieldline: a door that asks for a word, as a login proxy or a captive portal does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext

PAGE = b"<h1>Log in</h1>"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
LOST = (ConnectionError, asyncio.IncompleteReadError)


class Door:
    """Connections whose first request says the word in a header are led to a port of this machine, others get a page.

    Shut, it ends the connections that it led there, and shows everyone the page. `turned_away` is set with each.
    """

    def __init__(self, port: int, word: str, page: bytes) -> None:
        self.port = 0
        self.shut = False
        self.turned_away = asyncio.Event()
        self._beyond = port
        self._word = word.encode()
        self._page = page
        self._led: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        self.shut = True
        self.turned_away.clear()
        for writer in self._led:
            writer.transport.abort()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*LOST):
            head = await reader.readuntil(b"\r\n\r\n")
            if not self.shut and self._word in head:
                await self._lead(head, reader, writer)
            else:
                writer.write(ANSWER % (len(self._page), self._page))
                await writer.drain()
                self.turned_away.set()
        writer.close()

    async def _lead(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, there = await asyncio.open_connection("127.0.0.1", self._beyond)
        there.write(head)
        self._led |= {there, writer}
        await asyncio.gather(_pipe(reader, there), _pipe(answers, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(*LOST):
        while said := await reader.read(65_536):
            writer.write(said)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def door(port: int, word: str = "", *, page: bytes = PAGE, tls: SSLContext | None = None) -> AsyncIterator[Door]:
    """A door on a free port, which ends with the block."""
    one = Door(port, word, page)
    async with await asyncio.start_server(one.meet, "127.0.0.1", 0, ssl=tls) as server:
        one.port = server.sockets[0].getsockname()[1]
        yield one
        one.close()
