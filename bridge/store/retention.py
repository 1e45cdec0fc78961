"""Drops partitions that are wholly older than what is kept, tier by tier, while others read and write."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg
import structlog

log = structlog.get_logger()

TIERS = {"reading": "raw", "text_reading": "raw", "rollup_minute": "minute", "rollup_hour": "hour"}

MARK = "older than the horizon: fieldline drops it"
"""The comment on a table that is being dropped: one found detached without it was detached by a person, who may want it."""

LOCK = "SELECT pg_advisory_xact_lock(hashtext('fieldline partitions'))"
RAISE = """
UPDATE horizon SET raw = $1, minute = $2, hour = $3, dropped = greatest(dropped, $1)
WHERE (raw, minute, hour) IS DISTINCT FROM ($1, $2, $3)
"""
PARTS = """
SELECT format('%I', part.relname) AS part, inhdetachpending AS pending
FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = $1::text::regclass
AND substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz <= $2
ORDER BY pending DESC, part
"""
# Readings lie in the order of their commits: the index finds the late ones without a look at the others.
REMEMBER = """
UPDATE horizon SET dropped = newest.committed_at
FROM (SELECT max(committed_at) AS committed_at FROM {part} WHERE committed_at > (SELECT dropped FROM horizon)) AS newest
WHERE newest.committed_at > dropped
"""
MARKED = """
SELECT format('%I', relname) AS part, relname ~ '^(text_)?reading_' AS raw FROM pg_class
WHERE relkind = 'r' AND NOT relispartition AND pg_table_is_visible(oid) AND obj_description(oid, 'pg_class') = $1
"""


class Keep(NamedTuple):
    """For how long each tier is kept; `None` is for ever. A coarser tier is kept at least as long as a finer one."""

    raw: timedelta | None = None
    minute: timedelta | None = None
    hour: timedelta | None = None


class Horizon(NamedTuple):
    """Where what is kept of each tier begins: a Monday, the first of a month, and the first of a year. Never goes back."""

    raw: datetime
    minute: datetime
    hour: datetime


def rise(last: Horizon, keep: Keep, now: datetime) -> Horizon:
    """The horizon as of now. A coarser tier's is never above a finer one's: each reading that is kept has its rollups."""
    raw, minute, hour = last
    if keep.raw is not None:
        raw = max(raw, _monday(now - keep.raw))
    if keep.minute is not None:
        minute = max(minute, _midnight(min(now - keep.minute, raw)).replace(day=1))
    if keep.hour is not None:
        hour = max(hour, _midnight(min(now - keep.hour, minute)).replace(month=1, day=1))
    return Horizon(raw, minute, hour)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _monday(moment: datetime) -> datetime:
    return _midnight(moment) - timedelta(days=moment.astimezone(UTC).weekday())


async def retain(connection: asyncpg.Connection, keep: Keep, now: datetime) -> None:
    """Raise the horizon, then drop all that lies before it.

    By the slower of two clocks: one that is years ahead must not empty the database. What can't be had within
    `lock_timeout` raises, and is found again the next time, in whatever state it was left.
    """
    async with connection.transaction():
        await connection.execute(LOCK)
        [(theirs, *last)] = await connection.fetch("SELECT now(), raw, minute, hour FROM horizon")
        horizon = rise(Horizon(*last), keep, min(now, theirs))
        await connection.execute(RAISE, *horizon)
    for parent, tier in TIERS.items():
        before = getattr(horizon, tier)
        for part, pending in await connection.fetch(PARTS, parent, before):
            if tier == "raw":
                await _remember(connection, part)
            await _detach(connection, parent, part, pending=pending)
    for part, raw in await connection.fetch(MARKED, MARK):
        if raw:
            await _remember(connection, part)  # again: now nobody writes to it any more
        await _drop(connection, part)


async def _remember(connection: asyncpg.Connection, part: str) -> None:
    """Note the newest commit of which something is dropped, for who comes back with a cursor from before it."""
    await connection.execute(REMEMBER.format(part=part))


async def _detach(connection: asyncpg.Connection, parent: str, part: str, *, pending: bool) -> None:
    """Neither readers nor writers wait: the part is hidden first, and leaves when the last of those that saw it has ended."""
    await connection.execute(f"COMMENT ON TABLE {part} IS '{MARK}'")
    await connection.execute(
        f"ALTER TABLE {parent} DETACH PARTITION {part} {'FINALIZE' if pending else 'CONCURRENTLY'}"
    )


async def _drop(connection: asyncpg.Connection, part: str) -> None:
    await connection.execute(f"DROP TABLE {part}")
    log.info("retention.dropped", table=part)
