"""What the database holds of one round, and whether its rollups are what the readings come to."""

from tests.system.stored import query
from torture.script import TEXT
from torture.verdict import Row

ROWS = f"""
SELECT device.name, seq.value::bigint, micros(seq.at) / 1000, level.value IS NOT DISTINCT FROM seq.value / 8
    AND (seq.value::bigint % {TEXT} <> 0 OR state.value IS NOT DISTINCT FROM 's' || seq.value::bigint)
FROM device
JOIN series AS of_seq ON of_seq.device_id = device.id AND of_seq.metric = 'seq'
JOIN reading AS seq ON seq.series_id = of_seq.id
LEFT JOIN series AS of_level ON of_level.device_id = device.id AND of_level.metric = 'level'
LEFT JOIN reading AS level ON level.series_id = of_level.id AND level.at = seq.at
LEFT JOIN series AS of_state ON of_state.device_id = device.id AND of_state.metric = 'state'
LEFT JOIN text_reading AS state ON state.series_id = of_state.id AND state.at = seq.at
WHERE starts_with(device.name, $1)
"""  # noqa: S608  a constant
REJECTS = "SELECT topic, payload FROM reject WHERE starts_with(topic, 'devices/' || $1)"
FOUND = "SELECT count(*) FROM readings WHERE device = $1 AND metric = 'seq' AND value = $2"

# Whatever is in one and not in the other, or differs in any column.
WRONG = """
WITH raw AS (
    SELECT series_id, date_bin('{span}', at, 'epoch') AS at, count(*)::int AS count, sum(value) AS sum, min(value) AS min,
        max(value) AS max, (array_agg(value ORDER BY at))[1] AS first, min(at) AS first_at,
        (array_agg(value ORDER BY at DESC))[1] AS last, max(at) AS last_at
    FROM reading JOIN series ON series.id = series_id JOIN device ON device.id = device_id
    WHERE starts_with(device.name, $1) GROUP BY 1, 2
), kept AS (
    SELECT series_id, at, count, sum, min, max, first, first_at, last, last_at
    FROM {table} JOIN series ON series.id = series_id JOIN device ON device.id = device_id
    WHERE starts_with(device.name, $1)
)
SELECT count(*) FROM ((TABLE raw EXCEPT ALL TABLE kept) UNION ALL (TABLE kept EXCEPT ALL TABLE raw)) AS wrong
"""
SPANS = {"rollup_minute": "1 minute", "rollup_hour": "1 hour"}


async def rows(url: str, prefix: str) -> list[Row]:
    return [Row(*row) for row in await query(url, ROWS, prefix)]


async def rejects(url: str, prefix: str) -> list[tuple[str, bytes]]:
    return [(topic, payload) for topic, payload in await query(url, REJECTS, prefix)]


async def has(url: str, device: str, seq: int) -> bool:
    [(count,)] = await query(url, FOUND, device, seq)
    return bool(count)


async def wrong_rollups(url: str, prefix: str) -> int:
    """Rollups that differ from brute force over the readings, of minutes and of hours together."""
    wrong = 0
    for table, span in SPANS.items():
        [(count,)] = await query(url, WRONG.format(table=table, span=span), prefix)
        wrong += count
    return wrong
