"""The SQL of one batch. `$4` is the batch's tick; times travel as microseconds since the epoch."""

from bridge.committed import CHANNEL, SERIES_CHANNEL

# The next tick and the one before, for so many messages. Step by step: the clock's row is locked before it is read and before
# it ticks.
_TICKED = """clock AS MATERIALIZED (SELECT micros(last) AS previous FROM commit_clock FOR UPDATE),
    ticked AS MATERIALIZED (SELECT tick() AS tick, previous FROM clock)"""
_TELL = f"SELECT tick, previous FROM ticked, pg_notify('{CHANNEL}', tick || ' ' || $1::int)"  # noqa: S608  a constant
TICK = f"WITH {_TICKED} {_TELL}"

# What is stored at the times of some readings already, in their order; null where there is nothing.
STORED_NUMBERS = """
SELECT stored.value FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS new(series, at, n)
LEFT JOIN LATERAL (SELECT value FROM reading WHERE series_id = new.series AND at = moment(new.at)) AS stored ON true
ORDER BY n
"""
STORED_TEXTS = STORED_NUMBERS.replace("FROM reading", "FROM text_reading")

TEXTS = """
INSERT INTO text_reading (at, value, committed_at, series_id)
SELECT moment(at), value, moment($4), series FROM unnest($1::int[], $2::bigint[], $3::text[]) AS new(series, at, value)
"""

# Made once for each connection. A transaction that stores several batches tells their rows apart by the tick.
SPANS = """
CREATE TEMPORARY TABLE span (
    committed_at timestamptz, into_minute bool, into_hour bool, series_id int, at timestamptz, count int,
    sum float8, min float8, max float8, first float8, first_at timestamptz, last float8, last_at timestamptz
) ON COMMIT DELETE ROWS
"""
_ADD = """
INSERT INTO rollup_{unit} AS stored (series_id, at, count, sum, min, max, first, first_at, last, last_at)
    {sums}
    ON CONFLICT (series_id, at) DO UPDATE SET
        count = stored.count + excluded.count, sum = stored.sum + excluded.sum,
        min = least(stored.min, excluded.min), max = greatest(stored.max, excluded.max),
        first = CASE WHEN excluded.first_at < stored.first_at THEN excluded.first ELSE stored.first END,
        first_at = least(stored.first_at, excluded.first_at),
        last = CASE WHEN excluded.last_at > stored.last_at THEN excluded.last ELSE stored.last END,
        last_at = greatest(stored.last_at, excluded.last_at)"""
_SPANS = """SELECT series_id, {begin}, count, sum, min, max, first, first_at, last, last_at
    FROM span WHERE into_{unit} AND committed_at = (SELECT moment($1))"""
_ADD_MINUTES = _ADD.format(unit="minute", sums=_SPANS.format(unit="minute", begin="at"))
_ADD_HOURS = _ADD.format(unit="hour", sums=_SPANS.format(unit="hour", begin="date_bin('1 hour', at, 'epoch')"))
ROLLUPS = f"WITH minutes AS ({_ADD_MINUTES}) {_ADD_HOURS}"

# A whole batch. What is inserted comes from `ticked`, so that nothing is locked before the clock is.
_SUMS = """SELECT series, date_bin('1 {unit}', at, 'epoch'), count(*), sum(value), min(value), max(value),
        (array_agg(value ORDER BY at))[1], min(at), (array_agg(value ORDER BY at DESC))[1], max(at)
    FROM new GROUP BY 1, 2"""
FEW = f"""
WITH {_TICKED},
    new AS MATERIALIZED (
        SELECT moment(at) AS at, value, moment(tick) AS committed_at, series
        FROM ticked, unnest($2::int[], $3::bigint[], $4::float8[]) AS new(series, at, value)
    ),
    readings AS (INSERT INTO reading (at, value, committed_at, series_id) SELECT * FROM new),
    minutes AS ({_ADD.format(unit="minute", sums=_SUMS.format(unit="minute"))}),
    hours AS ({_ADD.format(unit="hour", sums=_SUMS.format(unit="hour"))}),
    texts AS (
        INSERT INTO text_reading (at, value, committed_at, series_id) SELECT moment(at), value, moment(tick), series
        FROM ticked, unnest($5::int[], $6::bigint[], $7::text[]) AS new(series, at, value)
    )
{_TELL}
"""  # noqa: S608  constants

# The devices are registered by now. An insert that updates on conflict would use up a number of `device.id` for each status.
STATUSES = """
UPDATE device SET online = new.online, status_at = moment($3)
FROM unnest($1::text[], $2::bool[]) AS new(name, online)
WHERE device.name = new.name AND device.online IS DISTINCT FROM new.online
"""
INFOS = """
UPDATE device SET info = new.info FROM unnest($1::text[], $2::jsonb[]) AS new(name, info)
WHERE device.name = new.name AND device.info IS DISTINCT FROM new.info
"""
# What a notification holds is less than 8,000 bytes: 700 numbers of ten digits.
UNITS = f"""
WITH changed AS (
    UPDATE series SET unit = device.info -> 'units' ->> series.metric FROM device
    WHERE series.device_id = device.id AND device.name = ANY($1::text[])
    AND series.unit IS DISTINCT FROM device.info -> 'units' ->> series.metric RETURNING series.id
), parted AS (
    SELECT id, row_number() OVER () / 700 AS part FROM changed
)
SELECT pg_notify('{SERIES_CHANNEL}', string_agg(id::text, ' ')) FROM parted GROUP BY part
"""  # noqa: S608  a constant
REJECTS = """
INSERT INTO reject (received_at, committed_at, topic, payload, reason, detail)
SELECT moment(received_at), moment($6), topic, payload, reason, detail
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[])
    AS new(received_at, topic, payload, reason, detail)
"""
# What was a reject before keeps its number and its age.
REJECTS_AGAIN = """
INSERT INTO reject (id, received_at, committed_at, topic, payload, reason, detail) OVERRIDING SYSTEM VALUE
SELECT id, moment(received_at), moment(committed_at), topic, payload, reason, detail
FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    AS new(received_at, topic, payload, reason, detail, id, committed_at)
"""
