"""Batches are sorted ahead, before the one before has committed: what that means when the world changes meanwhile."""

from collections.abc import AsyncIterator
from itertools import pairwise

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.decode import decode
from bridge.message import Message
from bridge.store.registry import Known, Registry
from bridge.store.sort import sort
from bridge.store.sorted import Sorted, join
from bridge.store.store import Store
from tests.putting import put

AT = 1_790_000_000_000
READINGS = "SELECT device, metric, micros(at) / 1000 - 1790000000000, coalesce(text, value::text) FROM readings"


def said(device: str, at: int, values: str) -> Message:
    return Message(f"devices/{device}/telemetry", b'{"at":%d,%b}' % (AT + at, values.encode()), 1, AT * 1_000)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


async def test_what_was_sorted_before_the_connection_was_lost_goes_to_the_series_that_it_was_said_of(
    store: Store, sql: asyncpg.Connection
) -> None:
    """The database behind the next connection may be another one, with other numbers."""
    await put(store, [said("a", 0, '"m":1'), said("b", 0, '"m":1')])
    batch = store.sort(decode([said("a", 1, '"m":2'), said("b", 1, '"m":3'), said("b", 2, '"m":4')]))
    await store.close()
    await sql.execute("UPDATE device SET name = '-' || name")
    await sql.execute("UPDATE device SET name = CASE name WHEN '-a' THEN 'b' ELSE 'a' END")
    await sql.execute("TRUNCATE reading, rollup_minute, rollup_hour")
    [outcome] = await store.keep(batch)
    assert outcome.stored == 3
    assert [tuple(row) for row in await sql.fetch(f"{READINGS} ORDER BY 1, 2, 3")] == [
        ("a", "m", 1, "2"),
        ("b", "m", 1, "3"),
        ("b", "m", 2, "4"),
    ]


async def test_parts_that_were_sorted_before_their_series_was_known_hold_each_reading_once(
    store: Store, sql: asyncpg.Connection
) -> None:
    early = store.sort(decode([said("a", 1, '"m":1,"n":"x"'), said("a", 2, '"m":2')]))
    await put(store, [said("a", 0, '"m":0,"n":"w"')])
    late = store.sort(decode([said("a", 3, '"m":3'), said("a", 1, '"m":1,"n":"x"'), said("a", 2, '"m":9')]))
    [outcome] = await store.keep(join([early, late]))
    assert (outcome.stored, outcome.duplicate, outcome.rejects) == (3, 1, {"conflict": 1})
    assert [tuple(row) for row in await sql.fetch(f"{READINGS} ORDER BY 1, 2, 3")] == [
        *(("a", "m", at, str(at)) for at in range(4)),
        ("a", "n", 0, "w"),
        ("a", "n", 1, "x"),
    ]


async def test_a_batch_that_is_tried_again_is_sorted_from_its_messages_with_its_units(
    store: Store, sql: asyncpg.Connection
) -> None:
    batch = store.sort(decode([said("a", 1, '"m":1')])._replace(units={("a", "m"): "°C"}))
    await store.close()
    await store.keep(batch)
    assert await sql.fetchval("SELECT unit FROM series") == "°C"


PAYLOADS = st.sampled_from(['{"n":1}', '{"n":2,"t":"x"}', '{"n":true}', '{"new":1,"n":3}', "{", '{"at":5,"n":1}', "[]"])
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), PAYLOADS, st.integers(AT, AT + 4))
    | st.tuples(st.sampled_from(["a", "b", "c"]), st.just("online"), st.just(AT))
)


@given(MESSAGES, st.lists(st.integers(0, 20)))
def test_parts_sorted_one_by_one_come_to_what_all_of_them_would_have(
    found: list[tuple[str, str, int]], cuts: list[int]
) -> None:
    messages = [
        Message(f"devices/{device}/{'status' if payload == 'online' else 'telemetry'}", payload.encode(), 1, at * 1_000)
        for device, payload, at in found
    ]
    bounds = sorted({0, *(cut for cut in cuts if cut < len(messages)), len(messages)})
    registry = _registry()
    slices = [messages[begin:end] for begin, end in pairwise(bounds)] or [messages]
    parts = [sort(registry, decode(some)) for some in slices]
    assert _plain(join(parts)) == _plain(sort(_registry(), decode(messages)))


def _registry() -> Registry:
    registry = Registry()
    registry.known.update(
        {
            device: {"n": Known(number, "number"), "t": Known(number + 1, "text")}
            for number, device in ((1, "a"), (3, "b"))
        }
    )
    return registry


def _plain(batch: Sorted) -> list[object]:
    refusals = sorted(batch.refusals)  # of one message, and of several parts: in any order
    return [
        *batch._replace(refusals=refusals)[2:],
        batch.fresh.unpacked(),
        batch.messages,
    ]
