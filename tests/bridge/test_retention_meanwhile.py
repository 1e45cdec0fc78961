"""Retention beside others: nobody waits for a drop, and one that was cut short is finished later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from bridge.store import housekeeping, retention
from bridge.store.housekeeping import Housekeeping
from bridge.store.rejects import Bounds
from bridge.store.store import Store
from tests.bridge.aging import MONTH_OF_RAW, NOW, OLD, WEEK, held, is_waiting, said, tables, tidy
from tests.eventually import eventually
from tests.putting import put
from tests.services import Database


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, doubt=lambda: pytest.fail("expected every batch to be known as stored, or not"))
    yield store
    await store.close()


async def test_neither_writers_nor_readers_wait_while_a_drop_waits_for_an_old_reader(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    await put(store, [said(OLD), said(NOW)])
    reader = await asyncpg.connect(database_url)
    reading = reader.transaction(isolation="repeatable_read")
    await reading.start()
    assert await reader.fetchval("SELECT count(*) FROM reading") == 2
    dropping = asyncio.create_task(tidy(database_url, MONTH_OF_RAW))
    await eventually(lambda: is_waiting(sql))
    for second in range(1, 20):
        [outcome] = await put(store, [said(NOW + timedelta(seconds=second)), said(NOW)])
        assert (outcome.stored, outcome.duplicate) == (1, 1)
        assert await sql.fetchval("SELECT count(*) FROM reading") == second + 1, "the old week is hidden at once"
        assert await sql.fetchval("SELECT count(*) FROM latest") == 2
    assert await sql.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") == 1, (
        "expected that only the drop waits"
    )
    assert not dropping.done()
    assert await reader.fetchval("SELECT count(*) FROM reading") == 2, "who began before it sees what there was"
    await reading.commit()
    await dropping
    assert await tables(sql) == set()
    await reader.close()


async def test_writers_and_readers_go_on_while_week_after_week_goes(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    await put(store, [said(OLD - timedelta(weeks=number)) for number in range(8)])
    dropping = asyncio.create_task(tidy(database_url, MONTH_OF_RAW))

    async def write() -> int:
        number = 0
        while not dropping.done():
            number += 1
            [outcome] = await put(store, [said(NOW + timedelta(seconds=number)), said(OLD)])
            assert outcome.stored == 1
        return number

    async def read() -> None:
        while not dropping.done():
            await sql.fetch("TABLE readings")
            await sql.fetch("TABLE latest")

    written, _ = await asyncio.gather(write(), read())
    await dropping
    assert written > 0
    assert await sql.fetchval("SELECT count(*) FROM reading") == written
    assert store.trouble is None


@pytest.mark.parametrize("how", ["lock timeout", "killed"])
async def test_a_drop_that_was_left_half_done_is_finished_the_next_time(
    store: Store, sql: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    await put(store, [said(OLD), said(NOW)])
    reader = await asyncpg.connect(database_url)
    reading = reader.transaction(isolation="repeatable_read")
    await reading.start()
    assert await reader.fetchval("SELECT count(*) FROM reading") == 2
    if how == "lock timeout":
        monkeypatch.setattr(housekeeping, "LOCK_TIMEOUT", "50ms")
    dropping = asyncio.create_task(tidy(database_url, MONTH_OF_RAW))
    if how == "killed":
        await eventually(lambda: is_waiting(sql))
        await sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'fieldline housekeeping' AND datname = current_database()"
        )
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await dropping
    assert await sql.fetchval("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == 1
    [outcome] = await put(store, [said(OLD), said(NOW + timedelta(seconds=1))])
    assert outcome.rejected == 1, "half done or not, it is gone"
    await reading.commit()
    await reader.close()
    await tidy(database_url, MONTH_OF_RAW)
    assert await tables(sql) == set()


async def test_a_table_that_was_detached_and_not_dropped_yet_is_dropped(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    await put(store, [said(OLD), said(OLD - timedelta(weeks=1))])
    await sql.execute(f"COMMENT ON TABLE reading_{WEEK} IS '{retention.MARK}'")
    await sql.execute(f"ALTER TABLE reading DETACH PARTITION reading_{WEEK}")
    await sql.execute(f"ALTER TABLE text_reading DETACH PARTITION text_reading_{WEEK}")
    await tidy(database_url, MONTH_OF_RAW)
    assert await tables(sql) == {f"text_reading_{WEEK}"}, "one that a person detached is theirs"


async def test_several_housekeepers_at_once_do_the_work_once(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    weeks = [OLD - timedelta(weeks=number) for number in range(5)]
    await put(store, [said(week) for week in weeks])
    with capture_logs() as logs:
        await asyncio.gather(*(tidy(database_url, MONTH_OF_RAW) for _ in range(4)))
    dropped = [line["table"] for line in logs]
    assert len(dropped) == len(set(dropped)) == 2 * (len(weeks) + 1), "the weeks, and the one after them"
    assert (await held(sql))[0] == 0


async def test_housekeeping_waits_for_a_database_that_is_away(
    store: Store, sql: asyncpg.Connection, database_url: str, migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, [said(OLD)])
    await store.close()
    await sql.close()
    monkeypatch.setattr(housekeeping, "EVERY", 0.05)
    migrated.stop()
    with capture_logs() as logs:
        running = asyncio.create_task(Housekeeping(database_url, MONTH_OF_RAW, Bounds()).run())

        async def told(event: str) -> bool:
            return event in [line["event"] for line in logs]

        await eventually(lambda: told("housekeeping.waiting"))
        migrated.start()
        await eventually(lambda: told("retention.dropped"), within=30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
