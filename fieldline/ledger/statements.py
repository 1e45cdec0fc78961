"""The SQL of the ledger. Times travel as microseconds since the epoch."""

from devices.sequence import RUN

HALF = RUN // 2
"""Nobody measures half a million times in a second: where the next second has a group too, the run went on into it."""

SERIES = """
SELECT series.id, device.name AS device, series.kind, micros(series.created_at) AS created_at,
    (SELECT count(*) FROM series) AS all_series
FROM series JOIN device ON device.id = series.device_id
WHERE series.metric = 'seq' AND device.name || '/' || series.metric LIKE ANY ($1)
ORDER BY device.name
"""

# The weeks that the store holds, from their partitions.
WEEKS = r"""
SELECT micros(bound[1]::timestamptz), micros(bound[2]::timestamptz)
FROM (
    SELECT regexp_match(pg_get_expr(part.relpartbound, part.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS bound
    FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = 'reading'::regclass
) AS part
WHERE bound IS NOT NULL ORDER BY 1
"""

IS_NUMBER = "value >= 0 AND value <= 9007199254740991 AND value = trunc(value)"
"""Whether a reading can be a sequence number: no fraction, nothing negative, nothing that a double can't count exactly."""

# A bitmap: each 64 numbers are a word, in which each that is stored sets its bit. A full word is a stretch of numbers, of
# another one each bit; in their order the stretches show the holes. So it is exact, in whatever order and however often
# numbers came, and takes a third of what window functions over all readings take. A run is a whole number of words.
# $1 series, $2 whether none of its readings can lie before the window; $3, $4 the window; $5 how many holes to list.
SEQUENCES = f"""
SELECT wanted.id, found.*
FROM unnest($1::int[], $2::bool[]) AS wanted(id, whole)
CROSS JOIN LATERAL (
    WITH word AS (
        SELECT CASE WHEN {IS_NUMBER} THEN floor(value / 64) ELSE -1 END::bigint AS word, count(*) AS readings,
            bit_or(1::bigint << (value - floor(value / 64) * 64)::int) FILTER (WHERE {IS_NUMBER}) AS bits
        FROM reading WHERE series_id = wanted.id AND at >= moment($3) AND at < moment($4)
        GROUP BY 1
    ), stretch AS (
        SELECT word * 64 AS first, word * 64 + 63 AS last FROM word WHERE bits = -1
        UNION ALL
        SELECT word * 64 + bit, word * 64 + bit FROM word CROSS JOIN generate_series(0, 63) AS bit
        WHERE bits <> -1 AND bits >> bit & 1 = 1
    ), piece AS (
        SELECT first / {RUN} AS run, first, last, lag(last) OVER (PARTITION BY first / {RUN} ORDER BY first) AS before
        FROM stretch
    ), run AS (
        SELECT *, CASE WHEN cut THEN low ELSE run * {RUN} END AS begins,
            CASE WHEN went_on THEN (run + 1) * {RUN} - 1 ELSE high END AS ends
        FROM (
            SELECT run, min(first) AS low, max(last) AS high, sum(last - first + 1) AS numbers,
                coalesce(lead(run) OVER following = run + 1 AND max(last) >= run * {RUN} + {HALF}, false) AS went_on,
                NOT wanted.whole AND run * 1000000 < $3 AND row_number() OVER following = 1 AS cut
            FROM piece GROUP BY run WINDOW following AS (ORDER BY run)
        ) AS run
    ), hole AS (
        SELECT coalesce(before + 1, begins) AS first, first - 1 AS last FROM piece JOIN run USING (run)
        WHERE first > coalesce(before + 1, begins)
        UNION ALL
        SELECT high + 1, ends FROM run WHERE ends > high
    )
    SELECT (SELECT coalesce(sum(readings), 0)::bigint FROM word WHERE word < 0) AS odd,
        (SELECT coalesce(sum(readings), 0)::bigint FROM word WHERE word >= 0) AS readings,
        count(*) - count(*) FILTER (WHERE went_on) AS runs,
        coalesce(bool_or(cut), false) AS cut,
        coalesce(sum(ends - begins + 1), 0)::bigint AS sent,
        coalesce(sum(numbers), 0)::bigint AS stored,
        (SELECT count(*) FROM hole) AS holes,
        ARRAY (SELECT first FROM hole ORDER BY first LIMIT $5) AS firsts,
        ARRAY (SELECT last FROM hole ORDER BY first LIMIT $5) AS lasts
    FROM run
) AS found
"""  # noqa: S608  constants

# `committed_at` is in no index, so this reads the table itself, in its own order and with all workers there are: along the
# key it would take ten times as long. $4 is given only where few series are wanted of many.
LATE = """
SELECT series_id, count(*) FROM reading
WHERE at >= moment($1) AND at < moment($2) AND committed_at > at + $3 * interval '1 microsecond'
    AND ($4::int[] IS NULL OR series_id = ANY ($4))
GROUP BY series_id
"""
