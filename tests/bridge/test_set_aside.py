"""What Postgres itself refuses: each such message becomes a reject, however many there are, and takes no other with it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from structlog.testing import capture_logs

from bridge import clock
from bridge.message import Message
from bridge.store.sift import MOST
from bridge.store.store import Store
from tests.eventually import eventually
from tests.putting import put

AT = 1_790_000_000_000
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE numeric_value_out_of_range; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {} FOR EACH ROW {} EXECUTE FUNCTION refuse()
"""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


def said(number: int, value: int, metric: str = "level") -> Message:
    return Message(
        "devices/tank-1/telemetry", b'{"at":%d,"%s":%d}' % (AT + number, metric.encode(), value), 1, clock.now()
    )


@pytest.mark.parametrize("good_every", [2, 10, 10_000])
async def test_bad_records_in_a_row_become_a_reject_each_in_few_commits(
    store: Store, sql: asyncpg.Connection, good_every: int
) -> None:
    await sql.execute("ALTER TABLE reading ADD CONSTRAINT possible CHECK (value < 100)")
    messages = [said(number, 1 if number % good_every == 0 else 1_000) for number in range(3 * MOST)]
    good = len(range(0, len(messages), good_every))
    with capture_logs() as logs:
        outcomes = await put(store, messages)
    assert sum(outcome.stored for outcome in outcomes) == good
    assert sum(outcome.rejected for outcome in outcomes) == len(messages) - good
    assert await sql.fetchval("SELECT count(*) FROM reading") == good
    kept = await sql.fetch("SELECT payload, reason, detail FROM reject ORDER BY id")
    assert [row["payload"] for row in kept] == [one.payload for one in messages if b":1000" in one.payload]
    assert {row["reason"] for row in kept} == {"store"}
    assert "possible" in kept[0]["detail"]
    ticks = [outcome.committed.committed_at for outcome in outcomes]
    assert ticks == sorted(set(ticks))
    assert [line["event"] for line in logs] == ["store.refused"], "not a line for each message"


async def test_one_bad_record_in_thousands_costs_few_tries(store: Store, sql: asyncpg.Connection) -> None:
    await sql.execute("ALTER TABLE reading ADD CONSTRAINT possible CHECK (value < 100)")
    await put(store, [said(-1, 1)])
    before = await sql.fetchval("SELECT nextval('reject_id_seq')")
    outcomes = await put(store, [said(number, 1_000 if number == 1_234 else 1) for number in range(3_000)])
    assert sum(outcome.stored for outcome in outcomes) == 2_999
    assert len(outcomes) < 60
    assert await sql.fetchval("SELECT id FROM reject") == before + 1


async def test_a_series_that_was_registered_and_rolled_back_is_registered_again(
    store: Store, sql: asyncpg.Connection
) -> None:
    await sql.execute(REFUSE.format("series", "WHEN (new.metric = 'evil')"))  # so that the batch registers none
    await sql.execute("ALTER TABLE reading ADD CONSTRAINT possible CHECK (value < 100)")
    messages = [said(1, 1, "evil"), said(2, 1_000, "new"), said(3, 3, "new"), said(4, 4, "other")]
    outcomes = await put(store, messages)
    assert sum(outcome.rejected for outcome in outcomes) == 2
    await put(store, [said(5, 5, "new"), said(6, 6, "other")])
    found = await sql.fetch("SELECT metric, value FROM readings ORDER BY value")
    assert [tuple(row) for row in found] == [("new", 3), ("other", 4), ("new", 5), ("other", 6)]


async def test_rejects_that_can_not_be_kept_either_wait_for_somebody_to_mend_that(
    store: Store, sql: asyncpg.Connection
) -> None:
    await sql.execute("ALTER TABLE reading ADD CONSTRAINT possible CHECK (value < 100)")
    await sql.execute(REFUSE.format("reject", ""))
    keeping = asyncio.create_task(put(store, [said(1, 1), said(2, 1_000), said(3, 3)]))

    async def trouble() -> str | None:
        return store.trouble

    assert "NumericValueOutOfRange" in (await eventually(trouble) or "")
    assert await sql.fetchval("SELECT count(*) FROM reading") == 0
    await sql.execute("DROP TRIGGER refuse ON reject")
    async with asyncio.timeout(20):
        outcomes = await keeping
    assert sum(outcome.stored for outcome in outcomes) == 2
    assert await sql.fetchval("SELECT count(*) FROM reject") == 1
