"""Which cursors are a database's own, and of which commits something was dropped."""

from bridge.migrations.script import run_script

revision = "0005"
down_revision = "0004"

CLOCK = """
ALTER TABLE commit_clock ADD COLUMN born timestamptz;
UPDATE commit_clock SET born = last;
ALTER TABLE commit_clock ALTER COLUMN born SET NOT NULL;

-- The next value of the cursor: a multiple of 100 µs after the clock was born, so that few cursors of another database are one
-- of this. Holds the clock's row until the transaction ends, so commits become visible in cursor order.
CREATE OR REPLACE FUNCTION tick() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    UPDATE commit_clock SET last = moment(micros(born)
        + (micros(greatest(last + interval '1 microsecond', clock_timestamp())) - micros(born) + 99) / 100 * 100)
    RETURNING micros(last);
END;
"""

HORIZON = """
-- The newest commit of which a reading was dropped. Of what is gone already nobody knows: at least its weeks are over.
ALTER TABLE horizon ADD COLUMN dropped timestamptz NOT NULL DEFAULT 'epoch';
UPDATE horizon SET dropped = raw;
ALTER TABLE horizon ALTER COLUMN dropped DROP DEFAULT;
"""


def upgrade() -> None:
    for script in (CLOCK, HORIZON):
        run_script(script)
