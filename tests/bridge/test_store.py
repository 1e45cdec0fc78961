"""The store: a batch is committed whole, a second time changes nothing, and one bad record takes no other with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from bridge import clock
from bridge.message import Message
from bridge.store.insert import Outcome
from bridge.store.store import Store
from tests.eventually import eventually
from tests.putting import put
from tests.services import Database
from torture.commits import through
from torture.proxy import standing_before
from torture.treatments import stuck_from


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


def said(*payloads: str, topic: str = "devices/tank-1/telemetry") -> list[Message]:
    now = clock.now()
    return [Message(topic, payload.encode(), number, now) for number, payload in enumerate(payloads, 1)]


async def keep(store: Store, messages: Sequence[Message]) -> Outcome:
    [outcome] = await put(store, messages)
    return outcome


async def rows(sql: asyncpg.Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await sql.fetch(query)]


async def test_readings_are_committed_with_their_series_and_announced(store: Store, sql: asyncpg.Connection) -> None:
    outcome = await keep(store, said('{"at":1790000000123,"level":1.5,"open":true,"state":"filling"}'))
    assert await rows(sql, "SELECT device, metric, micros(at), value, text FROM readings ORDER BY metric") == [
        ("tank-1", "level", 1790000000123000, 1.5, None),
        ("tank-1", "open", 1790000000123000, 1.0, None),
        ("tank-1", "state", 1790000000123000, None, "filling"),
    ]
    assert await rows(sql, "SELECT metric, kind FROM series ORDER BY metric") == [
        ("level", "number"),
        ("open", "boolean"),
        ("state", "text"),
    ]
    assert (outcome.stored, outcome.duplicate, outcome.rejected) == (1, 0, 0)
    assert list(outcome.committed.value) == [1.5, True, "filling"]
    assert await sql.fetchval("SELECT micros(last) FROM commit_clock") == outcome.committed.committed_at


async def test_a_connection_that_is_lost_amid_a_copy_is_made_anew_and_the_batch_stored(database_url: str) -> None:
    """More than the sockets on the way hold, so that some of it waits to be sent when nobody is left to send it to."""
    [host, number] = urlsplit(database_url).netloc.rpartition("@")[2].split(":")
    async with standing_before(host, int(number)) as proxy, asyncio.timeout(60):
        store = Store(through(proxy, database_url))
        copying = asyncio.Event()
        proxy.up = stuck_from(b"PGCOPY", copying)
        values = ",".join(f'{{"at":{1790000000000 + n},"level":{n}}}' for n in range(200_000))
        kept = asyncio.create_task(keep(store, said(f"[{values}]")))
        await copying.wait()
        proxy.reset()
        proxy.calm()
        outcome = await kept
        assert len(outcome.committed.value) == 200_000
        await store.close()


async def test_a_second_time_changes_nothing_and_is_not_announced(store: Store, sql: asyncpg.Connection) -> None:
    messages = said('{"at":1790000000000,"level":1}', '{"at":1790000001000,"level":2,"state":"x"}')
    await keep(store, messages)
    before = await rows(sql, "SELECT * FROM readings")
    again = await keep(store, [*messages, *said('{"at":1790000002000,"level":3}')])
    assert (again.stored, again.duplicate, again.rejected) == (1, 2, 0)
    assert list(again.committed.value) == [3]
    assert (await rows(sql, "SELECT * FROM readings"))[: len(before)] != []
    assert await sql.fetchval("SELECT count(*) FROM readings") == 4


async def test_what_another_bridge_has_stored_is_neither_stored_nor_announced_again(
    store: Store, database_url: str, sql: asyncpg.Connection
) -> None:
    """A bridge takes a reading for new when it is newer than all that it has met itself."""
    await keep(store, said('{"at":1790000000000,"level":1}', '{"at":1790000001000,"level":2}'))
    other = Store(database_url)
    payloads = '{"at":1790000001000,"level":2}', '{"at":1790000000000,"level":7}', '{"at":1790000002000,"level":3}'
    outcome = await keep(other, said(*payloads))
    await other.close()
    assert (outcome.stored, outcome.duplicate, outcome.rejected) == (1, 1, 1)
    assert list(outcome.committed.value) == [3]
    assert await rows(sql, "SELECT value FROM readings ORDER BY at") == [(1.0,), (2.0,), (3.0,)]
    assert await rows(sql, "SELECT count, sum, last FROM rollup_hour") == [(3, 6.0, 3.0)]
    assert await rows(sql, "SELECT reason, convert_from(payload, 'UTF8') FROM reject") == [("conflict", payloads[1])]


async def test_a_sum_beyond_a_double_is_infinite_and_keeps_nothing_from_being_stored(
    store: Store, sql: asyncpg.Connection
) -> None:
    outcome = await keep(store, said('{"at":1790000000000,"level":1.7e308}', '{"at":1790000001000,"level":1.7e308}'))
    assert (outcome.stored, outcome.rejected) == (2, 0)
    assert await rows(sql, "SELECT count, sum, max FROM rollup_hour") == [(2, float("inf"), 1.7e308)]


async def test_the_same_reading_twice_in_one_batch_is_stored_and_announced_once(
    store: Store, sql: asyncpg.Connection
) -> None:
    outcome = await keep(store, said('{"at":1790000000000,"level":1}', '{"at":1790000000000,"level":1}'))
    assert (outcome.stored, outcome.duplicate, outcome.rejected) == (1, 1, 0)
    assert list(outcome.committed.value) == [1]
    assert await sql.fetchval("SELECT count(*) FROM readings") == 1


@pytest.mark.parametrize("together", [True, False])
async def test_the_first_of_two_different_values_wins_and_the_other_is_kept_as_a_conflict(
    store: Store, sql: asyncpg.Connection, *, together: bool
) -> None:
    first, second = said('{"at":1790000000000,"level":1,"state":"a"}', '{"at":1790000000000,"level":2,"state":"b"}')
    for messages in [[first, second]] if together else [[first], [second]]:
        outcome = await keep(store, messages)
    assert outcome.rejected == 1
    assert await rows(sql, "SELECT value, text FROM readings ORDER BY metric") == [(1.0, None), (None, "a")]
    [(topic, payload, reason, detail)] = await rows(sql, "SELECT topic, payload, reason, detail FROM reject")
    assert (topic, payload, reason) == (second.topic, second.payload, "conflict")
    assert "stored is 1.0, got 2.0" in detail
    assert "stored is 'a', got 'b'" in detail


async def test_a_series_keeps_its_kind_and_another_is_rejected(store: Store, sql: asyncpg.Connection) -> None:
    await keep(store, said('{"at":1790000000000,"level":1}'))
    outcome = await keep(store, said('{"at":1790000001000,"level":"full"}', '{"at":1790000002000,"level":true}'))
    assert outcome.rejected == 2
    assert await rows(sql, "SELECT reason FROM reject") == [("kind",), ("kind",)]
    assert await sql.fetchval("SELECT count(*) FROM readings") == 1


async def test_late_readings_find_or_make_their_week(store: Store, sql: asyncpg.Connection) -> None:
    await keep(store, said('{"at":"2001-02-03T04:05:06Z","level":1}', '{"at":"2019-12-31T23:59:59.999999Z","level":2}'))
    assert await rows(sql, "SELECT value FROM reading_2001w05 UNION ALL SELECT value FROM reading_2020w01") == [
        (1.0,),
        (2.0,),
    ]


async def test_a_partition_that_was_dropped_meanwhile_is_made_again(store: Store, sql: asyncpg.Connection) -> None:
    await keep(store, said('{"at":"2001-02-03T04:05:06Z","level":1}'))
    await sql.execute("DROP TABLE reading_2001w05")
    outcome = await keep(store, said('{"at":"2001-02-03T04:05:07Z","level":2}'))
    assert (outcome.stored, outcome.rejected) == (1, 0)
    assert await rows(sql, "SELECT value FROM reading_2001w05") == [(2.0,)]


async def test_status_and_info_describe_the_device_and_its_units(store: Store, sql: asyncpg.Connection) -> None:
    await keep(store, said('{"at":1790000000000,"level":1}'))
    await keep(
        store,
        [
            *said("online", topic="devices/tank-1/status"),
            *said(
                '{"name":"Rain","model":"T1","units":{"level":"m","flow":"l/min"},"location":{"lat":48.1,"lon":"?"}}',
                topic="devices/tank-1/info",
            ),
        ],
    )
    await keep(store, said('{"at":1790000001000,"flow":3}'))
    assert await rows(sql, "SELECT metric, unit FROM series ORDER BY metric") == [("flow", "l/min"), ("level", "m")]
    assert await rows(sql, "SELECT device, online, name, model, lat, lon FROM devices") == [
        ("tank-1", True, "Rain", "T1", 48.1, None)
    ]


async def test_one_record_that_postgres_refuses_takes_no_other_with_it(store: Store, sql: asyncpg.Connection) -> None:
    await keep(store, said('{"at":1790000000000,"level":0}'))
    await sql.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.value = 13 THEN RAISE numeric_value_out_of_range; END IF; RETURN new; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    payloads = [f'{{"at":{1790000000000 + value},"level":{value}}}' for value in range(1, 40)]
    outcomes = await put(store, said(*payloads))
    assert sum(outcome.stored for outcome in outcomes) == 38
    assert sum(outcome.rejected for outcome in outcomes) == 1
    assert await rows(sql, "SELECT reason, convert_from(payload, 'utf8') FROM reject") == [("store", payloads[12])]
    ticks = [outcome.committed.committed_at for outcome in outcomes]
    assert ticks == sorted(set(ticks)), "commits must be announced in the order of their cursor"


async def test_a_batch_waits_for_a_database_that_is_away(
    store: Store, postgres: Database, sql: asyncpg.Connection
) -> None:
    await keep(store, said('{"at":1790000000000,"level":1}'))
    await sql.close()
    postgres.stop()
    try:
        waiting = asyncio.create_task(put(store, said('{"at":1790000001000,"level":2}')))
        assert "database" in await eventually(lambda: _trouble(store))
        assert not waiting.done()
    finally:
        postgres.start()
    async with asyncio.timeout(20):
        [outcome] = await waiting
    assert outcome.stored == 1
    assert store.trouble is None


async def _trouble(store: Store) -> str:
    return store.trouble or ""


async def test_two_stores_commit_in_the_order_of_their_cursor(database_url: str, sql: asyncpg.Connection) -> None:
    stores = [Store(database_url) for _ in range(3)]

    async def write(store: Store, device: int) -> list[int]:
        ticks = []
        for number in range(30):
            payload = f'{{"at":{1790000000000 + number},"level":{number}}}'
            outcome = await keep(store, said(payload, topic=f"devices/{device}/telemetry"))
            ticks.append(outcome.committed.committed_at)
        return ticks

    seen: list[int] = []

    async def watch() -> None:
        while len(seen) < 90:
            newest = seen[-1] if seen else 0
            new = await sql.fetch("SELECT DISTINCT micros(committed_at) AS c FROM reading ORDER BY c")
            fresh = [row["c"] for row in new if row["c"] not in seen]
            assert all(tick > newest for tick in fresh), "a reader that has seen N never meets a smaller one later"
            seen.extend(fresh)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        for device, store in enumerate(stores):
            tasks.create_task(write(store, device))
    assert len(set(seen)) == 90
    for store in stores:
        await store.close()
