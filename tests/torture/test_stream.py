"""The stream against a real broker: what it takes for acknowledged was, and what was not is published again."""

import asyncio
from collections import Counter
from random import Random

from tests import services
from torture.catalogue import FAULTS
from torture.run import order
from torture.stream import streaming


async def test_everything_is_acknowledged_over_restarts_of_the_broker(broker: services.Broker) -> None:
    async with streaming("r1-", broker.port, Random(1)) as stream, asyncio.timeout(40):
        for _ in range(3):
            stream.send(1_000)
            await stream.reach(stream.total - 500)
            broker.kill()
            broker.start()
        await stream.all_done()
        sent = stream.sent()
        assert stream.done == stream.total == len(sent)
        unsure = {message.device for message, acknowledged_at in sent if acknowledged_at == 0}
        assert unsure == {"r1-18", "r1-19"}, "those at QoS 0"


async def test_the_same_seed_publishes_the_same_under_other_names(broker: services.Broker) -> None:
    said = []
    for prefix in ("r1-", "r2-"):
        async with streaming(prefix, broker.port, Random(1), start=0) as stream, asyncio.timeout(40):
            stream.send(500)
            await stream.all_done()
            said.append([message.payload for message, _ in stream.sent()])
    assert said[0] == said[1]


def test_every_fault_comes_up_once_a_turn_in_an_order_that_the_seed_decides() -> None:
    two_turns = [fault.name for _, fault in zip(range(2 * len(FAULTS)), order(FAULTS, 1), strict=False)]
    assert set(Counter(two_turns).values()) == {2}
    assert set(two_turns[: len(FAULTS)]) == set(two_turns)
    assert two_turns == [fault.name for _, fault in zip(two_turns, order(FAULTS, 1), strict=False)]
    assert two_turns != [fault.name for _, fault in zip(two_turns, order(FAULTS, 2), strict=False)]
