"""A hub that follows the store from another process's view."""

import asyncpg
import pytest

from tests.bridge.watching import BEGINNING, Way, running

LISTENING = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fieldline commits' AND datname = current_database()
"""


async def test_a_hub_that_was_cut_off_brings_what_was_committed_meanwhile(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        admin = await asyncpg.connect(database_url)
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            for n in range(1, 9):  # each time it is cut off at another moment of its work
                await writer.write(("a", "x", BEGINNING + n, float(n)))
                await admin.execute(
                    """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name IN ('fieldline commits', 'fieldline live') AND datname = current_database()"""
                )
                await writer.write(("a", "x", BEGINNING + 10 + n, -float(n)))
                await watcher.until(2 * n)
        await admin.close()
    assert [value for _, _, value in watcher.readings] == [float(value) for n in range(1, 9) for value in (n, -n)]
    assert watcher.types.count("gap") == 0


async def test_a_lost_notification_costs_no_more_than_the_poll(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.live.commits.POLL", 0.5)
    async with running(database_url, "followed") as live:
        await live.writer().write(("a", "x", BEGINNING, 0.0))
        connection = await asyncpg.connect(database_url)
        async with live.watcher() as watcher:
            watcher.subscribe("a/*")
            await watcher.next()
            async with connection.transaction():  # a bridge that does not tell
                tick = await connection.fetchval("SELECT tick()")
                await connection.execute("INSERT INTO reading SELECT moment($1), 1, moment($1), id FROM series", tick)
            assert [value for _, _, value in await watcher.until(1)] == [1.0]
        await connection.close()


async def test_more_than_one_look_may_bring_comes_to_each_client_from_the_store(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, "followed") as live:
        monkeypatch.setattr("bridge.live.hub.MOST_READ", 5)
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            await writer.write(*[("a", "x", BEGINNING + n, float(n)) for n in range(1, 20)])
            await writer.write(("a", "x", BEGINNING + 30, 30.0))
            values = [value for _, _, value in await watcher.until(20)]
    assert sorted(values) == [*map(float, range(1, 20)), 30.0]
    assert values[-1] == 30.0
    assert "gap" not in watcher.types


async def test_a_clock_that_steps_back_does_not_change_the_order(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        connection = await asyncpg.connect(database_url)
        await connection.execute("UPDATE commit_clock SET last = last + interval '1 hour'")  # as if it had been ahead
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            before = (await watcher.next())["cursor"]
            for n in range(1, 4):
                await writer.write(("a", "x", BEGINNING + n, float(n)))
            assert [value for _, _, value in await watcher.until(3)] == [1.0, 2.0, 3.0]
            assert watcher.frames[-1]["cursor"] > before
        await connection.close()


async def test_a_follower_ends_without_leaving_a_connection(database_url: str) -> None:
    async with running(database_url, "followed"):
        pass
    connection = await asyncpg.connect(database_url)
    remaining = await connection.fetchval(LISTENING)
    await connection.close()
    assert remaining == 0
