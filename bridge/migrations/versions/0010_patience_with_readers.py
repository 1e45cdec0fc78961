"""Who reads as `fieldline_reader` keeps neither a processor nor a snapshot for ever, unless it says that it wants to."""

from bridge.migrations.script import run_script

revision = "0010"
down_revision = "0009"

# For the role in all databases, as it is in all of them: and so a restored or cloned one has them, too. What somebody has set
# stays. Another database of this server may be migrated at the same moment; then that has set all of them.
SETTINGS = """
DO $$
DECLARE
    name text;
    value text;
BEGIN
    FOR name, value IN VALUES
        ('statement_timeout', '60s'),
        ('idle_in_transaction_session_timeout', '60s'),
        ('default_transaction_read_only', 'on')
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_roles, unnest(rolconfig) AS said
            WHERE rolname = 'fieldline_reader' AND split_part(said, '=', 1) = name
        );
        EXECUTE format('ALTER ROLE fieldline_reader SET %I = %L', name, value);
    END LOOP;
EXCEPTION
    WHEN undefined_object OR unique_violation OR internal_error THEN NULL;  -- the last: "tuple concurrently updated"
    WHEN insufficient_privilege THEN RAISE NOTICE 'no right to set timeouts for fieldline_reader: see docs/operations.md';
END $$;
"""


def upgrade() -> None:
    run_script(SETTINGS)
