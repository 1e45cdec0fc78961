"""What waits to be sent to one client: bounded, so that a slow one costs memory once and time never."""

import asyncio
from collections import deque

from bridge.live.frames import Frame


class Outbox:
    """A queue of frames, at most `capacity` characters. A single larger frame has room when nothing else waits."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._frames: deque[Frame] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()

    def offer(self, frame: Frame) -> bool:
        """Queue a frame, or say that there is no room."""
        if self._frames and self._size + len(frame.text) > self._capacity:
            return False
        self._frames.append(frame)
        self._size += len(frame.text)
        self._filled.set()
        return True

    async def put(self, frame: Frame) -> None:
        """Queue a frame, once there is room."""
        while not self.offer(frame):
            self._taken.clear()
            await self._taken.wait()

    async def take(self) -> Frame:
        """The oldest frame, once there is one."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        self._size -= len(frame.text)
        self._taken.set()
        return frame

    async def emptied(self) -> None:
        while self._frames:
            self._taken.clear()
            await self._taken.wait()

    def drop(self, identifier: str) -> None:
        """Forget what waits for one subscription."""
        self._frames = deque(frame for frame in self._frames if frame.id != identifier or frame.type == "error")
        self._size = sum(len(frame.text) for frame in self._frames)
        self._taken.set()
