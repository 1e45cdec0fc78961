"""A chart of minutes opens what its borders cut in one scan each, where that is little: most charts of days and weeks."""

from bridge.migrations.script import run_script

revision = "0009"
down_revision = "0008"


def readings(since: str, until: str, rest: str = "") -> str:
    """The readings of a series in [since, until)."""
    return f"""SELECT r.at, r.value FROM reading r
            WHERE r.series_id = s.id AND r.at >= {since} AND r.at < {until} AND r.at >= since AND r.at < until {rest}"""  # noqa: S608


def part(since: str, until: str, edge: str) -> str:
    """What a border cuts off a minute: its readings in order, their least and greatest, and the time nearest to the border."""
    return f"""LATERAL (
            SELECT {edge}(r.at) AS at, array_agg(r.value) AS value, min(r.value) AS min, max(r.value) AS max
            FROM ({readings(since, until, "ORDER BY r.at")}) r
        )"""  # noqa: S608  constants


CHART = f"""
ALTER FUNCTION chart_lines RENAME TO chart_lines_of_tiers;

-- A row for each series that has readings in [since, until): its line on `points` columns of equal width, and the coarsest
-- tier it is made from; of these columns only those from `first_column` on and before `end_column`. Columns are cut at whole
-- milliseconds. See docs/decisions/0019.
CREATE FUNCTION chart_lines(ids integer[], since timestamptz, until timestamptz, points integer,
    first_column integer DEFAULT 0, end_column integer DEFAULT NULL)
RETURNS TABLE (series_id integer, at timestamptz[], value double precision[], tier text)
LANGUAGE plpgsql STABLE
-- As in chart_lines_of_tiers.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_material = off
SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
#variable_conflict use_column
DECLARE
    epoch CONSTANT timestamptz := 'epoch';
    tick CONSTANT interval := '1 microsecond';
    minute CONSTANT interval := '1 minute';
    hour CONSTANT interval := '1 hour';
    start CONSTANT timestamptz := date_trunc('milliseconds', since);
    span CONSTANT bigint := ceil(extract(epoch FROM until - start) * 1000);
    width CONSTANT interval := span / points * interval '1 millisecond';  -- of the narrowest column
    most CONSTANT integer := 2 * 3600;  -- readings an hour: with more it is faster to look first whether a minute matters
    first_hour CONSTANT timestamptz := date_bin(hour, since, epoch);
    borders timestamptz[];
BEGIN
    IF width < minute OR width >= hour OR since < (SELECT greatest(raw, minute) FROM horizon) OR EXISTS (
        SELECT FROM unnest(ids) AS id
        CROSS JOIN LATERAL (SELECT h.last_at, h.count FROM rollup_hour h WHERE h.series_id = id
            AND h.at >= first_hour AND h.at < until AND h.last_at >= since ORDER BY h.at LIMIT 1) AS early
        LEFT JOIN LATERAL (SELECT r.at FROM reading r WHERE r.series_id = id
            AND r.at >= since AND r.at < until ORDER BY r.at LIMIT 1) AS first ON true
        WHERE early.count > most OR early.last_at < coalesce(first.at, until)  -- dropped, though the horizon doesn't say so
    ) THEN
        RETURN QUERY SELECT * FROM chart_lines_of_tiers(ids, since, until, points, first_column, end_column);
        RETURN;
    END IF;
    borders := ARRAY(
        SELECT greatest(since, least(until, start + (n * (span / points)
            + (n * (span % points) + points - 1) / points) * interval '1 millisecond'))
        FROM generate_series(first_column, coalesce(end_column, points)) n ORDER BY n);
    -- Where the planner finds a constant, it looks at the partitions in these bounds only.
    since := borders[1];
    until := borders[cardinality(borders)];
    RETURN QUERY
    WITH columns AS MATERIALIZED (  -- whole minutes are [minutes_lo, minutes_hi)
        SELECT lo, hi, least(hi, date_bin(minute, lo + minute - tick, epoch)) AS minutes_lo,
            greatest(lo, date_bin(minute, hi, epoch)) AS minutes_hi
        FROM generate_series(1, cardinality(borders) - 1) col
        CROSS JOIN LATERAL (SELECT borders[col] AS lo, borders[col + 1] AS hi) AS border
        WHERE lo < hi
    ), found AS MATERIALIZED (
        SELECT s.id, whole.min IS NOT NULL AS used,
            coalesce(head.at, next.at) AS first_at, coalesce(head.value[1], next.value) AS first,
            coalesce(tail.at, before.at) AS last_at, coalesce(tail.value[cardinality(tail.value)], before.value) AS last,
            least(head.min, next.value, whole.min, before.value, tail.min) AS min,
            greatest(head.max, next.value, whole.max, before.value, tail.max) AS max
        FROM (SELECT id, columns.* FROM unnest(ids) id CROSS JOIN columns) s
        CROSS JOIN {part("s.lo", "s.minutes_lo", "min")} head
        CROSS JOIN {part("s.minutes_hi", "s.hi", "max")} tail
        LEFT JOIN LATERAL (
            {readings("s.minutes_lo", "s.hi", "AND head.at IS NULL ORDER BY r.at LIMIT 1")}
        ) next ON true
        LEFT JOIN LATERAL (
            {readings("s.lo", "s.minutes_hi", "AND tail.at IS NULL ORDER BY r.at DESC LIMIT 1")}
        ) before ON true
        CROSS JOIN LATERAL (
            SELECT min(b.min) AS min, max(b.max) AS max FROM rollup_minute b
            WHERE b.series_id = s.id AND b.at >= s.minutes_lo AND b.at < s.minutes_hi AND b.at >= since AND b.at < until
        ) whole
    )
    SELECT id, array_agg(point.at ORDER BY point.at, point.place), array_agg(point.value ORDER BY point.at, point.place),
        CASE WHEN bool_or(s.used) THEN 'minute' ELSE 'raw' END
    FROM (SELECT * FROM found WHERE first_at IS NOT NULL) s
    CROSS JOIN LATERAL (
        SELECT 0 AS place, s.first_at AS at, s.first AS value
        UNION ALL SELECT 1, s.first_at + (s.last_at - s.first_at) / 3, s.min WHERE s.min < least(s.first, s.last)
        UNION ALL SELECT 1, s.last_at - (s.last_at - s.first_at) / 3, s.max WHERE s.max > greatest(s.first, s.last)
        UNION ALL SELECT 2, s.last_at, s.last WHERE s.last_at > s.first_at
    ) AS point
    GROUP BY id;
END $$;
"""  # noqa: S608  constants


def upgrade() -> None:
    run_script(CHART)
