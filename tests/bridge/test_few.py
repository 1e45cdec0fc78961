"""A batch of few readings goes in as one statement, and comes to the same as one that is copied in."""

import asyncio
from itertools import count, pairwise

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.decode import decode
from bridge.message import Message
from bridge.store import few
from bridge.store.connect import connect
from bridge.store.insert import Outcome, insert
from bridge.store.registry import Registry
from bridge.store.sort import sort
from bridge.store.store import Store
from tests.putting import put

AT = 1_790_000_000_000

VALUES = st.sampled_from(
    ['"n":1', '"n":2', '"n":1.5,"t":"x"', '"t":"y"', '"b":true,"n":1', '"b":"no"', '"n":-1e300', ""]
)
BATCHES = st.lists(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3) | st.integers(0, 7_200), VALUES), max_size=8),
    min_size=1,
    max_size=5,
)
ROLLUP = """
SELECT device.name, metric, at, count, sum, min, max, first, first_at, last, last_at FROM {}
JOIN series ON series.id = series_id JOIN device ON device.id = device_id
"""
TABLES = (
    "SELECT device, metric, at, value, text FROM readings",
    ROLLUP.format("rollup_minute"),
    ROLLUP.format("rollup_hour"),
    "SELECT topic, reason, payload, received_at FROM reject",
)


def said(device: str, second: int, values: str) -> Message:
    payload = f'{{"at":{AT + second * 1_000}{values and ","}{values}}}'
    return Message(f"devices/{device}/telemetry", payload.encode(), 1, AT * 1_000)


async def test_a_small_batch_is_one_statement_and_so_one_exchange_with_the_database(
    database_url: str, sql: asyncpg.Connection
) -> None:
    store = Store(database_url)
    await put(store, [said("a", 0, '"n":1,"t":"x"')])  # from now on both series and their week are known
    await store.close()
    connection, registry = await connect(database_url), Registry()
    await registry.learn(connection, {("a", "n"): 1, ("a", "t"): "x"})
    await insert(connection, sort(registry, decode([said("a", 1, "")])))  # and the types of the statement
    statements: list[str] = []
    with connection.query_logger(lambda logged: statements.append(logged.query)):
        outcome = await insert(
            connection, sort(registry, decode([said("a", 1, '"n":2,"t":"y"'), said("a", 2, '"n":3')]))
        )
        await asyncio.sleep(0)  # it is told a turn later
    await connection.close()
    assert len(statements) == 1, statements
    assert (outcome.stored, outcome.duplicate, outcome.rejects) == (2, 0, {})
    assert sorted(map(str, outcome.committed.value)) == ["2.0", "3.0", "y"]
    assert (
        await sql.fetchval("SELECT count(*) FROM readings WHERE committed_at = moment($1)", outcome.committed[0]) == 3
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
@pytest.mark.timeout(180)
async def test_a_small_batch_comes_to_what_it_comes_to_when_it_is_copied_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch, batches: list[list[tuple[str, int, str]]]
) -> None:
    connection = await asyncpg.connect(database_url)
    found = []
    for most in (few.MOST, -1):
        monkeypatch.setattr(few, "MOST", most)
        await connection.execute("TRUNCATE device, series, reading, text_reading, rollup_minute, rollup_hour, reject")
        store = Store(database_url)
        outcomes = [await put(store, [said(*one) for one in batch]) for batch in batches]
        await store.close()
        tables = [sorted(map(str, await connection.fetch(query))) for query in TABLES]
        found.append(([_plain(outcome) for [outcome] in outcomes], tables))
    await connection.close()
    small, copied = found
    assert small == copied


async def test_bridges_that_store_small_batches_at_once_make_one_order_and_right_sums(
    database_url: str, sql: asyncpg.Connection
) -> None:
    """All of them meet in the same rows of the rollups."""
    seconds = count()
    stores = [Store(database_url) for _ in range(4)]

    async def fill(store: Store) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for _ in range(25):
            outcomes += await put(store, [said("ab"[n % 2], next(seconds) // 2, '"n":1,"t":"x"') for n in range(4)])
        return outcomes

    outcomes = [outcome for made in await asyncio.gather(*map(fill, stores)) for outcome in made]
    for store in stores:
        await store.close()
    ticks = sorted((outcome.committed.previous, outcome.committed.committed_at) for outcome in outcomes)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(ticks)), (
        "a commit came between a tick and its next"
    )
    assert sum(outcome.stored for outcome in outcomes) == 400
    assert await sql.fetchval("SELECT sum(sum) FROM rollup_minute HAVING sum(sum) = sum(count)") == 400
    assert await sql.fetchval("SELECT sum(sum) FROM rollup_hour HAVING sum(sum) = sum(count)") == 400
    assert await sql.fetchval("SELECT count(*) FROM readings") == 800


def _plain(outcome: Outcome) -> tuple[object, ...]:
    committed = outcome.committed
    readings = sorted(zip(committed.at, map(str, committed.value), strict=True))
    return outcome.stored, outcome.duplicate, dict(outcome.rejects), readings
