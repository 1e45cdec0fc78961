"""The live side's door: batches go in as they are committed, clients come and go."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg

from bridge.committed import Committed
from bridge.live.client import Client
from bridge.live.fanout import Fanout
from bridge.live.history import History, connect_pool
from bridge.live.outbox import Sink

KEPT = 64 * 2**20
"""Bytes of batches that wait for the hub, or for clients on their way to the live stream, at most."""
CAPACITY = 2**19
"""Bytes that wait for one client at most: seconds of a slow one, and a thousand such are half a gigabyte."""
MOST_READ = 200_000
"""Readings of other bridges in one look. When more were committed meanwhile, each client reads what it wants from the store."""
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
            self._doubtful = False
            self._fanout.relearn(None)  # the connection was lost: who answers on the next may be another database
            self._fanout.skip(committed.committed_at)
        else:
            self._fanout.announce(committed)
        self._announced.set()

    def tell(self, committed_at: int) -> None:
        """Say that some bridge has committed this; what of it is not announced is read from the store, at once."""
        self._fanout.tell(committed_at)
        self._announced.set()

    def relearn(self, series: Iterable[int] | None) -> None:
        """Say that these series, or all, may be others or have another unit by now. They are learned before the next batch."""
        self._fanout.relearn(series)
        self._announced.set()

    def doubt(self) -> None:
        """Say that a batch may have been committed without being announced, as when the answer to a COMMIT was lost."""
        self._doubtful = True

    @asynccontextmanager
    async def client(self, sink: Sink | None = None) -> AsyncIterator[Client]:
        """A client, until the block is left."""
        async with asyncio.TaskGroup() as tasks:
            client = Client(self._fanout, self._history, tasks, self._capacity, sink)
            self.clients += 1
            try:
                yield client
            finally:
                self.clients -= 1
                client.leave()

    async def run(self) -> None:
        """Carry what is committed until cancelled. An outage of the database delays only what has to be asked of it."""
        while True:
            await self._announced.wait()
            self._announced.clear()
            while True:
                batch = self._fanout.waiting()
                if stale := self._fanout.stale():
                    await self._learn(stale)
                elif (until := self._fanout.hole()) is not None:
                    await self._fill(until)
                elif batch is None:
                    break
                elif unknown := self._fanout.unknown(batch):
                    await self._learn(unknown)
                else:
                    self._fanout.carry(batch)
                    await asyncio.sleep(0)  # let frames out between the batches of a flood

    async def _learn(self, series: set[int]) -> None:
        generation = self._fanout.generation
        self._fanout.learn(await self._history.series(series), generation)

    async def _fill(self, until: int) -> None:
        """Read what other bridges have committed; when that is too much, each client reads what it wants."""
        seen = self._fanout.seen
        batches = await self._history.since(seen, until, MOST_READ) if seen and not self.idle else None
        if batches is None:
            self._fanout.skip(until)
        else:
            self._fanout.fill(until, batches)


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
