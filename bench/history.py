"""Fills a database with a month of a reading a second and ten years of one in five minutes, as retention leaves them."""

import asyncpg
from rich.progress import track

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
WEEK = 7 * DAY
YEAR = 365 * DAY
END = 1_790_000_017 * SECOND
"""Amid a minute: no border of a column falls on one of a minute."""
MONTH = 30 * DAY
"""For so long readings are kept, and a week at most; their rollups for ten years."""
DECADE = 3_653 * DAY
OTHERS = 20
"""Devices that speak once a minute: their rollups lie between those of the month, as they do where a bridge has stored them."""

SERIES = """
WITH known AS (INSERT INTO device (name) SELECT unnest(ARRAY['month', 'decade'] || array_agg('other-' || n)) AS name
    FROM generate_series(1, $1::int) AS n RETURNING id)
INSERT INTO series (device_id, metric, kind) SELECT id, 'temperature', 'number' FROM known ORDER BY id
"""
READINGS = """
INSERT INTO reading (at, value, committed_at, series_id)
SELECT at, 20 + 5 * sin(seconds / 13751) + random(), at, series.id
FROM generate_series($1::bigint, $2::bigint - 1, $3::bigint) AS micros
CROSS JOIN LATERAL (SELECT moment(micros) AS at, micros / 1e6 AS seconds) AS clock
JOIN series ON micros % CASE id WHEN 1 THEN 1000000 WHEN 2 THEN 300000000 ELSE 60000000 END = 0
ORDER BY at
"""
RAISE = "UPDATE horizon SET raw = date_trunc('week', moment($1), 'UTC') RETURNING micros(raw)"
DROPPED = """
SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid, horizon
WHERE inhparent IN ('reading'::regclass, 'text_reading'::regclass)
AND substring(pg_get_expr(relpartbound, oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz <= horizon.raw
"""
MINUTES = """
INSERT INTO rollup_minute (series_id, at, count, sum, min, max, first, first_at, last, last_at)
SELECT series_id, date_bin('1 minute', at, 'epoch'), count(*), sum(value), min(value), max(value),
    (array_agg(value ORDER BY at))[1], min(at), (array_agg(value ORDER BY at DESC))[1], max(at)
FROM reading WHERE at >= moment($1) AND at < moment($2) GROUP BY 1, 2 ORDER BY 2, 1
"""
"""Ordered by time, as a bridge makes them: what lies beside a rollup is another series, not the next minute."""
OLD_MINUTES = """
INSERT INTO rollup_minute (series_id, at, count, sum, min, max, first, first_at, last, last_at)
SELECT 2, date_bin('1 minute', at, 'epoch'), 1, value, value, value, value, at, value, at
FROM (SELECT moment(micros) AS at, 20 + 5 * sin(micros / 13751e6) + random() AS value
    FROM generate_series($1::bigint, $2::bigint - 1, 300000000) AS micros) AS readings
"""
HOURS = """
INSERT INTO rollup_hour (series_id, at, count, sum, min, max, first, first_at, last, last_at)
SELECT series_id, date_bin('1 hour', at, 'epoch'), sum(count), sum(sum), min(min), max(max),
    (array_agg(first ORDER BY at))[1], min(first_at), (array_agg(last ORDER BY at DESC))[1], max(last_at)
FROM rollup_minute GROUP BY 1, 2 ORDER BY 2, 1
"""


async def fill(url: str) -> None:
    """Store it, and let retention drop what it would have dropped."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SERIES, OTHERS)
        for week in track(range(END - DECADE, END + WEEK, WEEK), "making the weeks of ten years"):
            await connection.execute("SELECT ensure_partitions(moment($1))", week)
        kept: int = await connection.fetchval(RAISE, END - MONTH)
        for (week,) in track(await connection.fetch(DROPPED), "dropping their readings"):
            await connection.execute(f"DROP TABLE {week}")
        for day in track(range(kept, END, DAY), "storing a month"):
            until = min(day + DAY, END)
            await connection.execute(READINGS, day, until, SECOND)
            await connection.execute(MINUTES, day, until)
        for year in track(range(END - DECADE, kept, YEAR), "storing ten years"):
            await connection.execute(OLD_MINUTES, year, min(year + YEAR, kept))
        await connection.execute(HOURS)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")  # or autovacuum would do it amid a round
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
