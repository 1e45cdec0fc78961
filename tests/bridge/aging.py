"""Readings of long ago, housekeeping that drops them, and looks at what is left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from bridge import clock
from bridge.message import Message
from bridge.store.housekeeping import Housekeeping
from bridge.store.rejects import Bounds
from bridge.store.retention import Keep

NOW = datetime.now(UTC)
OLD = NOW - timedelta(weeks=120)
"""Another week, another month and another year than now, whenever this runs."""
WEEK = f"{OLD:%Gw%V}"
MONTH_OF_RAW = Keep(raw=timedelta(days=30))


def said(at: datetime, value: float = 1, text: str = "x") -> Message:
    payload = f'{{"at":"{at.isoformat()}","level":{value},"state":"{text}"}}'
    return Message("devices/tank-1/telemetry", payload.encode(), 1, clock.now())


async def tidy(url: str, keep: Keep) -> None:
    await Housekeeping(url, keep, Bounds()).tidy()


HELD = """
SELECT (SELECT count(*) FROM reading WHERE at < $1), (SELECT count(*) FROM text_reading WHERE at < $1),
    (SELECT count(*) FROM rollup_minute WHERE at < $1), (SELECT count(*) FROM rollup_hour WHERE at < $1)
"""


async def held(sql: asyncpg.Connection) -> tuple[int, ...]:
    """How many old rows there are: numbers, texts, minutes, hours."""
    [row] = await sql.fetch(HELD, OLD + timedelta(days=1))
    return tuple(row)


async def tables(sql: asyncpg.Connection, suffix: str = WEEK) -> set[str]:
    return {
        row[0]
        for row in await sql.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%' || $1", suffix
        )
    }


async def rejects(sql: asyncpg.Connection) -> list[Any]:
    return [tuple(row) for row in await sql.fetch("SELECT reason, payload FROM reject ORDER BY id")]


async def is_waiting(sql: asyncpg.Connection) -> bool:
    found = await sql.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fieldline housekeeping' AND wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    return bool(found)
