"""The live side's door: batches go in as they are committed, clients come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bridge.committed import Committed
from bridge.live.client import Client
from bridge.live.fanout import Fanout
from bridge.live.history import History, connect_pool

KEPT = 64 * 2**20
"""Bytes of batches that wait for the hub, or for clients on their way to the live stream, at most."""
CAPACITY = 2**20
"""Characters that wait for one client at most: seconds of a slow one, and a thousand such are still one gigabyte."""
CONNECTIONS = 4
"""To the database: a thousand clients that come back at once wait for each other, and the store for none of them."""


class Hub:
    """Carries what is announced to all clients. Made for one event loop, and working while `run` runs."""

    def __init__(self, pool: asyncpg.Pool, *, kept: int = KEPT, capacity: int = CAPACITY) -> None:
        self._history = History(pool)
        self._fanout = Fanout(kept)
        self._capacity = capacity
        self._announced = asyncio.Event()
        self._doubtful = False
        self.clients = 0
        """How many there are just now."""

    @property
    def idle(self) -> bool:
        """No client wants anything just now."""
        return self._fanout.idle

    def announce(self, committed: Committed) -> None:
        """Take a batch, in commit order and after its commit. Returns at once, and costs nothing while the hub is idle."""
        if self._doubtful:
            self.skip(committed.committed_at)
        else:
            self._fanout.announce(committed)
            self._announced.set()

    def skip(self, committed_at: int) -> None:
        """Say that batches up to here are in the store and will not be announced. Clients get them from there."""
        self._doubtful = False
        self._fanout.skip(committed_at)

    def doubt(self) -> None:
        """Say that a batch may have been committed without being announced, as when the answer to a COMMIT was lost."""
        self._doubtful = True

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client, until the block is left."""
        async with asyncio.TaskGroup() as tasks:
            client = Client(self._fanout, self._history, tasks, self._capacity)
            self.clients += 1
            try:
                yield client
            finally:
                self.clients -= 1
                client.leave()

    async def run(self) -> None:
        """Carry what is announced until cancelled. An outage of the database delays batches with unknown series only."""
        while True:
            await self._announced.wait()
            self._announced.clear()
            while (batch := self._fanout.waiting()) is not None:
                if unknown := self._fanout.unknown(batch):
                    self._fanout.learn(await self._history.series(unknown))
                    continue  # what waits may be another batch by now
                self._fanout.carry(batch)
                await asyncio.sleep(0)  # let frames out between the batches of a flood


@asynccontextmanager
async def open_hub(database_url: str) -> AsyncIterator[Hub]:
    """A running hub with its own few connections. The database need not be there yet."""
    async with connect_pool(database_url, CONNECTIONS) as pool, asyncio.TaskGroup() as tasks:
        hub = Hub(pool)
        running = tasks.create_task(hub.run(), name="live hub")
        try:
            yield hub
        finally:
            running.cancel()
