"""Wakes whoever waits for the next commit: one connection that listens, however many wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

from bridge.live.listen import listen
from bridge.trouble import TEMPORARY

POLL = 2.0
"""Seconds after which those who wait look without being woken: what a lost notification can cost."""
PAUSE = 1.0
"""Seconds between two tries to connect."""


class Commits:
    """Listens while `run` runs, from the first one on who waits."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._wanted = asyncio.Event()
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Is set by the next commit. Ask for it before you look whether there was one."""
        self._wanted.set()
        return self._next

    async def run(self) -> NoReturn:
        """Until cancelled; an outage of the database is waited out."""
        await self._wanted.wait()
        while True:
            with suppress(*TEMPORARY):  # who looks meanwhile is told of it
                # at once for what was committed before it listened, and then for each commit
                await listen(self._url, "fieldline api commits", lambda *_: self._wake(), self._wake)
            await asyncio.sleep(PAUSE)

    def _wake(self) -> None:
        self._next.set()
        self._next = asyncio.Event()


@asynccontextmanager
async def open_commits(database_url: str) -> AsyncIterator[Commits]:
    """The database need not be there yet."""
    async with asyncio.TaskGroup() as tasks:
        commits = Commits(database_url)
        running = tasks.create_task(commits.run(), name="commits")
        try:
            yield commits
        finally:
            running.cancel()
