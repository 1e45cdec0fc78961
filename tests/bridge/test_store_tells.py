"""What the store tells of itself: why it waits, how long it takes, and of thousands of refused messages in few lines."""

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from bridge import clock
from bridge.message import Message
from bridge.store.sift import MOST
from bridge.store.store import Store
from tests.eventually import eventually
from tests.putting import put

REFUSE_ALL = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE numeric_value_out_of_range; END $$; "
    "CREATE TRIGGER refuse BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION refuse()"
)


def said(count: int) -> list[Message]:
    now = clock.now()
    payloads = [f'{{"at":{1790000000000 + number},"level":{number}}}'.encode() for number in range(count)]
    return [Message("devices/tank-1/telemetry", payload, None, now) for payload in payloads]


async def test_a_batch_that_hangs_behind_a_lock_is_trouble_until_it_is_committed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.store.SLOW", 0.2)
    store, locker = Store(database_url), await asyncpg.connect(database_url)
    try:
        await put(store, said(1))
        async with locker.transaction():
            await locker.execute("LOCK TABLE reading")
            waiting = asyncio.create_task(put(store, said(2)))

            async def trouble() -> str | None:
                return store.trouble

            assert "expected a commit within 0 s" in str(await eventually(trouble))
            assert not waiting.done()
        async with asyncio.timeout(20):
            await waiting
        assert store.trouble is None
    finally:
        await locker.close()
        await store.close()


async def test_each_commit_is_timed_and_each_failed_try_is_counted(database_url: str) -> None:
    store, sql = Store(database_url), await asyncpg.connect(database_url)
    try:
        await put(store, said(1))
        await sql.execute("ALTER TABLE reading RENAME TO hidden")
        waiting = asyncio.create_task(put(store, said(2)))

        async def retried() -> bool:
            return store.retries > 1

        await eventually(retried)
        await sql.execute("ALTER TABLE hidden RENAME TO reading")
        async with asyncio.timeout(20):
            await waiting
    finally:
        await sql.close()
        await store.close()
    assert sum(store.commit_seconds.look().counts) == 2
    assert 0 < store.commit_seconds.look().sum < 60


async def test_refused_messages_are_told_in_one_line_for_all_of_a_while(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sql = Store(database_url), await asyncpg.connect(database_url)
    try:
        await sql.execute(REFUSE_ALL)
        with capture_logs() as log:
            outcomes = await put(store, said(MOST + 50))
            monkeypatch.setattr("bridge.store.store.QUIET", 0)
            await put(store, said(1))
    finally:
        await sql.close()
        await store.close()
    assert sum(outcome.rejects.get("store", 0) for outcome in outcomes) == MOST + 50
    assert [(line["event"], line["messages"]) for line in log] == [("store.refused", MOST), ("store.refused", 51)], (
        "those of the first transaction are told at once, the others with the next one after a while"
    )
