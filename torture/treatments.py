"""What a bad network does to the bytes of a connection."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

from torture.proxy import Cut, Link, Treatment

PUBACK = 0x40
"""First byte of the packet (MQTT-3.4); what the bridge writes in one go begins with it, and the proxy reads it so."""
NOTHING: tuple[bytes, ...] = ()


def late(seconds: float) -> Treatment:
    """Every chunk arrives so much later, in order."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        await asyncio.sleep(seconds)
        yield data

    return treat


def sliced(dice: Random, most: int) -> Treatment:
    """No more than `most` bytes at a time, and something else in between."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        while data:
            size = dice.randint(1, most)
            yield data[:size]
            data = data[size:]
            await asyncio.sleep(0)

    return treat


def stalled(goes_on: asyncio.Event) -> Treatment:
    """Nothing moves until it goes on; nothing is lost."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        await goes_on.wait()
        yield data

    return treat


def stuck_from(word: bytes, seen: asyncio.Event) -> Treatment:
    """Nothing moves any more from the chunk on that holds this word."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        if word in data:
            seen.set()
            await asyncio.Event().wait()
        yield data

    return treat


def cut_amid_packet(dice: Random) -> Treatment:
    """A part of what is on its way arrives, then the connection is reset."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        yield data[: dice.randrange(len(data))]
        raise Cut

    return treat


async def swallowed(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
    """The other end is gone and nobody says so: half-open."""
    for piece in NOTHING:
        yield piece


def without_acknowledgements(seen: asyncio.Event) -> Treatment:
    """From the first PUBACK on nothing arrives any more: the batch is committed, and the broker never hears of it."""

    async def treat(link: Link, data: bytes) -> AsyncIterator[bytes]:  # noqa: ARG001
        if data[0] == PUBACK:
            seen.set()
        if not seen.is_set():
            yield data

    return treat
