"""Devices, series, readings, rejects, the commit clock, and the views that the outside may read."""

from bridge.migrations.script import run_script

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE device (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    online boolean,
    status_at timestamptz,
    info jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id integer NOT NULL REFERENCES device,
    metric text NOT NULL,
    unit text,
    kind text NOT NULL CONSTRAINT series_kind_check CHECK (kind IN ('number', 'boolean', 'text')),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (device_id, metric)
);
-- The eight-byte columns first: no padding in billions of rows. The key covers value: history is an index-only scan.
CREATE TABLE reading (
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    committed_at timestamptz NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, at) INCLUDE (value)
) PARTITION BY RANGE (at);
CREATE INDEX reading_committed_at_idx ON reading USING brin (committed_at)
    WITH (pages_per_range = 16, autosummarize = on);
CREATE TABLE text_reading (
    at timestamptz NOT NULL,
    committed_at timestamptz NOT NULL,
    series_id integer NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX text_reading_committed_at_idx ON text_reading USING brin (committed_at)
    WITH (pages_per_range = 16, autosummarize = on);
CREATE TABLE reject (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    committed_at timestamptz NOT NULL,
    topic text NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX reject_committed_at_idx ON reject (committed_at);
CREATE TABLE commit_clock (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT commit_clock_one_row CHECK (id),
    last timestamptz NOT NULL
);
INSERT INTO commit_clock (last) VALUES (clock_timestamp());
"""

FUNCTIONS = """
-- Times cross the wire as bigint microseconds since the epoch: exact, and cheap to encode by the hundred thousand.
CREATE FUNCTION moment(micros bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN timestamptz 'epoch' + micros * interval '1 microsecond';
CREATE FUNCTION micros(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (extract(epoch FROM moment) * 1000000)::bigint;

-- A number of a device's info; null where it says something else.
CREATE FUNCTION number(found jsonb) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN jsonb_typeof(found) = 'number' THEN found::double precision END;

-- The next value of the cursor. Holds the clock's row until the transaction ends, so commits become visible in cursor order.
CREATE FUNCTION tick() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    UPDATE commit_clock SET last = greatest(last + interval '1 microsecond', clock_timestamp()) RETURNING micros(last);
END;

-- The week (ISO, UTC) of each table that holds the moment. Created apart and attached: that asks for a lock that
-- neither readers nor writers of the other weeks wait for.
CREATE FUNCTION ensure_partitions(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    monday timestamp := date_trunc('week', moment AT TIME ZONE 'UTC');
    parent text;
    part text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['reading', 'text_reading'] LOOP
        part := parent || to_char(monday, '_IYYY"w"IW');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('fieldline partitions'));
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, part, monday AT TIME ZONE 'UTC', (monday + interval '7 days') AT TIME ZONE 'UTC');
    END LOOP;
END $$;
"""

VIEWS = """
CREATE VIEW readings AS
    SELECT r.at, d.name AS device, s.metric, s.unit, r.value, NULL::text AS text, r.committed_at
    FROM reading r JOIN series s ON s.id = r.series_id JOIN device d ON d.id = s.device_id
    UNION ALL
    SELECT r.at, d.name, s.metric, s.unit, NULL, r.value, r.committed_at
    FROM text_reading r JOIN series s ON s.id = r.series_id JOIN device d ON d.id = s.device_id;

-- One index lookup a series, newest partition first: milliseconds where DISTINCT ON takes seconds.
CREATE VIEW latest AS
    SELECT d.name AS device, s.metric, s.unit, newest.at, newest.value, newest.text
    FROM series s JOIN device d ON d.id = s.device_id
    CROSS JOIN LATERAL (
        (SELECT r.at, r.value, NULL::text AS text FROM reading r
         WHERE r.series_id = s.id AND s.kind <> 'text' ORDER BY r.at DESC LIMIT 1)
        UNION ALL
        (SELECT r.at, NULL, r.value FROM text_reading r
         WHERE r.series_id = s.id AND s.kind = 'text' ORDER BY r.at DESC LIMIT 1)
    ) newest;

CREATE VIEW devices AS
    SELECT d.name AS device, d.online, greatest(d.status_at, newest.at) AS last_seen,
        coalesce(d.info ->> 'name', d.name) AS name, d.info ->> 'model' AS model, d.info ->> 'firmware' AS firmware,
        number(d.info #> '{location,lat}') AS lat, number(d.info #> '{location,lon}') AS lon,
        d.created_at
    FROM device d LEFT JOIN (SELECT device, max(at) AS at FROM latest GROUP BY device) newest ON newest.device = d.name;
"""

READER = """
DO $$ BEGIN
    CREATE ROLE fieldline_reader NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN RAISE NOTICE 'no right to create the role fieldline_reader: create it and migrate again';
END $$;
DO $$ BEGIN
    GRANT SELECT ON readings, latest, devices TO fieldline_reader;
EXCEPTION WHEN undefined_object THEN NULL;
END $$;
"""


def upgrade() -> None:
    for script in (TABLES, FUNCTIONS, VIEWS, READER):
        run_script(script)
