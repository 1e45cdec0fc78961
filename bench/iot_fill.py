"""Stores what trucks said twice: as the bridge stores it, and in the one table that everybody makes first."""

import asyncpg
import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from bench import iot_ours, iot_plain
from bench.iot_trucks import METRICS, Said, Truck, batches
from bridge.store import statements
from bridge.store.copy import copy
from bridge.store.numbers import Numbers
from bridge.store.spans import Spans, add, sum_up

DEVICES = "INSERT INTO device (name, info) SELECT name, info FROM unnest($1::text[], $2::jsonb[]) AS new (name, info)"
SERIES = """
INSERT INTO series (device_id, metric, kind)
SELECT device.id, metric, 'number'
FROM device CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS said (metric, n) ORDER BY device.id, n
"""
NUMBERS = "SELECT id FROM series ORDER BY id"


async def fill(connection: asyncpg.Connection, trucks: list[Truck], said: list[Said]) -> int:
    """Store all of it in both ways and return the number of readings."""
    await connection.execute(statements.SPANS)
    infos = [msgspec.json.encode(truck._asdict()).decode() for truck in trucks]
    await connection.execute(DEVICES, [truck.name for truck in trucks], infos)
    await connection.execute(SERIES, list(METRICS))
    numbers = np.array([number for (number,) in await connection.fetch(NUMBERS)], np.int32).reshape(len(trucks), -1)
    readings = 0
    for batch in track(list(batches(said)), "storing what trucks said"):
        readings += await _store(connection, numbers, batch)
    await connection.execute(iot_ours.VIEWS)
    await connection.execute(iot_plain.TABLES)
    await connection.execute("VACUUM (FREEZE, ANALYZE)")  # or autovacuum would do it amid a round
    await connection.execute("CHECKPOINT")
    return readings


async def _store(connection: asyncpg.Connection, numbers: NDArray[np.int32], batch: list[tuple[int, Said]]) -> int:
    """One hour in one transaction, but in the order of arrival, as commits of half a second would have left it on disk."""
    came = _came(numbers, batch)
    async with connection.transaction():
        tick = await connection.fetchval("SELECT tick()")
        for moment in (came.at.min(), came.at.max()):
            await connection.execute("SELECT ensure_partitions(moment($1))", int(moment))
        await copy(connection, "reading", came.columns(tick))
        await add(connection, _by_time(sum_up(Numbers.ordered(*came))), tick)
    return len(came.at)


def _came(numbers: NDArray[np.int32], batch: list[tuple[int, Said]]) -> Numbers:
    """What was said, without what was missing, in the order of arrival."""
    order = np.argsort(np.concatenate([said.arrived for _, said in batch]), kind="stable")
    series = np.concatenate([np.broadcast_to(numbers[truck], said.values.shape) for truck, said in batch])[order]
    at = np.concatenate([np.broadcast_to(said.at[:, None], said.values.shape) for _, said in batch])[order]
    values = np.concatenate([said.values for _, said in batch])[order]
    there = ~np.isnan(values)
    return Numbers(series[there], at[there], values[there])


def _by_time(found: Spans) -> Spans:
    order = np.argsort(found["at"], kind="stable")
    return {name: column[order] for name, column in found.items()}
