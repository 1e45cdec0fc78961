"""The table of rejects has bounds: the oldest go, whichever bound they are beyond, and none goes within the bounds."""

import os
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from bridge.message import Message
from bridge.store import rejects
from bridge.store.housekeeping import Housekeeping
from bridge.store.rejects import Bounds, trim
from bridge.store.retention import Keep
from bridge.store.store import Store
from tests.putting import put

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
ADD = """
INSERT INTO reject (received_at, committed_at, topic, payload, reason, detail)
SELECT at, at, 't', $2::bytea, 'json', 'd'
FROM unnest($1::timestamptz[]) AS at
"""


async def add(sql: asyncpg.Connection, *ages: timedelta, size: int = 1) -> None:
    await sql.execute(ADD, [NOW - age for age in ages], os.urandom(size))  # which can't be compressed


async def kept(sql: asyncpg.Connection) -> list[int]:
    return [row["id"] for row in await sql.fetch("SELECT id FROM reject ORDER BY id")]


async def test_rejects_older_than_the_bound_go(sql: asyncpg.Connection) -> None:
    await add(sql, DAY * 100, DAY * 91, DAY * 89, DAY)
    with capture_logs() as logs:
        await trim(sql, Bounds(age=DAY * 90), NOW)
    assert await kept(sql) == [3, 4]
    assert [(line["event"], line["count"]) for line in logs] == [("rejects.dropped", 2)]


async def test_without_an_age_none_is_too_old(sql: asyncpg.Connection) -> None:
    await add(sql, DAY * 10_000)
    await trim(sql, Bounds(age=None), NOW)
    assert await kept(sql) == [1]


async def test_the_newest_stay_when_there_are_too_many(
    sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "CHUNK", 3)
    await add(sql, *[DAY] * 20)
    await trim(sql, Bounds(number=12), NOW)
    assert await kept(sql) == list(range(9, 21))
    await trim(sql, Bounds(number=12), NOW)
    assert await kept(sql) == list(range(9, 21))


async def test_gaps_in_the_numbers_are_no_rejects(sql: asyncpg.Connection) -> None:
    await add(sql, DAY, DAY)
    await sql.execute("SELECT nextval('reject_id_seq') FROM generate_series(1, 100)")
    await add(sql, DAY)
    await trim(sql, Bounds(number=3), NOW)
    assert len(await kept(sql)) == 3


async def test_the_newest_stay_when_they_are_too_large(sql: asyncpg.Connection) -> None:
    await add(sql, *[DAY] * 10, size=100_000)
    await trim(sql, Bounds(size=450_000), NOW)
    assert await kept(sql) == [7, 8, 9, 10]
    await trim(sql, Bounds(size=450_000), NOW)
    assert await kept(sql) == [7, 8, 9, 10]


async def test_housekeeping_trims_what_a_store_has_written(sql: asyncpg.Connection, database_url: str) -> None:
    store = Store(database_url)
    for number in range(5):
        await put(store, [Message("devices/a/telemetry", b"no JSON %d" % number, 1, 1_790_000_000_000_000)])
    await store.close()
    await Housekeeping(database_url, Keep(), Bounds(number=2)).tidy()
    assert [row["payload"] for row in await sql.fetch("SELECT payload FROM reject ORDER BY id")] == [
        b"no JSON 3",
        b"no JSON 4",
    ]
