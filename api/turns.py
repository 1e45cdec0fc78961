"""Lets so many questions at the database at once, lets so many wait, and lets them rest while a bridge is behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from api.problem import ProblemError

MOST_WAITING = 200
"""Questions that wait: a browser asks six at once, and more than thirty that wait seconds for each other only grow more."""
PATIENCE = 5.0
"""Seconds of waiting: a browser that waits longer for a refusal thinks the page is broken."""
SHARE = 0.05
"""Of one processor, that all questions together get in the database while a bridge is behind. To make answers of what is
found takes as much again; what is due to be stored has the rest."""
LOOK = 0.1
"""Seconds between two looks at whether it is still behind."""


class Turns:
    """Turns come in the order of asking. `behind` says whether a bridge has more to store than it can."""

    def __init__(self, at_once: int, behind: Callable[[], bool] = lambda: False) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._begun = asyncio.Lock()
        self._rest = at_once / SHARE - 1
        self._behind = behind
        self.waiting = 0
        self.resting = 0

    @asynccontextmanager
    async def turn(self, *, begun: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block is left. Ends the request with 503 if that can't be soon.

        Of an answer that has `begun` a refusal would only cut it: it waits as long as it takes.
        """
        await (self._at_last() if begun else self._soon())
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            if self._behind():
                self.resting += 1
                now = loop.time()
                self._rest_until(now + (now - began) * self._rest)
            else:
                self._free.release()

    async def _soon(self) -> None:
        if self.waiting >= MOST_WAITING:
            raise ProblemError(503, f"expected fewer than {MOST_WAITING} questions before this one: ask again later")
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError as error:
            detail = f"expected a turn at the database within {PATIENCE:g} s, got none: ask again later"
            raise ProblemError(503, detail) from error
        finally:
            self.waiting -= 1

    async def _at_last(self) -> None:
        """All who have begun take one place among those who wait, in turn: so nobody's patience ends for many of them."""
        async with self._begun:
            await self._free.acquire()

    def _rest_until(self, end: float) -> None:
        """Rest until then, but no longer than a bridge is behind."""
        loop = asyncio.get_running_loop()
        left = end - loop.time()
        if left > 0 and self._behind():
            loop.call_later(min(left, LOOK), self._rest_until, end)
        else:
            self.resting -= 1
            self._free.release()
