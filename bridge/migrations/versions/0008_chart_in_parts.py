"""The chart can be asked for some of its columns; what their borders cut is looked up in the key alone."""

from bridge.migrations.script import run_script

revision = "0008"
down_revision = "0007"

# What is left of a rollup whose readings are dropped: four readings, of which the middle two have no time of their own.
STANDS = """LATERAL (VALUES (b.first_at, b.first), (b.first_at + (b.last_at - b.first_at) / 3, b.min),
            (b.last_at - (b.last_at - b.first_at) / 3, b.max), (b.last_at, b.last)) AS stands (at, value)"""

RAW = """reading r
            WHERE r.series_id = s.id AND r.at >= s.lo AND r.at < s.hi
                AND r.at >= greatest(since, raw_from) AND r.at < until"""


def dropped(tail: str = "") -> str:
    """What stands for the readings of a series in [s.lo, s.hi) that retention has dropped."""
    return f"""
            (SELECT stands.at, stands.value FROM rollup_minute b, {STANDS}
            WHERE s.lo < raw_from AND b.series_id = s.id AND b.at > s.lo - minute AND b.at < s.hi
                AND b.at >= greatest(first_minute, minutes_from) AND b.at < least(until, raw_from)
                AND stands.at >= s.lo AND stands.at < s.hi {tail})
            UNION ALL
            (SELECT stands.at, stands.value FROM rollup_hour b, {STANDS}
            WHERE s.lo < minutes_from AND b.series_id = s.id AND b.at > s.lo - hour AND b.at < s.hi
                AND b.at >= first_hour AND b.at < least(until, minutes_from)
                AND stands.at >= s.lo AND stands.at < s.hi {tail})"""  # noqa: S608  constants


def whole(tier: str) -> str:
    """Least and greatest of the rollups that lie whole in [s.lo, s.hi)."""
    return f"""LATERAL (
            SELECT min(b.min) AS min, max(b.max) AS max FROM rollup_{tier} b
            WHERE b.series_id = s.id AND b.at >= date_bin({tier}, s.lo + {tier} - tick, epoch)
                AND b.at < date_bin({tier}, s.hi, epoch)
                AND b.at >= greatest(since, {tier}s_from) AND b.at < until
        )"""  # noqa: S608  constants


def cut(tier: str) -> str:
    """The parts of [s.lo, s.hi) that a border cuts off a rollup, where that may hold less or more than is found already."""
    return f"""
        SELECT s.id, s.col, part.lo, part.hi, s.first_at, s.last_at, s.min, s.max
        FROM {tier}s s
        CROSS JOIN LATERAL (
            SELECT s.lo, least(s.hi, date_bin({tier}, s.lo + {tier} - tick, epoch)) AS hi
            UNION ALL SELECT greatest(s.lo, date_bin({tier}, s.hi, epoch)), s.hi
        ) AS part
        CROSS JOIN LATERAL (
            SELECT FROM rollup_{tier} b
            WHERE b.series_id = s.id AND b.at = date_bin({tier}, part.lo, epoch) AND part.lo < part.hi
                AND b.at >= greatest(first_{tier}, {tier}s_from) AND b.at < until
                AND (b.min < s.min OR b.max > s.max)
            LIMIT 1  -- without it the planner may read all rollups of a series for each column
        ) AS may_matter"""  # noqa: S608  constants


EARLY_AND_LATE = f"""LEFT JOIN LATERAL (
            SELECT * FROM ({dropped("ORDER BY b.at, stands.at LIMIT 1")}) d ORDER BY d.at LIMIT 1
        ) early ON true
        LEFT JOIN LATERAL (
            SELECT * FROM ({dropped("ORDER BY b.at DESC, stands.at DESC LIMIT 1")}) d ORDER BY d.at DESC LIMIT 1
        ) late ON true"""  # noqa: S608  constants
NOTHING = "(SELECT NULL::timestamptz AS at, NULL::double precision AS value)"
NEITHER = f"CROSS JOIN {NOTHING} early CROSS JOIN {NOTHING} late"
OLD = f"""UNION ALL
            SELECT s.id, s.col, old.min, old.max, 0
            FROM within_readings s CROSS JOIN LATERAL (SELECT min(d.value), max(d.value) FROM ({dropped()}) d) old"""  # noqa: S608  constants


def lines(early_and_late: str, old: str) -> str:
    """The lines, with what is dropped or without it: planning what is not needed takes a tenth of the time of all."""
    return f"""
    WITH columns AS MATERIALIZED (
        SELECT col, borders[col] AS lo, borders[col + 1] AS hi FROM generate_series(1, cardinality(borders) - 1) col
    ), ends AS MATERIALIZED (
        SELECT s.id, s.col, s.lo, s.hi,
            coalesce(early.at, first.at) AS first_at, coalesce(early.value, first.value) AS first,
            coalesce(last.at, late.at) AS last_at, coalesce(last.value, late.value) AS last
        FROM (SELECT id, col, lo, hi FROM unnest(ids) id CROSS JOIN columns WHERE lo < hi) s
        LEFT JOIN LATERAL (SELECT r.at, r.value FROM {RAW} ORDER BY r.at LIMIT 1) first ON true
        LEFT JOIN LATERAL (SELECT r.at, r.value FROM {RAW} ORDER BY r.at DESC LIMIT 1) last ON first.at IS NOT NULL
        {early_and_late}
        WHERE first.at IS NOT NULL OR early.at IS NOT NULL
    ), hours AS MATERIALIZED (
        SELECT s.*, whole.min IS NOT NULL AS used, least(s.first, s.last, whole.min) AS min,
            greatest(s.first, s.last, whole.max) AS max
        FROM ends s LEFT JOIN {whole("hour")} whole ON width >= hour
    ), within_minutes AS MATERIALIZED (
        SELECT id, col, lo, hi, first_at, last_at, min, max FROM hours WHERE width >= minute AND width < hour
        UNION ALL
        SELECT * FROM ({cut("hour")}
            WHERE width >= hour) AS parts
    ), minutes AS MATERIALIZED (
        SELECT s.id, s.col, s.lo, s.hi, s.first_at, s.last_at, whole.min IS NOT NULL AS used,
            least(s.min, whole.min) AS min, greatest(s.max, whole.max) AS max
        FROM within_minutes s LEFT JOIN {whole("minute")} whole ON true
    ), within_readings AS MATERIALIZED (
        SELECT id, col, lo, hi FROM hours WHERE width < minute AND first_at < last_at
        UNION ALL
        SELECT id, col, lo, hi FROM ({cut("minute")}) AS parts
        UNION ALL
        SELECT id, col, lo, least(hi, minutes_from) FROM minutes WHERE lo < minutes_from
    ), found AS (
        SELECT id, col, min(min) AS min, max(max) AS max, max(rank) AS rank FROM (
            SELECT id, col, min, max, CASE WHEN used THEN 2 ELSE 0 END AS rank FROM hours
            UNION ALL
            SELECT id, col, min, max, CASE WHEN used THEN 1 ELSE 0 END FROM minutes
            UNION ALL
            SELECT s.id, s.col, raw.min, raw.max, 0
            FROM within_readings s CROSS JOIN LATERAL (SELECT min(r.value), max(r.value) FROM {RAW}) raw
            {old}
        ) AS all_tiers GROUP BY id, col
    )
    SELECT id, array_agg(point.at ORDER BY point.at, point.place), array_agg(point.value ORDER BY point.at, point.place),
        (ARRAY['raw', 'minute', 'hour'])[1 + max(CASE WHEN s.first_at < minutes_from THEN 2
            WHEN s.first_at < raw_from THEN greatest(found.rank, 1) ELSE found.rank END)]
    FROM ends s JOIN found USING (id, col)
    LEFT JOIN LATERAL (
        SELECT r.at FROM reading r
        WHERE r.series_id = id AND r.at >= s.lo AND r.at < s.hi AND r.at >= since AND r.at < until
            AND r.value = found.min AND found.min < least(s.first, s.last) ORDER BY r.at LIMIT 1
    ) AS lowest ON width < minute
    LEFT JOIN LATERAL (
        SELECT r.at FROM reading r
        WHERE r.series_id = id AND r.at >= s.lo AND r.at < s.hi AND r.at >= since AND r.at < until
            AND r.value = found.max AND found.max > greatest(s.first, s.last) ORDER BY r.at LIMIT 1
    ) AS highest ON width < minute
    CROSS JOIN LATERAL (
        SELECT 0 AS place, s.first_at AS at, s.first AS value
        UNION ALL SELECT 1, coalesce(lowest.at, s.first_at + (s.last_at - s.first_at) / 3), found.min
            WHERE found.min < least(s.first, s.last)
        UNION ALL SELECT 1, coalesce(highest.at, s.last_at - (s.last_at - s.first_at) / 3), found.max
            WHERE found.max > greatest(s.first, s.last)
        UNION ALL SELECT 2, s.last_at, s.last WHERE s.last_at > s.first_at
    ) AS point
    GROUP BY id;"""  # noqa: S608  constants


CHART = f"""
DROP FUNCTION chart_lines(integer[], timestamptz, timestamptz, integer);

-- A row for each series that has readings in [since, until): its line on `points` columns of equal width, and the coarsest
-- tier it is made from; of these columns only those from `first_column` on and before `end_column`. Columns are cut at whole
-- milliseconds. See docs/decisions/0019.
CREATE FUNCTION chart_lines(ids integer[], since timestamptz, until timestamptz, points integer,
    first_column integer DEFAULT 0, end_column integer DEFAULT NULL)
RETURNS TABLE (series_id integer, at timestamptz[], value double precision[], tier text)
LANGUAGE plpgsql STABLE
-- Thousands of lookups in the keys: whatever the planner believes of fresh tables, anything else is slower.
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
    borders CONSTANT timestamptz[] := ARRAY(
        SELECT greatest(since, least(until, start + (n * (span / points)
            + (n * (span % points) + points - 1) / points) * interval '1 millisecond'))
        FROM generate_series(first_column, coalesce(end_column, points)) n ORDER BY n);
    -- Where the planner finds a constant, it looks at the partitions in these bounds only.
    first_minute timestamptz;
    first_hour timestamptz;
    hours_from CONSTANT timestamptz := '-infinity';
    minutes_from timestamptz;
    raw_from timestamptz;
BEGIN
    since := borders[1];
    until := borders[cardinality(borders)];
    first_minute := date_bin(minute, since, epoch);
    first_hour := date_bin(hour, since, epoch);
    SELECT greatest(horizon.raw, (
            SELECT max(coalesce(first.at, until)) FROM unnest(ids) AS id
            CROSS JOIN LATERAL (SELECT h.last_at FROM rollup_hour h WHERE h.series_id = id
                AND h.at >= first_hour AND h.at < until AND h.last_at >= since ORDER BY h.at LIMIT 1) AS early
            LEFT JOIN LATERAL (SELECT r.at FROM reading r WHERE r.series_id = id
                AND r.at >= greatest(since, horizon.raw) AND r.at < until ORDER BY r.at LIMIT 1) AS first ON true
            WHERE early.last_at < coalesce(first.at, until))),
        horizon.minute INTO raw_from, minutes_from FROM horizon;
    IF width >= hour THEN
        minutes_from := greatest(minutes_from, raw_from);
    END IF;
    IF since < raw_from THEN
        RETURN QUERY {lines(EARLY_AND_LATE, OLD)}
    ELSE
        RETURN QUERY {lines(NEITHER, "")}
    END IF;
END $$;
"""  # noqa: S608  constants


def upgrade() -> None:
    run_script(CHART)
