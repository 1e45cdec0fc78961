"""The horizon: what retention has dropped stays dropped, however late a message comes."""

from bridge.migrations.script import run_script

revision = "0003"
down_revision = "0002"

TABLE = """
CREATE TABLE horizon (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT horizon_one_row CHECK (id),
    raw timestamptz NOT NULL,
    minute timestamptz NOT NULL,
    hour timestamptz NOT NULL
);
INSERT INTO horizon (raw, minute, hour) VALUES ('epoch', 'epoch', 'epoch');
"""

PARTITIONS = """
-- The partitions of every table that the week (ISO, UTC) of the moment touches: readings by week, minutes by month, hours by
-- year. None for a week before the horizon: the lock is the one under which the horizon rises, so none is made again.
-- Created apart and attached: that asks for a lock that neither readers nor writers of other partitions wait for.
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
                IF monday AT TIME ZONE 'UTC' < (SELECT raw FROM horizon) THEN
                    RETURN;
                END IF;
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


def upgrade() -> None:
    for script in (TABLE, PARTITIONS):
        run_script(script)
