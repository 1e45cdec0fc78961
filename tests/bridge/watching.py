"""What the tests of the live stream share: a store that is written to as the bridge does, and a client that takes notes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import asyncpg
import msgspec

from bridge import clock
from bridge.committed import Committed
from bridge.live.client import Client, wish
from bridge.live.commits import Commits
from bridge.live.follow import follow
from bridge.live.history import connect_pool
from bridge.live.hub import CAPACITY, KEPT, Hub
from bridge.message import Message
from bridge.store.store import Store
from tests.putting import put

TIMEOUT = 20.0
BEGINNING = 1_790_000_000_000
"""The first device time, in ms; each reading written is a millisecond later, so that every one is new."""

Way = Literal["announced", "joined", "followed"]
"""How batches come to the hub: by a call from one bridge; so from the first bridge, and by NOTIFY and cursor from all others,
as in `fieldline server`; or so from all, as in `fieldline api`."""
Value = float | bool | str


Row = tuple[int, int, Any]
"""Series, at in ms, value."""

STORED = """
SELECT series.id, micros(at) / 1000, value, text, micros(committed_at)
FROM readings JOIN device ON device.name = device JOIN series ON device_id = device.id AND series.metric = readings.metric
WHERE device || '/' || readings.metric LIKE $1 ORDER BY committed_at
"""


class Writer:
    """Stores readings as a bridge does, and announces them to a hub if that is the way."""

    def __init__(self, url: str, announce: Callable[[Committed], None] | None) -> None:
        self.store = Store(url)
        self._announce = announce

    async def write(self, *readings: tuple[str, str, int, Value]) -> Committed:
        """Commit (device, metric, at in ms, value), each a message of its own, as one batch."""
        messages = [
            Message(f"devices/{device}/telemetry", msgspec.json.encode({"at": at, metric: value}), None, clock.now())
            for device, metric, at, value in readings
        ]
        return await self._put(messages)

    async def inform(self, device: str, **units: str) -> Committed:
        """Commit what a device says of itself: the units of its metrics."""
        info = Message(f"devices/{device}/info", msgspec.json.encode({"units": units}), None, clock.now())
        return await self._put([info])

    async def _put(self, messages: Sequence[Message]) -> Committed:
        [outcome] = await put(self.store, messages)
        if self._announce is not None:
            self._announce(outcome.committed)
        return outcome.committed

    async def close(self) -> None:
        await self.store.close()


class Watcher:
    """A client of the hub that keeps every frame it has taken."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.frames: list[dict[str, Any]] = []

    def subscribe(self, *match: str, id: str = "a", after: str | None = None, rate: float | None = None) -> None:  # noqa: A002
        self.client.subscribe(id, wish(match, after, rate))

    async def next(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(TIMEOUT):
            frame = await self.client.outbox.take()
        decoded: dict[str, Any] = msgspec.json.decode(frame.json)
        assert frame[:3] == (decoded["type"], decoded["id"], decoded.get("cursor"))
        self.frames.append(decoded)
        return decoded

    async def next_or(self, event: asyncio.Event) -> None:
        """The next frame, unless the event comes first."""
        tasks = [asyncio.create_task(self.next()), asyncio.create_task(event.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def until(self, count: int) -> list[Row]:
        """Take frames until so many readings have come; all readings so far as (series, at, value)."""
        while len(self.readings) < count:
            await self.next()
        return self.readings

    @property
    def readings(self) -> list[Row]:
        return [row for frame in self.frames if frame["type"] == "readings" for row in rows(frame)]

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


def rows(frame: dict[str, Any]) -> list[Row]:
    return list(zip(frame["series"], frame["at"], frame["value"], strict=True))


class Live:
    """A hub over a database, fed in one of three ways."""

    def __init__(self, url: str, hub: Hub, way: Way, stack: AsyncExitStack) -> None:
        self.url = url
        self.hub = hub
        self.way = way
        self.stack = stack
        self.first: Writer | None = None

    @property
    def backend(self) -> int | None:
        """Who commits what is announced, if anyone does."""
        return self.first.store.backend if self.first else None

    @asynccontextmanager
    async def watcher(self) -> AsyncIterator[Watcher]:
        async with self.hub.client() as client:
            yield Watcher(client)

    def writer(self) -> Writer:
        """One more bridge."""
        announces = self.way == "announced" or (self.way == "joined" and self.first is None)
        writer = Writer(self.url, self.hub.announce if announces else None)
        if announces:
            self.first = self.first or writer
        self.stack.push_async_callback(writer.close)
        return writer

    async def stored(self, match: str = "*") -> list[tuple[Row, int]]:
        """What the database holds of a match, each with its `committed_at`."""
        connection = await asyncpg.connect(self.url)
        try:
            found = await connection.fetch(STORED, match.replace("*", "%"))
        finally:
            await connection.close()
        return [((series, at, value if text is None else text), place) for series, at, value, text, place in found]

    async def count(self, match: str, after: int) -> int:
        """How many readings of a match were committed after a cursor."""
        return sum(place > after for _, place in await self.stored(match))


@asynccontextmanager
async def running(url: str, way: Way, *, capacity: int = CAPACITY, kept: int = KEPT) -> AsyncIterator[Live]:
    """A running hub, ended with the block."""
    async with connect_pool(url, 4) as pool, AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        hub = Hub(pool, capacity=capacity, kept=kept)
        live = Live(url, hub, way, stack)
        work = [tasks.create_task(hub.run())]
        if way != "announced":
            commits = Commits(url)
            follow(hub, commits, announced_by=lambda: live.backend)
            looked = commits.next()
            work.append(tasks.create_task(commits.run()))
            async with asyncio.timeout(TIMEOUT):  # a hub that has yet to begin brings what is new from the store
                await looked.wait()
        try:
            yield live
        finally:
            for task in work:
                task.cancel()
