"""Rollups: whatever the order, the batches and the repetitions, they equal what the raw readings come to."""

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.message import Message
from bridge.store.store import Store
from tests.putting import put

HOUR = 1_790_000_000_000 // 3_600_000 * 3_600_000
readings = st.tuples(st.integers(0, 2), st.integers(0, 4 * 3_600), st.integers(-100, 100))
batches = st.lists(st.lists(readings, min_size=1, max_size=20), min_size=1, max_size=4)

BRUTE_FORCE = """
SELECT series_id, date_bin($1::text::interval, at, 'epoch') AS at, count(*), sum(value), min(value), max(value),
    (array_agg(value ORDER BY at))[1], min(at), (array_agg(value ORDER BY at DESC))[1], max(at)
FROM reading GROUP BY 1, 2 ORDER BY 1, 2
"""
KEPT = "SELECT series_id, at, count, sum, min, max, first, first_at, last, last_at FROM {} ORDER BY 1, 2"


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
@pytest.mark.timeout(120)
async def test_rollups_equal_brute_force(database_url: str, found: list[list[tuple[int, int, int]]]) -> None:
    store = Store(database_url)
    for batch in found:
        messages = [
            Message(
                f"devices/d{device}/telemetry", b'{"at":%d,"n":%d}' % (HOUR + second * 1_000, value), 1, HOUR * 1_000
            )
            for device, second, value in batch
        ]
        await put(store, messages)
    await store.close()
    connection = await asyncpg.connect(database_url)
    try:
        for table, span in (("rollup_minute", "1 minute"), ("rollup_hour", "1 hour")):
            kept = await connection.fetch(KEPT.format(table))
            assert [tuple(row) for row in kept] == [tuple(row) for row in await connection.fetch(BRUTE_FORCE, span)]
    finally:
        await connection.close()
