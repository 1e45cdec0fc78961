"""How long a live client may read nothing of what was sent to it."""

import asyncio

from api.wire import Wire

STALL = 30.0
"""Seconds; who reads nothing for longer is gone, and only its socket doesn't know."""
LAST_WORD = 60.0
"""Seconds in which a client that was given up may still read why."""


class Patience:
    """Runs out a limit once a socket takes nothing for `STALL` seconds while something waits for it."""

    def __init__(self, wire: Wire, limit: asyncio.Timeout) -> None:
        self._wire = wire
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._waiting = self._wire.waiting
        self._timer = self._loop.call_later(STALL, self._look)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        if self._wire.waiting < self._waiting:
            self.begin()
        else:
            self._limit.reschedule(self._loop.time())
