"""The path of a message: receive → decode → store → acknowledge → announce."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

from bridge.committed import Committed
from bridge.decode import decode
from bridge.session import Delivery, Session
from bridge.store.sorted import Sorted, join
from bridge.store.store import Store
from bridge.tally import Tally

AT_ONCE = 250
"""Messages decoded in one go, in about a millisecond: whoever waits for the event loop meanwhile waits no longer."""
AHEAD = 20
"""So often while a batch commits: enough to spread the cost of a commit, few enough that it takes well under 300 ms."""

MOST_NEW = 1_000
"""Readings of series that have yet to be registered, in one batch, but for its last delivery: that takes a tenth of a
second."""

Arrived = asyncio.Queue[tuple[Delivery, Sorted]]


async def carry(session: Session, store: Store, announce: Callable[[Committed], None], tally: Tally) -> None:
    """Carry messages into the store for ever.

    A message is acknowledged only after the transaction that holds it has committed. Whatever fails before that, this
    process included, makes the broker send it again, and storing it again changes nothing. While one batch commits, the next
    one is received and decoded, up to a bound; what arrives beyond it waits in the session, and when its window is full, the
    broker waits.
    """
    arrived = Arrived(AHEAD)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_receive(session, store, arrived, tally), name="receive")
        tasks.create_task(_deliver(arrived, store, announce, tally), name="deliver")


async def _receive(session: Session, store: Store, arrived: Arrived, tally: Tally) -> NoReturn:
    while True:
        delivery = await session.receive(AT_ONCE)
        tally.receive(delivery.messages)
        await arrived.put((delivery, store.sort(decode(delivery.messages))))
        await asyncio.sleep(0)  # where there is room, nothing else lets the commit go on


async def _deliver(arrived: Arrived, store: Store, announce: Callable[[Committed], None], tally: Tally) -> NoReturn:
    await store.connect()
    while True:
        batch = await gather(arrived, store)
        outcomes = await store.keep(join([part for _, part in batch]))
        for delivery, _ in batch:
            delivery.acknowledge()
        tally.settle(len(batch), outcomes)
        for outcome in outcomes:
            announce(outcome.committed)


async def gather(arrived: Arrived, store: Store) -> list[tuple[Delivery, Sorted]]:
    """Wait for a delivery, and take all others that are there, up to the bounds: one batch, in order of arrival."""
    batch = [await arrived.get()]
    new = store.new(batch[0][1])
    while new < MOST_NEW and len(batch) < AHEAD and not arrived.empty():
        batch.append(arrived.get_nowait())
        new += store.new(batch[-1][1])
    return batch
