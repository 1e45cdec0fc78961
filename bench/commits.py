"""Hears every commit of a bridge the moment it becomes visible, from outside: over `NOTIFY`."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bench.fault import BenchError
from bench.packets import METRICS
from bridge.committed import CHANNEL

SETTLED = 0.3
"""Seconds without a commit after which it is worth counting the rows."""
PATIENCE = 60.0
"""Seconds without a commit after which nothing more will come: a checkpoint on a slow disk takes less."""


class Commits:
    """The commits since it listens: `at` is when each was heard, in microseconds since the epoch."""

    def __init__(self, connection: asyncpg.Connection, since: int) -> None:
        self.at: list[int] = []
        self._connection = connection
        self._since = since
        """The cursor before the first of them. What was stored before is not counted: that can be half a billion rows."""
        self._heard = asyncio.Event()

    def hear(self, *_: Any) -> None:
        self.at.append(time.time_ns() // 1_000)
        self._heard.set()

    async def until_heard(self) -> None:
        """Wait for the next commit; return at once if there was one since the last wait."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._heard.wait()
        except TimeoutError:
            stored = await self.stored()
            raise BenchError(f"expected a commit within {PATIENCE:.0f} s, got none after {stored:,} readings") from None
        self._heard.clear()

    async def until_stored(self, readings: int) -> None:
        """Wait for the commit that makes them so many. Fails when they are more, or no further commit comes."""
        while True:
            await self._until_quiet()
            stored = await self.stored()
            if stored == readings:
                return
            if stored > readings:
                raise BenchError(f"expected {readings:,} readings, got {stored:,}")
            await self.until_heard()

    async def stored(self) -> int:
        stored: int = await self._connection.fetchval(
            "SELECT count(*) FROM reading WHERE committed_at > moment($1)", self._since
        )
        return stored

    async def batches(self) -> list[int]:
        """Messages of each commit, in order."""
        rows = await self._connection.fetch(
            "SELECT count(*) FROM reading WHERE committed_at > moment($1) GROUP BY committed_at ORDER BY committed_at",
            self._since,
        )
        return [row["count"] // len(METRICS) for row in rows]

    async def bounds(self) -> dict[str, float]:
        """Of what should be bounded, the most: messages in a commit, and time between one commit and the next."""
        pauses = [(later - earlier) / 1_000 for earlier, later in itertools.pairwise(self.at)]
        return {"longest pause ms": max(pauses, default=0.0), "largest batch": max(await self.batches(), default=0)}

    async def _until_quiet(self) -> None:
        """Wait until no commit has come for a while."""
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
        commits = Commits(connection, await connection.fetchval("SELECT micros(last) FROM commit_clock"))
        await connection.add_listener(CHANNEL, commits.hear)
        yield commits
    finally:
        await connection.close()
