"""Keeps the table of rejects within its bounds: the oldest go, a few at a time."""

from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg
import structlog

log = structlog.get_logger()

CHUNK = 10_000
"""Rejects deleted in one transaction: a fraction of a second, so that nobody waits for it."""

# Numbers and commits have the same order, so each bound is a number: what is no higher goes. Rolled-back batches leave gaps in
# the numbers, so those beyond a count are counted, but only where there may be as many.
TOO_OLD = "SELECT max(id) FROM reject WHERE committed_at < $1"
TOO_MANY = """
SELECT id FROM reject WHERE (SELECT max(id) - min(id) >= $1::bigint FROM reject) ORDER BY id DESC OFFSET $1::bigint LIMIT 1
"""
TOO_LARGE = """
SELECT id FROM (
    SELECT id, sum(octet_length(payload) + octet_length(topic) + octet_length(detail)) OVER (ORDER BY id DESC) AS bytes
    FROM reject WHERE pg_table_size('reject') > $1::bigint
) AS newest WHERE bytes > $1::bigint LIMIT 1
"""
DELETE = "DELETE FROM reject WHERE id IN (SELECT id FROM reject WHERE id <= $1 ORDER BY id LIMIT $2)"


class Bounds(NamedTuple):
    """Of the rejects: age (`None` is for ever), number, and bytes in what they quote."""

    age: timedelta | None = timedelta(days=90)
    number: int = 1_000_000
    size: int = 2**30


async def trim(connection: asyncpg.Connection, bounds: Bounds, now: datetime) -> None:
    """Delete the oldest rejects beyond the bounds, and let their room be used again."""
    found = [
        await connection.fetchval(TOO_OLD, now - bounds.age) if bounds.age else None,
        await connection.fetchval(TOO_MANY, bounds.number),
        await connection.fetchval(TOO_LARGE, bounds.size),
    ]
    last = max((number for number in found if number is not None), default=None)
    if last is None:
        return
    deleted = 0
    while (chunk := await _delete(connection, last)) > 0:
        deleted += chunk
    await connection.execute("VACUUM (SKIP_LOCKED) reject")
    log.info("rejects.dropped", count=deleted)


async def _delete(connection: asyncpg.Connection, last: int) -> int:
    answer: str = await connection.execute(DELETE, last, CHUNK)
    return int(answer.removeprefix("DELETE "))
