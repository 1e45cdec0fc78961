"""One batch, from what was decoded to what is committed: partitions, limits, numbers of series, and the rows."""

import asyncpg

from bridge.store.admit import admit
from bridge.store.expire import expire
from bridge.store.insert import Outcome, insert
from bridge.store.partitions import Partitions
from bridge.store.registry import Registry
from bridge.store.sort import number, refresh, sort
from bridge.store.sorted import Sorted


async def write(connection: asyncpg.Connection, registry: Registry, partitions: Partitions, batch: Sorted) -> Outcome:
    """Commit the batch. Raises what asyncpg raises, and then nothing of the batch is stored."""
    batch = refresh(registry, batch)
    if not await partitions.ensure(connection, batch.times):
        batch = sort(registry, expire(batch.decoded(), partitions.horizon))
    batch = await admit(connection, registry, batch)
    return await insert(connection, await number(connection, registry, batch))
