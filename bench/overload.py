"""What memory a bridge takes while ten times as much is published as can be stored, with few series and with many."""

import asyncio
import statistics
import time
from contextlib import suppress

import asyncpg

from bench import memory
from bench.commits import listening
from bench.contestants import published
from bench.flood import Flood
from bench.packets import METRICS
from bench.parts import House, Running, house, pid, program, running
from bench.report import Report, Row
from bench.size import Size
from tests import services

DEVICES = (500, 33_336)
"""1,500 and 100,008 series."""
HELD, OPEN = 9.98, 0.02
"""Seconds that the commit clock is locked and not, in turn: the store gets one batch in ten seconds, less than a
tenth of what is published even while the broker is busy with saving a full queue. What the broker has no
room for, by the limits of its configuration, it drops."""

ANSWERED = 180
"""Seconds for the broker to acknowledge the last: it may be at saving a full queue, on a disk that others use, too."""


def measure(size: Size) -> Report:
    """Once for each number of series, however many rounds the others do: the rounds of this one are its seconds."""
    rows = [Row(f"{devices * len(METRICS):,} series", [_overloaded(devices, size.seconds)]) for devices in DEVICES]
    about = f"{size.seconds} s of a flood without end, with a store that is locked {HELD} of every {HELD + OPEN:.0f} s"
    return Report("overload", about, rows)


def _overloaded(devices: int, seconds: int) -> dict[str, float]:
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running("bridge", made.broker.url, url) as bridge,
    ):
        asyncio.run(_met(made, url, devices))
        with program(
            "-m", "bench.flood", str(made.broker.port), f"--seconds={seconds}", f"--devices={devices}"
        ) as load:
            return asyncio.run(_watched(made, url, bridge, load, seconds))


async def _met(made: House, url: str, devices: int) -> None:
    """Have all series registered, before anything is locked."""
    async with listening(url) as commits:
        flood = await asyncio.to_thread(published, made.broker, devices, devices)
        await commits.until_stored(flood.messages * len(METRICS))


async def _watched(made: House, url: str, bridge: Running, load: Running, seconds: int) -> dict[str, float]:
    async with listening(url) as commits:
        locking = asyncio.create_task(_lock(url), name="lock")
        began = time.monotonic()
        resident: list[float] = []
        for second in range(seconds):
            await asyncio.sleep(began + second + 1 - time.monotonic())
            resident.append(memory.resident(bridge.pid))
        stored = sum(await commits.batches()) / (time.monotonic() - began)
        locking.cancel()
        with suppress(asyncio.CancelledError):
            await locking
        await asyncio.to_thread(load.wait, ANSWERED)
        flood = Flood(**load.last_line())
        came = flood.messages / (flood.ended - flood.began) * 1e6
        quarter = max(len(resident) // 4, 1)
        return {
            "published/s": came,
            "stored/s": stored,
            "overload": came / stored,
            "second quarter MB": statistics.median(resident[quarter : 2 * quarter] or resident),
            "last quarter MB": statistics.median(resident[-quarter:]),
            "peak MB": memory.peak(bridge.pid),
            "broker peak MB": memory.peak(pid(made.broker)),
            **await commits.bounds(),
        }


async def _lock(url: str) -> None:
    """Hold the row that every batch needs, most of the time, until cancelled."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            async with connection.transaction():
                await connection.execute("SELECT FROM commit_clock FOR UPDATE")
                await asyncio.sleep(HELD)
            await asyncio.sleep(OPEN)
    finally:
        connection.terminate()
