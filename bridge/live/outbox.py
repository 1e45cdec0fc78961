"""What waits to be sent to one client: bounded, so that a slow one costs memory once and time never."""

import asyncio
from collections import deque
from typing import Protocol

from bridge.live.frames import Frame


class Sink(Protocol):
    """Where frames may go at once, without a task that takes them."""

    def write(self, frame: Frame) -> bool:
        """Take a frame, or say that there is no room. When there is again, it calls the outbox's `drain`."""


class Outbox:
    """A queue of frames, at most `capacity` bytes. A single larger frame has room when nothing else waits."""

    __slots__ = ("_capacity", "_frames", "_sink", "_size", "_waiting")

    def __init__(self, capacity: int, sink: Sink | None = None) -> None:
        self._capacity = capacity
        self._sink = sink
        self._frames: deque[Frame] = deque()
        self._size = 0
        self._waiting: list[asyncio.Future[None]] = []

    def offer(self, frame: Frame) -> bool:
        """Hand a frame on or queue it, or say that there is no room."""
        if self._sink is not None and not self._frames and self._sink.write(frame):
            return True
        if self._frames and self._size + len(frame.wire) > self._capacity:
            return False
        self._frames.append(frame)
        self._size += len(frame.wire)
        self._wake()
        return True

    def spare(self, frame: Frame) -> bool:
        """Hand a frame on or queue it, if nothing waits at all."""
        if self._frames:
            return False
        return self.offer(frame) if self._sink is None else self._sink.write(frame)

    async def put(self, frame: Frame) -> None:
        """Queue a frame, once there is room."""
        while not self.offer(frame):
            await self._change()

    async def take(self) -> Frame:
        """The oldest frame, once there is one: for who has no sink."""
        while not self._frames:
            await self._change()
        return self._next()

    def drain(self) -> None:
        """Hand what waits to the sink while that has room."""
        while self._sink is not None and self._frames and self._sink.write(self._frames[0]):
            self._next()

    async def emptied(self) -> None:
        while self._frames:
            await self._change()

    def drop(self, identifier: str) -> None:
        """Forget what waits for one subscription."""
        self._frames = deque(frame for frame in self._frames if frame.id != identifier or frame.type == "error")
        self._size = sum(len(frame.wire) for frame in self._frames)
        self._wake()

    def _next(self) -> Frame:
        frame = self._frames.popleft()
        self._size -= len(frame.wire)
        self._wake()
        return frame

    async def _change(self) -> None:
        """Wait until frames came or went. An event of asyncio's for each would take more room than all else here."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        while self._waiting:
            future = self._waiting.pop()
            if not future.done():
                future.set_result(None)
