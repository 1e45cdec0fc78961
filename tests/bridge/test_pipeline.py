"""The pipeline: what it makes of a flood."""

import asyncio
from itertools import pairwise

from bridge.committed import Committed
from bridge.decode import SUBSCRIPTIONS
from bridge.pipeline import AT_ONCE, carry
from bridge.session import Session
from bridge.store.store import Store
from bridge.tally import Tally
from devices.broker import parse
from tests.bridge.publishing import publish
from tests.eventually import eventually, is_so
from tests.services import Broker


async def test_batches_of_a_flood_grow_from_small_ones_and_hold_every_message(
    broker: Broker, database_url: str
) -> None:
    """The first may have thousands of series to register, and a commit should not take long for that."""
    tally, store, commits = Tally(), Store(database_url), list[Committed]()
    session = Session(parse(broker.url), "pipeline-test", SUBSCRIPTIONS, window=10_000, expiry=3600)
    receiving = asyncio.create_task(session.run())
    await eventually(lambda: is_so(session.trouble is None))
    await asyncio.to_thread(publish, broker, [(f"devices/d{number}/telemetry/n", "1") for number in range(2_000)])
    await eventually(lambda: is_so(len(session.pending) == 2_000))
    carrying = asyncio.create_task(carry(session, store, commits.append, tally))
    await eventually(lambda: is_so(tally.stored == 2_000))
    sizes = [len(commit.series) for commit in commits]
    assert sum(sizes) == 2_000
    assert sizes[0] == AT_ONCE
    assert all(after <= 2 * before for before, after in pairwise(sizes))
    for task in (carrying, receiving):
        task.cancel()
    await asyncio.wait([carrying, receiving])
    await store.close()
