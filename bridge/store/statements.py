"""The SQL of one batch. `$4` is the batch's tick; times travel as microseconds since the epoch."""

from bridge.committed import CHANNEL

TICK = f"SELECT tick FROM tick() AS tick, pg_notify('{CHANNEL}', tick::text)"  # noqa: S608  a constant

MERGE = """ON CONFLICT (series_id, at) DO UPDATE SET
    count = stored.count + excluded.count, sum = stored.sum + excluded.sum,
    min = least(stored.min, excluded.min), max = greatest(stored.max, excluded.max),
    first = CASE WHEN excluded.first_at < stored.first_at THEN excluded.first ELSE stored.first END,
    first_at = least(stored.first_at, excluded.first_at),
    last = CASE WHEN excluded.last_at > stored.last_at THEN excluded.last ELSE stored.last END,
    last_at = greatest(stored.last_at, excluded.last_at)"""

# The rollups grow by what was really inserted, in the statement that inserts it: repeated and late messages can't make
# them wrong, and no job has to catch up. Ordered aggregates give first and last; the spans arrive sorted for both.
NUMBERS = f"""
WITH inserted AS (
    INSERT INTO reading (at, value, committed_at, series_id)
    SELECT moment(at), value, moment($4), series
    FROM unnest($1::int[], $2::bigint[], $3::float8[]) AS new(series, at, value)
    ON CONFLICT DO NOTHING
    RETURNING series_id, at, value
), minute AS (
    SELECT series_id, date_bin('1 minute', at, 'epoch') AS at, count(*) AS count, sum(value) AS sum, min(value) AS min,
        max(value) AS max, array_agg(value ORDER BY at) AS values, min(at) AS first_at, max(at) AS last_at
    FROM inserted GROUP BY 1, 2
), hour AS (
    SELECT series_id, date_bin('1 hour', at, 'epoch') AS at, sum(count) AS count, sum(sum) AS sum, min(min) AS min,
        max(max) AS max, array_agg(values[1] ORDER BY at) AS firsts, array_agg(values[count] ORDER BY at) AS lasts,
        min(first_at) AS first_at, max(last_at) AS last_at, count(*) AS minutes
    FROM minute GROUP BY 1, 2
), into_minute AS (
    INSERT INTO rollup_minute AS stored (series_id, at, count, sum, min, max, first, first_at, last, last_at)
    SELECT series_id, at, count, sum, min, max, values[1], first_at, values[count], last_at FROM minute
    {MERGE}
), into_hour AS (
    INSERT INTO rollup_hour AS stored (series_id, at, count, sum, min, max, first, first_at, last, last_at)
    SELECT series_id, at, count, sum, min, max, firsts[1], first_at, lasts[minutes], last_at FROM hour
    {MERGE}
)
SELECT count(*) FROM inserted
"""  # noqa: S608  constants
TEXTS = """
WITH inserted AS (
    INSERT INTO text_reading (at, value, committed_at, series_id)
    SELECT moment(at), value, moment($4), series
    FROM unnest($1::int[], $2::bigint[], $3::text[]) AS new(series, at, value)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM inserted
"""

# Which of the readings are there because of this batch, and which were there before, with what value.
SETTLE_NUMBERS = """
SELECT stored.committed_at = moment($4) AS inserted, stored.value AS stored
FROM unnest($1::int[], $2::bigint[], $3::float8[]) WITH ORDINALITY AS new(series, at, value, n)
JOIN reading AS stored ON stored.series_id = new.series AND stored.at = moment(new.at)
ORDER BY n
"""
SETTLE_TEXTS = SETTLE_NUMBERS.replace("float8[]", "text[]").replace("JOIN reading", "JOIN text_reading")

STATUSES = """
INSERT INTO device (name, online, status_at)
SELECT name, online, moment($3) FROM unnest($1::text[], $2::bool[]) AS new(name, online)
ON CONFLICT (name) DO UPDATE SET online = excluded.online, status_at = excluded.status_at
WHERE device.online IS DISTINCT FROM excluded.online
"""
INFOS = """
INSERT INTO device (name, info) SELECT name, info FROM unnest($1::text[], $2::jsonb[]) AS new(name, info)
ON CONFLICT (name) DO UPDATE SET info = excluded.info WHERE device.info IS DISTINCT FROM excluded.info
"""
UNITS = """
UPDATE series SET unit = device.info -> 'units' ->> series.metric FROM device
WHERE series.device_id = device.id AND device.name = ANY($1::text[])
AND series.unit IS DISTINCT FROM device.info -> 'units' ->> series.metric
"""
REJECTS = """
INSERT INTO reject (received_at, committed_at, topic, payload, reason, detail)
SELECT moment(received_at), moment($6), topic, payload, reason, detail
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[])
    AS new(received_at, topic, payload, reason, detail)
"""
