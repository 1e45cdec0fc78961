"""Waits between tries: a moment first, then longer, and never the same for all clients of a server that comes back."""

import asyncio
import random

FIRST = 0.1
LONGEST = 5.0
"""Seconds: a person who has restarted a server and looks on gets impatient after more."""


class Backoff:
    def __init__(self) -> None:
        self._next = FIRST

    async def wait(self) -> None:
        await asyncio.sleep(self._next * random.uniform(0.5, 1))
        self._next = min(self._next * 2, LONGEST)

    def succeeded(self) -> None:
        self._next = FIRST
