"""Feeds a hub in a process without a bridge: woken by each commit, it reads by cursor what the hub lacks."""

import asyncio
from contextlib import suppress
from typing import Any, NoReturn

import asyncpg
import structlog

from bridge.committed import CHANNEL
from bridge.live.history import History, connect_pool
from bridge.live.hub import Hub
from bridge.trouble import TEMPORARY

log = structlog.get_logger()

POLL = 2.0
"""Seconds after which it looks without being woken: what a lost notification can cost."""
MOST_READ = 200_000
"""Readings in one look. When more were committed meanwhile, each client reads what it wants from the store instead."""
LONGEST_WAIT = 2.0
"""Seconds between two tries to connect."""


class Follower:
    """Announces what any bridge commits to the hub, in commit order, from the moment it first sees the database."""

    def __init__(self, hub: Hub, database_url: str, *, poll: float = POLL) -> None:
        self._hub = hub
        self._url = database_url
        self._poll = poll
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled; an outage of the database is waited out, and what it hid is caught up with."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="live follower: listen")
            tasks.create_task(self._read(), name="live follower: read")

    async def _listen(self) -> NoReturn:
        """Be woken by commits. This only saves time: what it misses, the next look at the clock finds."""
        wait = 0.05
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url, timeout=10, server_settings={"application_name": "fieldline follower"}
                )
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._wake)
                    self._wake()
                    wait = 0.05
                    await lost.wait()
                finally:
                    connection.terminate()
            except TEMPORARY as error:
                log.warning("live.not_listening", reason=f"{type(error).__name__}: {error}", seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _wake(self, *_: Any) -> None:
        self._woken.set()

    async def _read(self) -> NoReturn:
        loop = asyncio.get_running_loop()
        async with connect_pool(self._url, 1) as pool:
            history = History(pool)
            cursor = await history.clock()
            self._hub.skip(cursor)
            looked = loop.time()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._woken.wait()
                self._woken.clear()
                if self._hub.idle and loop.time() < looked + self._poll:
                    continue  # nobody would get it
                cursor = await self._look(history, cursor)
                looked = loop.time()

    async def _look(self, history: History, cursor: int) -> int:
        """Announce what was committed after the cursor, and return the new one."""
        until = await history.clock()
        if until > cursor:
            batches = None if self._hub.idle else await history.since(cursor, until, MOST_READ)
            for batch in batches or ():
                self._hub.announce(batch)
            if batches is None:
                self._hub.skip(until)
        return until
