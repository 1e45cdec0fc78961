"""Many rounds: every fault in turn, in an order that the seed decides, in one house for as long as it stands."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count, islice
from random import Random

import asyncpg

from fieldline.embedded.part import PartError
from torture import stored
from torture.disk import Skipped
from torture.fault import Fault
from torture.house import House, open_house
from torture.rounds import Result, broken, run_round, skipped

MESSAGES = 10_000
"""In a round, give or take what its fault takes: a second of stream, in which each strike of a round hits something."""


def order(faults: Sequence[Fault], seed: int) -> Iterator[Fault]:
    """Without end; each comes up once a turn."""
    for turn in count():
        yield from Random(f"{seed} {turn}").sample(faults, len(faults))


async def run(faults: Sequence[Fault], rounds: int, messages: int, seed: int) -> AsyncIterator[Result]:
    """One result a round. A house in which something went wrong is left for a new one."""
    async with AsyncExitStack() as stack:
        house: House | None = None
        for number, fault in enumerate(islice(order(faults, seed), rounds), start=1):
            dice = Random(f"{seed} {number} {fault.name}")
            if fault.disk:
                yield await _apart(fault, number, messages, dice)
                continue
            if house is None:
                house = await stack.enter_async_context(open_house())
            result = await run_round(house, number, fault, messages, dice)
            if result.trouble and not result.skipped:
                house = None
                result = result._replace(trouble=f"{result.trouble}{await _left(stack)}")
            yield result
        if house and (wrong := await stored.wrong_rollups(house.url, "")):
            yield broken(rounds, "all rounds together", f"{wrong} rollups_wrong")


async def _left(stack: AsyncExitStack) -> str:
    """Close the house, and say what could not be closed as it should: after a crash the bridge has said more than its log."""
    try:
        await stack.aclose()
    except (AssertionError, OSError, PartError, asyncpg.PostgresError) as error:
        return f"; then {error}"
    return ""


async def _apart(fault: Fault, number: int, messages: int, dice: Random) -> Result:
    """A round in a house of its own."""
    try:
        async with open_house(fault.disk) as house:
            return await run_round(house, number, fault, messages, dice)
    except Skipped as reason:
        return skipped(number, fault, reason)
