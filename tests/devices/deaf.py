"""One injected fault: a way to the broker that can go deaf, so that what a device sends is neither heard nor answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.services import Broker


class Way:
    """Forwards bytes both ways. While `deaf`, it takes what the device says and drops it; `swallowed` is set then."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._writers: list[asyncio.StreamWriter] = []
        self.deaf = False
        self.swallowed = asyncio.Event()
        self.url = ""

    def cut(self) -> None:
        """End the connections there are and hear again on the next ones."""
        self.deaf = False
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._broker.host, self._broker.port)
        self._writers += [writer, far_writer]
        with contextlib.suppress(ConnectionError):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forward(reader, far_writer))
                tasks.create_task(self._forward(far_reader, writer, answers=True))

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        while part := await reader.read(65_536):
            if self.deaf and not answers:
                self.swallowed.set()
            else:
                writer.write(part)
        writer.close()


@asynccontextmanager
async def way_to(broker: Broker) -> AsyncIterator[Way]:
    way = Way(broker)
    server = await asyncio.start_server(way.connect, "127.0.0.1", 0)
    way.url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield way
    finally:
        way.cut()
        server.close()
        await server.wait_closed()
