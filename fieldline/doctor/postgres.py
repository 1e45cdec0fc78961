"""Asks a Postgres for its settings, and judges them."""

import time
from typing import NamedTuple

from fieldline.database import Database
from fieldline.doctor.finding import Finding, Level, check

OLDEST = 150_000
"""`server_version_num` of the first Postgres that the schema is made for."""
CONNECTIONS = 12
"""Bridge, live side and API take so many at most."""
GIB = 2**30
CLOCKS = 1.0
"""Seconds that clocks may differ: more, and `late` and the clock check of readings mean little."""
SPAN = 60
"""Seconds of commits that the rate is counted over."""

SETTINGS = """
SELECT name, setting FROM pg_settings WHERE name IN (
    'fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'data_directory', 'server_version',
    'server_version_num', 'max_connections', 'superuser_reserved_connections')
"""
# `transaction_read_only` is on here by our own wish, so the default is asked.
STATE = """
SELECT current_setting('default_transaction_read_only') AS read_only, pg_is_in_recovery() AS standby,
    extract(epoch FROM clock_timestamp())::float8 AS now, host(inet_server_addr()) AS address,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connected,
    to_regclass('alembic_version') IS NOT NULL AS migrated
"""
SCHEMA = "SELECT version_num FROM alembic_version"
RATE = """
SELECT count(*) / $1::float8 FROM (
    SELECT DISTINCT device_id, at FROM (
        SELECT series_id, at FROM reading WHERE committed_at > now() - $1 * interval '1 s'
        UNION ALL
        SELECT series_id, at FROM text_reading WHERE committed_at > now() - $1 * interval '1 s'
    ) AS reading JOIN series ON series.id = series_id
) AS message
"""


class Facts(NamedTuple):
    """What a Postgres says of itself."""

    version: str
    version_number: int
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    data_checksums: str
    read_only: bool
    standby: bool
    schema: str | None
    clock_ahead: float
    """Seconds that its clock is ahead of ours, as far as the answer's way lets know."""
    connections_left: int
    folder: str | None
    """Where its data is, if this user may know."""
    address: str | None
    """Where it listens; None on a Unix socket."""


async def ask(database: Database) -> Facts:
    settings = dict(await database.fetch(SETTINGS))
    before = time.time()
    [state] = await database.fetch(STATE)
    middle = (before + time.time()) / 2
    schema = await database.fetch(SCHEMA) if state["migrated"] else ()
    most = int(settings["max_connections"]) - int(settings["superuser_reserved_connections"])
    return Facts(
        version=settings["server_version"],
        version_number=int(settings["server_version_num"]),
        fsync=settings["fsync"],
        synchronous_commit=settings["synchronous_commit"],
        full_page_writes=settings["full_page_writes"],
        data_checksums=settings["data_checksums"],
        read_only=state["read_only"] == "on",
        standby=state["standby"],
        schema=schema[0]["version_num"] if schema else None,
        clock_ahead=state["now"] - middle,
        connections_left=most - state["connected"],
        folder=settings.get("data_directory"),
        address=state["address"],
    )


async def rate(database: Database) -> float:
    """Messages a second that were committed lately."""
    [(found,)] = await database.fetch(RATE, SPAN)
    return float(found)


def judge(facts: Facts, schema: str, disk: int | None) -> list[Finding]:
    """`schema`: the current one; `disk`: bytes free where its data is, None if that isn't known."""
    found = [
        check(
            facts.fsync == "on",
            "database",
            "fsync",
            facts.fsync,
            "what is committed survives a power cut",
            "fsync = on",
        ),
        check(
            facts.synchronous_commit != "off",
            "database",
            "synchronous_commit",
            facts.synchronous_commit,
            "what is acknowledged to the broker is on disk",
            "synchronous_commit = on",
        ),
        check(
            facts.full_page_writes == "on",
            "database",
            "full_page_writes",
            facts.full_page_writes,
            "a power cut amid a write leaves no half page",
            "full_page_writes = on",
        ),
        check(
            facts.data_checksums == "on",
            "database",
            "data_checksums",
            facts.data_checksums,
            "a disk that forgets is noticed",
            "pg_checksums --enable, while the server is stopped",
            "doubtful",
        ),
        check(
            facts.version_number >= OLDEST,
            "database",
            "version",
            f"PostgreSQL {facts.version}",
            f"PostgreSQL {OLDEST // 10_000} or later",
            "upgrade",
        ),
        check(
            not facts.read_only and not facts.standby,
            "database",
            "writable",
            "a standby" if facts.standby else "read-only" if facts.read_only else "yes",
            "a server that can be written to",
            "point FIELDLINE_DATABASE_URL to the primary" if facts.standby else "default_transaction_read_only = off",
        ),
        check(facts.schema == schema, "database", "schema", facts.schema or "none", schema, "fieldline migrate"),
        check(
            abs(facts.clock_ahead) <= CLOCKS,
            "database",
            "clock",
            f"{abs(facts.clock_ahead):.3g} s {'ahead of' if facts.clock_ahead > 0 else 'behind'} this machine's",
            f"within {CLOCKS:g} s",
            "let both machines ask a time server",
            "doubtful",
        ),
        check(
            facts.connections_left >= CONNECTIONS,
            "database",
            "connections",
            f"{facts.connections_left} left",
            f"{CONNECTIONS} for bridge and API",
            "raise max_connections",
            "doubtful",
        ),
    ]
    if disk is not None:
        free = f"{disk / GIB:.1f} GiB free"
        level: Level = "broken" if disk < GIB else "doubtful"
        more = "10 GiB: a full disk stops the store, and what waits in the broker grows"
        found.append(check(disk >= 10 * GIB, "database", "disk", free, more, "make room", level))
    return found
