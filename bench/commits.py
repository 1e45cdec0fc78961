"""Hears every commit of a bridge the moment it becomes visible, from outside: over `NOTIFY`."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bench.fault import BenchError
from bridge.committed import CHANNEL

SETTLED = 0.3
"""Seconds without a commit after which it is worth counting the rows."""
PATIENCE = 60.0
"""Seconds without a commit after which nothing more will come: a checkpoint on a slow disk takes less."""


class Commits:
    """The commits so far: `at` is when each was heard, in microseconds since the epoch."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.at: list[int] = []
        self._connection = connection
        self._heard = asyncio.Event()

    def hear(self, *_: Any) -> None:
        self.at.append(time.time_ns() // 1_000)
        self._heard.set()

    def pauses(self) -> list[float]:
        """Milliseconds between one commit and the next."""
        return [(later - earlier) / 1_000 for earlier, later in itertools.pairwise(self.at)]

    async def until_stored(self, readings: int) -> None:
        """Wait for the commit after which there are so many readings. Fails when there are more, or no more commits come."""
        while True:
            await self._until_quiet()
            stored = await self.stored()
            if stored == readings:
                return
            try:
                async with asyncio.timeout(PATIENCE if stored < readings else 0):
                    await self._heard.wait()
            except TimeoutError:
                raise BenchError(f"expected {readings:,} readings, got {stored:,} and no further commit") from None

    async def stored(self) -> int:
        stored: int = await self._connection.fetchval("SELECT count(*) FROM reading")
        return stored

    async def batches(self) -> list[int]:
        """Readings of each commit, in order."""
        rows = await self._connection.fetch("SELECT count(*) FROM reading GROUP BY committed_at ORDER BY committed_at")
        return [row["count"] for row in rows]

    async def _until_quiet(self) -> None:
        """Afterwards `_heard` tells of commits that came later."""
        while True:
            self._heard.clear()
            try:
                async with asyncio.timeout(SETTLED):
                    await self._heard.wait()
            except TimeoutError:
                return


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Commits]:
    connection = await asyncpg.connect(url)
    try:
        commits = Commits(connection)
        await connection.add_listener(CHANNEL, commits.hear)
        yield commits
    finally:
        await connection.close()
