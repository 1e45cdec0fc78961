"""Tells a hub what other bridges commit: woken by each commit, and by the clock in case a notification was lost."""

import asyncio
from collections.abc import Callable
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
LONGEST_WAIT = 2.0
"""Seconds between two tries to connect."""


class Follower:
    """Has the hub read what any bridge commits, except the one in this process: `announced_by` is its backend in Postgres."""

    def __init__(
        self,
        hub: Hub,
        database_url: str,
        *,
        announced_by: Callable[[], int | None] = lambda: None,
        poll: float = POLL,
    ) -> None:
        self._hub = hub
        self._url = database_url
        self._announced_by = announced_by
        self._poll = poll
        self._connected = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled; an outage of the database is waited out, and what it hid is caught up with."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="live follower: listen")
            tasks.create_task(self._look(), name="live follower: look")

    async def _listen(self) -> NoReturn:
        """Hear of commits. This only saves time: what it misses, the next look at the clock finds."""
        wait = 0.05
        while True:
            try:
                connection = await asyncpg.connect(
                    self._url, timeout=10, server_settings={"application_name": "fieldline follower"}
                )
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._hear)
                    self._connected.set()
                    wait = 0.05
                    await lost.wait()
                finally:
                    connection.terminate()
            except TEMPORARY as error:
                log.warning("live.not_listening", reason=f"{type(error).__name__}: {error}", seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _hear(self, _: Any, backend: int, __: str, committed_at: object) -> None:
        if backend != self._announced_by():
            self._hub.tell(int(str(committed_at)))

    async def _look(self) -> NoReturn:
        async with connect_pool(self._url, 1) as pool:
            history = History(pool)
            while True:
                self._hub.tell(await history.clock())
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._connected.wait()
                self._connected.clear()
