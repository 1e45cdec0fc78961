"""Waits until everything that was published is stored, or says what hangs."""

import asyncio
import time
from contextlib import suppress

import httpx

from torture import stored
from torture.house import House
from torture.stream import Stream

PATIENCE = 120.0
"""Seconds before what waits counts as hanging: a half-open connection to Postgres takes one minute to notice."""
LOOK = 0.05


async def settle(house: House, stream: Stream) -> None:
    """Publish one more message and wait until that is stored: the broker keeps the order. `TimeoutError` if it never is."""
    seq = stream.mark()
    deadline = time.monotonic() + PATIENCE
    while not await stored.has(house.url, stream.marker, seq):
        if time.monotonic() > deadline:
            raise TimeoutError(f"what was sent last is not stored after {PATIENCE:.0f} s: {await _condition(house)}")
        await asyncio.sleep(LOOK)


async def _condition(house: House) -> str:
    """What the bridge says of itself."""
    with suppress(httpx.HTTPError, AssertionError):
        async with httpx.AsyncClient() as client:
            return (await client.get(f"http://{house.bridge.address}/api/v1/health")).text
    return "the bridge does not answer"
