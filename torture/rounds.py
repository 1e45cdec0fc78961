"""One round: a stream in parts, a fault amid each, and the verdict once all that was acknowledged is stored."""

import asyncio
import time
from random import Random
from typing import NamedTuple

import asyncpg

from torture import stored
from torture.disk import Skipped
from torture.fault import Fault, Scene
from torture.house import House
from torture.settling import LOOK, PATIENCE, settle
from torture.stream import WEEK, Stream, streaming
from torture.verdict import Verdict, judge

LONG_AGO = 1_009_756_800_000
"""Monday, 31 December 2001, in milliseconds: from here on are weeks that other faults don't write to."""
WEEKS, APART = 1_200, 8
"""So many of them lie in the past, and a round takes fewer than `APART`."""


class Result(NamedTuple):
    """A row of the table."""

    number: int
    fault: str
    strikes: int
    messages: int
    verdict: Verdict | None
    trouble: str
    """What went wrong, in one line; empty if nothing did."""
    skipped: bool
    peak_memory: int
    """Bytes that a bridge of this house has occupied at most."""
    seconds: float


def skipped(number: int, fault: Fault, reason: Skipped) -> Result:
    return Result(number, fault.name, 0, 0, None, str(reason), skipped=True, peak_memory=0, seconds=0.0)


def broken(number: int, name: str, trouble: str) -> Result:
    return Result(number, name, 0, 0, None, trouble, skipped=False, peak_memory=0, seconds=0.0)


async def run_round(house: House, number: int, fault: Fault, messages: int, dice: Random) -> Result:
    """Never raises for what a bridge may do wrong: that is a result."""
    began = time.monotonic()
    house.lost_by_broker.clear()
    prefix = f"r{number}-"
    start = LONG_AGO + number * APART % WEEKS * WEEK if fault.shift == WEEK else None
    strikes, verdict, trouble = 0, None, ""
    async with streaming(prefix, house.broker.port, dice, start) as stream:
        try:
            async with house.bridge_with(fault.settings):
                for part in range(fault.times):
                    await _part(Scene(house, stream, dice), fault, part, int(messages * fault.scale / fault.times))
                    strikes += 1
                verdict = await _verdict(house, stream)
                trouble = "; ".join(verdict.faults())
        except Skipped as reason:
            return skipped(number, fault, reason)
        except (TimeoutError, AssertionError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            trouble = f"{type(error).__name__}: {error}".splitlines()[0]
        total = stream.total
    return Result(
        number,
        fault.name,
        strikes,
        total,
        verdict,
        trouble,
        skipped=False,
        peak_memory=house.weigh() if verdict else 0,
        seconds=time.monotonic() - began,
    )


async def _part(scene: Scene, fault: Fault, part: int, count: int) -> None:
    """Send one part and strike amid it; over when the strike is, and the broker has acknowledged the part."""
    stream = scene.stream
    before = stream.total
    stream.send(count, part * fault.shift, bad=fault.bad)
    moment = before + int((stream.total - before) * scene.dice.random() * fault.within)
    async with asyncio.timeout(PATIENCE):
        await stream.reach(moment)
    async with asyncio.timeout(PATIENCE):
        await fault.strike(scene)
    async with asyncio.timeout(PATIENCE):
        await stream.all_done()


async def _verdict(house: House, stream: Stream) -> Verdict:
    """The verdict once nothing is missing, or once nothing new has come for a while."""
    await settle(house, stream)
    deadline = time.monotonic() + PATIENCE / 4
    while True:
        found = judge(
            stream.sent(),
            await stored.rows(house.url, stream.prefix),
            await stored.rejects(house.url, stream.prefix),
            house.lost_by_broker,
        )
        if not (found.lost or found.rejects_missing) or time.monotonic() > deadline:
            return found._replace(rollups_wrong=await stored.wrong_rollups(house.url, stream.prefix))
        await asyncio.sleep(LOOK * 20)
