"""One batch, from what was decoded to what is committed: partitions, limits, numbers of series, and the rows."""

import asyncpg

from bridge.decode import Decoded
from bridge.store.admit import admit
from bridge.store.columns import sort
from bridge.store.expire import expire
from bridge.store.insert import Outcome, insert
from bridge.store.partitions import Partitions
from bridge.store.registry import Registry


async def write(
    connection: asyncpg.Connection, registry: Registry, partitions: Partitions, decoded: Decoded
) -> Outcome:
    """Commit the batch. Raises what asyncpg raises, and then nothing of the batch is stored."""
    if not await partitions.ensure(connection, [report.at for report in decoded.reports]):
        decoded = expire(decoded, partitions.horizon)
    decoded = await admit(connection, registry, decoded)
    return await insert(connection, decoded, await sort(connection, registry, decoded))
