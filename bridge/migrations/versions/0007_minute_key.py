"""The key of the minutes holds what a chart reads of them: their least and greatest values."""

from bridge.migrations.script import run_script

revision = "0007"
down_revision = "0006"

# An update in place needs no new entry in an index as long as neither changes, and of the readings of a minute few are the
# least or the greatest so far.
KEY = """
ALTER TABLE rollup_minute DROP CONSTRAINT rollup_minute_pkey;
ALTER TABLE rollup_minute ADD PRIMARY KEY (series_id, at) INCLUDE (min, max);
"""


def upgrade() -> None:
    run_script(KEY)
