"""Fills a database with readings as weeks of devices at work would have left it."""

import shutil
import tempfile
import time

import asyncpg
from rich.progress import track

from bench.fault import BenchError
from bench.packets import METRICS

INTERVAL = 60_000_000
"""Microseconds from one reading of a series to the next."""
AGO = 3_600_000_000
"""Microseconds that the last of them is old: what a flood publishes is later."""
AT_ONCE = 1_000_000
"""Readings a transaction."""
BYTES, SPARE = 135, 4 * 10**9
"""A reading on disk, measured as 60 in the table and 71 in its index; and room for the write-ahead log and the floods."""

NAMES = "INSERT INTO device (name) SELECT unnest($1::text[])"
SERIES = """
INSERT INTO series (device_id, metric, kind)
SELECT device.id, metric, 'number' FROM device CROSS JOIN unnest($1::text[]) AS metric
"""
READINGS = """
INSERT INTO reading (at, value, committed_at, series_id)
SELECT at, 20 + random() * 10, at, series.id
FROM generate_series($1::bigint, $2::bigint - 1, $3::bigint) AS micros CROSS JOIN LATERAL moment(micros) AS at CROSS JOIN series
ORDER BY at
"""
SIZE = "SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits WHERE inhparent = 'reading'::regclass"


def check_room(readings: int) -> None:
    """Fail before it begins if the disk is too small for so many."""
    folder = tempfile.gettempdir()
    needed, free = readings * BYTES + SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise BenchError(
            f"full: expected {needed / 1e9:.0f} GB free in {folder}, got {free / 1e9:.0f}: set TMPDIR or --stored"
        )


async def fill(url: str, readings: int, devices: list[str]) -> int:
    """Store about so many, one a minute and series, up to an hour ago, and return their bytes. The rollups stay empty."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(NAMES, devices)
        await connection.execute(SERIES, list(METRICS))
        series = len(devices) * len(METRICS)
        end = time.time_ns() // 1_000 - AGO
        start = end - max(readings // series, 1) * INTERVAL
        step = max(AT_ONCE // series, 1) * INTERVAL
        for first in track(range(start, end, step), f"storing {readings:,} readings"):
            last = min(first + step, end)
            await connection.execute("SELECT ensure_partitions(moment($1)), ensure_partitions(moment($2))", first, last)
            await connection.execute(READINGS, first, last, INTERVAL)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")  # or autovacuum would do it amid a round
        await connection.execute("CHECKPOINT")
        size: int = await connection.fetchval(SIZE)
        return size
    finally:
        await connection.close()
