"""Tells a hub what other bridges commit: woken by each commit, and by the clock in case a notification was lost."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import structlog

from bridge.live.history import History, connect_pool
from bridge.live.hub import Hub
from bridge.live.listen import listen
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

        def begun() -> None:
            nonlocal wait
            wait = 0.05
            self._connected.set()

        while True:
            try:
                await listen(self._url, "fieldline follower", self._hear, begun)
            except TEMPORARY as error:
                log.warning("live.not_listening", reason=f"{type(error).__name__}: {error}", seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _hear(self, backend: int, committed_at: int) -> None:
        if backend != self._announced_by():
            self._hub.tell(committed_at)

    async def _look(self) -> NoReturn:
        async with connect_pool(self._url, 1) as pool:
            history = History(pool)
            while True:
                self._hub.tell(await history.clock())
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._connected.wait()
                self._connected.clear()
