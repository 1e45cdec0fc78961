"""Rollups of minutes and hours, kept by the same statement that inserts the readings."""

from bridge.migrations.script import run_script

revision = "0002"
down_revision = "0001"

COLUMNS = """(
    at timestamptz NOT NULL,
    sum double precision NOT NULL,
    min double precision NOT NULL,
    max double precision NOT NULL,
    first double precision NOT NULL,
    first_at timestamptz NOT NULL,
    last double precision NOT NULL,
    last_at timestamptz NOT NULL,
    count integer NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at)"""

TABLES = f"CREATE TABLE rollup_minute {COLUMNS}; CREATE TABLE rollup_hour {COLUMNS};"

PARTITIONS = """
-- The partitions of every table that the week (ISO, UTC) of the moment touches: readings by week, minutes by month, hours by
-- year. Created apart and attached: that asks for a lock that neither readers nor writers of other partitions wait for.
CREATE OR REPLACE FUNCTION ensure_partitions(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    monday timestamp := date_trunc('week', moment AT TIME ZONE 'UTC');
    parent text;
    unit text;
    suffix text;
    start timestamp;
    part text;
BEGIN
    FOR parent, unit, suffix IN VALUES
        ('reading', 'week', '_IYYY"w"IW'), ('text_reading', 'week', '_IYYY"w"IW'),
        ('rollup_minute', 'month', '_YYYY"m"MM'), ('rollup_hour', 'year', '_YYYY')
    LOOP
        start := date_trunc(unit, monday);
        WHILE start < monday + interval '7 days' LOOP
            part := parent || to_char(start, suffix);
            IF to_regclass(part) IS NULL THEN
                PERFORM pg_advisory_xact_lock(hashtext('fieldline partitions'));
                IF to_regclass(part) IS NULL THEN
                    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)%s', part, parent,
                        CASE WHEN unit <> 'week' THEN ' WITH (fillfactor = 70)' END);  -- room for updates in place
                    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                        parent, part, start AT TIME ZONE 'UTC', (start + ('1 ' || unit)::interval) AT TIME ZONE 'UTC');
                END IF;
            END IF;
            start := start + ('1 ' || unit)::interval;
        END LOOP;
    END LOOP;
END $$;
"""

# What is stored already. Its weeks exist; the function adds their months and years.
BACKFILL = """
SELECT ensure_partitions(min(at)) FROM reading GROUP BY date_trunc('week', at AT TIME ZONE 'UTC');
INSERT INTO rollup_minute (series_id, at, count, sum, min, max, first, first_at, last, last_at)
    SELECT series_id, date_bin('1 minute', at, 'epoch'), count(*), sum(value), min(value), max(value),
        (array_agg(value ORDER BY at))[1], min(at), (array_agg(value ORDER BY at DESC))[1], max(at)
    FROM reading GROUP BY 1, 2;
INSERT INTO rollup_hour (series_id, at, count, sum, min, max, first, first_at, last, last_at)
    SELECT series_id, date_bin('1 hour', at, 'epoch'), sum(count), sum(sum), min(min), max(max),
        (array_agg(first ORDER BY at))[1], min(first_at), (array_agg(last ORDER BY at DESC))[1], max(last_at)
    FROM rollup_minute GROUP BY 1, 2;
"""


def upgrade() -> None:
    for script in (TABLES, PARTITIONS, BACKFILL):
        run_script(script)
