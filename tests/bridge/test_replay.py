"""A reject that can be stored now is stored and gone, at once and once; one that can't stays, with what is wrong now."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from bridge.message import Message
from bridge.replayed import Replayed, ReplayError, Wanted
from bridge.store import replay as replaying
from bridge.store.limits import Limits
from bridge.store.replay import Replay
from bridge.store.store import Store
from tests.putting import put

ALL = Wanted()
NARROW = Limits(devices=1)
RECEIVED = 1_790_000_000_000_000


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Store]:
    """A store that takes one device and refuses all others."""
    store = Store(database_url, limits=NARROW)
    yield store
    await store.close()


@pytest.fixture
def replay(database_url: str) -> Replay:
    return Replay(database_url)


def said(device: str, payload: str, kind: str = "telemetry", received_at: int = RECEIVED) -> Message:
    return Message(f"devices/{device}/{kind}", payload.encode(), 1, received_at)


async def rows(sql: asyncpg.Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await sql.fetch(query)]


READINGS = (
    "SELECT device, metric, micros(at), coalesce(to_jsonb(value), to_jsonb(text))::text FROM readings ORDER BY 1, 2, 3"
)
REJECTS = "SELECT id, reason, topic FROM reject ORDER BY id"


async def test_what_can_be_stored_now_is_stored_and_no_reject_any_more(
    narrow: Store, replay: Replay, sql: asyncpg.Connection
) -> None:
    messages = [said("a", '{"n":1}'), said("b", '{"n":2,"word":"x"}'), said("c", "3", "telemetry/n"), said("d", "{")]
    await put(narrow, messages)
    assert [row[1] for row in await rows(sql, REJECTS)] == ["json", "limit", "limit"]
    before = await sql.fetchval("SELECT micros(last) FROM commit_clock")
    assert await replay.replay(ALL) == Replayed(stored=2, rejected=1, next=None)
    assert await rows(sql, READINGS) == [
        ("a", "n", RECEIVED, "1"),
        ("b", "n", RECEIVED, "2"),
        ("b", "word", RECEIVED, '"x"'),
        ("c", "n", RECEIVED, "3"),
    ]
    assert [row[1] for row in await rows(sql, REJECTS)] == ["json"]
    assert await sql.fetchval("SELECT min(micros(committed_at)) FROM text_reading") > before, (
        "readers of changes get it"
    )
    assert await rows(sql, "SELECT sum(count)::int, sum(sum) FROM rollup_hour") == [(3, 6.0)]


async def test_a_second_time_changes_nothing(narrow: Store, replay: Replay, sql: asyncpg.Connection) -> None:
    await put(narrow, [said("a", '{"n":1}'), said("b", '{"n":2}'), said("c", "{")])
    numbers = [row[0] for row in await rows(sql, REJECTS)]
    await replay.replay(Wanted(ids=numbers))
    first = (
        await rows(sql, READINGS),
        await rows(sql, "SELECT * FROM reject"),
        await rows(sql, "SELECT * FROM rollup_hour"),
    )
    assert await replay.replay(Wanted(ids=numbers)) == Replayed(stored=0, rejected=1, next=None)
    again = (
        await rows(sql, READINGS),
        await rows(sql, "SELECT * FROM reject"),
        await rows(sql, "SELECT * FROM rollup_hour"),
    )
    assert again == first


async def test_one_that_fails_again_keeps_number_age_and_payload_and_says_what_is_wrong_now(
    narrow: Store, replay: Replay, sql: asyncpg.Connection
) -> None:
    await put(narrow, [said("a", '{"n":1}'), said("b", '{"at":1790000000000,"n":2}'), said("a", '{"at":7,"n":1}')])
    [clocked, limited] = await rows(sql, "SELECT * FROM reject ORDER BY id")
    store = Store(narrow._url)  # noqa: SLF001
    await put(store, [said("b", '{"at":1790000000000,"n":5}')])
    await store.close()
    assert await replay.replay(ALL) == Replayed(stored=0, rejected=2, next=None)
    [first, second] = await rows(sql, "SELECT * FROM reject ORDER BY id")
    assert first == clocked
    assert second[:5] == limited[:5]
    assert (limited[5], second[5]) == ("limit", "conflict")
    assert second[6].endswith("stored is 5.0, got 2.0")


async def test_a_conflict_stays_a_conflict(narrow: Store, replay: Replay, sql: asyncpg.Connection) -> None:
    await put(narrow, [said("a", '{"at":1790000000000,"n":1}'), said("a", '{"at":1790000000000,"n":2}')])
    before = await rows(sql, "SELECT * FROM reject")
    assert await replay.replay(ALL) == Replayed(stored=0, rejected=1, next=None)
    assert await rows(sql, "SELECT * FROM reject") == before
    assert [row[3] for row in await rows(sql, READINGS)] == ["1"]


async def test_one_that_postgres_refuses_takes_no_other_with_it(
    narrow: Store, replay: Replay, sql: asyncpg.Connection
) -> None:
    await put(narrow, [said("a", '{"n":0}')])
    await put(narrow, [said("b", f'{{"at":{1_790_000_000_000 + n},"n":{n}}}') for n in range(1, 20)])
    await sql.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.value = 13 THEN RAISE numeric_value_out_of_range; END IF; RETURN new; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    assert await replay.replay(ALL) == Replayed(stored=18, rejected=1, next=None)
    assert [row[:2] for row in await rows(sql, REJECTS)] == [(13, "store")]


async def test_what_is_wanted_is_tried_a_part_at_a_time_and_each_once(
    narrow: Store, replay: Replay, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "MOST", 3)
    broken = [said("b", "{", received_at=RECEIVED + n) for n in range(5)]
    good = [said("c", "1", "telemetry/n", RECEIVED + n) for n in range(5)]
    await put(narrow, [said("a", '{"n":1}'), *broken, *good])
    first = await replay.replay(Wanted(most=7))
    assert first == Replayed(stored=2, rejected=5, next=7)
    assert await replay.replay(Wanted(most=7, after=7)) == Replayed(stored=3, rejected=0, next=None)
    assert [row[1] for row in await rows(sql, REJECTS)] == ["json"] * 5


async def test_payloads_of_one_transaction_are_bounded(
    narrow: Store, replay: Replay, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BYTES", 150)
    payloads = [f'{{"word":"{"x" * 80}{n}"}}' for n in range(6)]
    await put(narrow, [said("a", "{}", "info")])
    await put(narrow, [said("b", payload, received_at=RECEIVED + n) for n, payload in enumerate(payloads)])
    assert await replay.replay(ALL) == Replayed(stored=6, rejected=0, next=None)
    commits = "SELECT count(*) FROM text_reading GROUP BY committed_at"
    assert await rows(sql, commits) == [(2,)] * 3, "the second one is the first that is beyond the bound"


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Wanted(ids=[1, 3, 99]), [2, 4]),
        (Wanted(reasons=["limit"], topics=["devices/b/%"]), [3, 4]),
        (Wanted(topics=["devices/c/%", "devices/d/%"]), [1, 2]),
        (Wanted(since=RECEIVED + 2, until=RECEIVED + 3), [1, 3, 4]),
        (Wanted(reasons=["json"]), [1, 2, 3, 4]),
    ],
)
async def test_only_what_is_wanted_is_tried(
    narrow: Store, replay: Replay, sql: asyncpg.Connection, wanted: Wanted, left: list[int]
) -> None:
    await put(narrow, [said("a", '{"n":1}')])
    for number, device in enumerate("bbcd", 1):
        await put(narrow, [said(device, f'{{"n":{number}}}', received_at=RECEIVED + number)])
    assert (await replay.replay(wanted)).stored == 4 - len(left)
    assert [row[0] for row in await rows(sql, REJECTS)] == left


async def test_an_old_status_and_an_old_info_do_not_replace_newer_ones(
    narrow: Store, replay: Replay, sql: asyncpg.Connection
) -> None:
    await put(narrow, [said("a", "online", "status")])
    for device in "bc":
        await put(narrow, [said(device, "offline", "status"), said(device, '{"model":"old"}', "info")])
    store = Store(narrow._url)  # noqa: SLF001
    await put(store, [said("b", "online", "status"), said("b", '{"model":"new"}', "info")])
    await store.close()
    assert await replay.replay(ALL) == Replayed(stored=4, rejected=0, next=None)
    assert await rows(sql, "SELECT device, online, model FROM devices ORDER BY 1") == [
        ("a", True, None),
        ("b", True, "new"),
        ("c", False, "old"),
    ]


async def test_replays_at_the_same_time_and_beside_a_bridge_store_each_message_once(
    narrow: Store, database_url: str, sql: asyncpg.Connection
) -> None:
    await put(narrow, [said("a", '{"n":0}')])
    payloads = [f'{{"at":{1_790_000_000_000 + n},"n":{n}}}' for n in range(300)]
    await put(narrow, [said("b", payload) for payload in payloads])

    async def write() -> None:
        store = Store(database_url)
        for start in range(0, 300, 30):
            await put(store, [said("b", payload) for payload in payloads[start : start + 30]])
        await store.close()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        found = [tasks.create_task(Replay(database_url).replay(ALL)) for _ in range(2)]
    assert sum(one.result().stored for one in found) == 300
    assert await rows(sql, REJECTS) == []
    assert await sql.fetchval("SELECT count(*) FROM readings WHERE device = 'b'") == 300
    assert await sql.fetchval("SELECT sum(count) FROM rollup_hour") == 301


async def test_without_a_database_it_says_so_in_one_line() -> None:
    with pytest.raises(ReplayError, match=r"^expected the database to store, got: \w+: [^\n]+$"):
        await Replay("postgresql://fieldline@127.0.0.1:1/none").replay(ALL)
