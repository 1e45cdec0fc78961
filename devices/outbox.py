"""What a device has measured and the broker has not yet acknowledged, oldest first: it outlives the connection."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from devices import payload
from devices.reading import Value

LIMIT = 20_000
"""Messages: five hours at one a second, two days at one in ten; a hundred bytes each."""
LONGEST = 16_000
"""Bytes of a backlog message: the embedded broker refuses more than 20 kB."""


class Batch(NamedTuple):
    """One payload, and the number of the last message in it."""

    payload: bytes
    last: int


class Outbox:
    """Numbers messages from `first` on. When it is full the oldest are dropped, and counted."""

    def __init__(self, first: int, limit: int = LIMIT) -> None:
        self._next = first
        self._limit = limit
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0
        self.acknowledged = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, values: Mapping[str, Value], at: int) -> None:
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((self._next, payload.encode(values, at=at, seq=self._next)))
        self._next += 1
        self._filled.set()

    async def batch(self) -> Batch:
        """Wait for something to send. One message goes as it is, several as one backlog; they stay until acknowledged."""
        await self._filled.wait()
        size, messages, last = 2, list[bytes](), 0
        for seq, message in self._waiting:
            size += len(message) + 1
            if messages and size > LONGEST:
                break
            messages.append(message)
            last = seq
        whole = messages[0] if len(messages) == 1 else payload.encode_backlog(messages)
        return Batch(whole, last)

    def acknowledge(self, last: int) -> None:
        """Forget everything up to that number."""
        while self._waiting and self._waiting[0][0] <= last:
            self._waiting.popleft()
            self.acknowledged += 1
        if not self._waiting:
            self._filled.clear()
