"""The stream of one round: four connections speak for twenty devices at QoS 0, 1 and 2, and know what was acknowledged."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

from torture.publisher import Publisher
from torture.script import Message, Script

PUBLISHERS = ((1, 8), (1, 8), (2, 2), (0, 2))
"""QoS and devices of each."""
DEVICES = sum(devices for _, devices in PUBLISHERS)
DAY = 86_400_000
WEEK = 7 * DAY


class Stream:
    """Publishes part by part. All names begin with `prefix`, so that a round finds its own in the database."""

    def __init__(self, prefix: str, port: int, dice: Random, start: int | None = None) -> None:
        """`start` is the time of the first reading in milliseconds, else a day ago."""
        self.prefix = prefix
        self.marker = f"{prefix}end"
        """The device of the messages that only mark the end of others."""
        self._moved = asyncio.Event()
        self._total = 0
        began = time.time_ns() // 1_000_000 - DAY if start is None else start
        self.publishers: list[Publisher] = []
        self._scripts: list[tuple[Script, int]] = []
        self._marks = Script([self.marker], began, Random(dice.random()), one_bad_in=sys.maxsize)
        self.newest = began
        """The latest time that any device has spoken of so far."""
        first = 0
        for number, (qos, devices) in enumerate(PUBLISHERS):
            names = [f"{prefix}{device}" for device in range(first, first + devices)]
            first += devices
            self._scripts.append((Script(names, began, Random(dice.random())), devices))
            self.publishers.append(Publisher(f"torture-{prefix}{number}", port, qos, self._moved.set))

    @property
    def done(self) -> int:
        """Messages that the broker has acknowledged, or that went out at QoS 0."""
        return sum(publisher.done for publisher in self.publishers)

    @property
    def total(self) -> int:
        """Messages handed to the publishers so far, repetitions included."""
        return self._total

    def send(self, count: int, shift: int = 0, *, bad: bool = False) -> None:
        """Begin to publish about that many more messages."""
        for publisher, (script, devices) in zip(self.publishers, self._scripts, strict=True):
            messages = script.part(count * devices // DEVICES, shift, bad=bad)
            self._total += len(messages)
            self.newest = max([self.newest, *(at for message in messages for _, at in message.readings)])
            publisher.send(messages)

    def mark(self) -> int:
        """Publish one more message, behind all others, and return its number: once it is stored nothing is on its way."""
        [message, *_] = self._marks.part(1)
        self._total += 1
        self.publishers[0].send([message])
        [(seq, _)] = message.readings
        return seq

    async def mark_until(self, happened: asyncio.Event) -> None:
        """Keep the bridge busy until something has happened: the stream may be over before."""
        while not happened.is_set():
            self.mark()
            with suppress(TimeoutError):
                await asyncio.wait_for(happened.wait(), 0.5)

    async def reach(self, count: int) -> None:
        """Wait until so many messages are done with."""
        while self.done < count:
            self._moved.clear()
            await self._moved.wait()

    async def all_done(self) -> None:
        await self.reach(self._total)

    def sent(self) -> list[tuple[Message, float]]:
        """Every message with when it was acknowledged (0: not yet, or at QoS 0, which promises nothing)."""
        return [
            (message, at if publisher.qos else 0.0)
            for publisher in self.publishers
            for message, at in zip(publisher.messages, publisher.acknowledged_at, strict=True)
        ]


@asynccontextmanager
async def streaming(prefix: str, port: int, dice: Random, start: int | None = None) -> AsyncIterator[Stream]:
    stream = Stream(prefix, port, dice, start)
    tasks = [asyncio.create_task(publisher.run(), name=publisher.client_id) for publisher in stream.publishers]
    try:
        yield stream
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
