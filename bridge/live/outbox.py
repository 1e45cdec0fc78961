"""What waits to be sent to one client: bounded, so that a slow one costs memory once and time never."""

import asyncio
from collections import deque
from typing import Protocol

from bridge.live.frames import Frame


class Sink(Protocol):
    """Where frames may go at once, without a task that takes them."""

    @property
    def ready(self) -> bool:
        """Whether it takes one now. When it is again, it calls the outbox's `drain`."""

    def write(self, frame: Frame) -> None: ...


class Outbox:
    """A queue of frames, at most `capacity` bytes. A single larger frame has room when nothing else waits."""

    def __init__(self, capacity: int, sink: Sink | None = None) -> None:
        self._capacity = capacity
        self._sink = sink
        self._frames: deque[Frame] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()

    def offer(self, frame: Frame) -> bool:
        """Hand a frame on or queue it, or say that there is no room."""
        if self._sink is not None and self._sink.ready and not self._frames:
            self._sink.write(frame)
            return True
        if self._frames and self._size + len(frame.wire) > self._capacity:
            return False
        self._frames.append(frame)
        self._size += len(frame.wire)
        self._filled.set()
        return True

    async def put(self, frame: Frame) -> None:
        """Queue a frame, once there is room."""
        while not self.offer(frame):
            self._taken.clear()
            await self._taken.wait()

    async def take(self) -> Frame:
        """The oldest frame, once there is one: for who has no sink."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._next()

    def drain(self) -> None:
        """Hand what waits to the sink while that is ready."""
        while self._sink is not None and self._frames and self._sink.ready:
            self._sink.write(self._next())

    async def emptied(self) -> None:
        while self._frames:
            self._taken.clear()
            await self._taken.wait()

    def drop(self, identifier: str) -> None:
        """Forget what waits for one subscription."""
        self._frames = deque(frame for frame in self._frames if frame.id != identifier or frame.type == "error")
        self._size = sum(len(frame.wire) for frame in self._frames)
        self._taken.set()

    def _next(self) -> Frame:
        frame = self._frames.popleft()
        self._size -= len(frame.wire)
        self._taken.set()
        return frame
