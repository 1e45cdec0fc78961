"""The newest reading of each series is the newest that is stored, however it is found and in whatever order it came."""

import itertools
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import texts
from api.latest import LATEST, SINCE
from bridge import clock
from bridge.message import Message
from bridge.store.store import Store
from tests.api.field import NOON, execute, keep
from tests.api.test_problems import problem_of
from tests.putting import put

NEWEST = """
SELECT DISTINCT ON (device, metric) metric, micros(at) / 1000, coalesce(to_jsonb(value), to_jsonb(text))::text FROM readings
WHERE device = $1 ORDER BY device, metric, at DESC
"""
HOUR = 3_600_000
NOW = time.time_ns() // 1_000_000 // HOUR * HOUR
devices = (f"device-{number}" for number in itertools.count())
ages = st.sampled_from([-HOUR, -1, 0, 1, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR, 3 * HOUR, 200 * HOUR, 2_000 * HOUR])
said = st.tuples(st.sampled_from(["a", "b", "c"]), ages, st.integers(-9, 9))
commits = st.lists(st.lists(said, min_size=1, max_size=4), min_size=1, max_size=4)


async def newest(database_url: str, device: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(NEWEST, device)]
    finally:
        await connection.close()


async def told(client: httpx.AsyncClient, match: str) -> list[tuple[str, int, str]]:
    answer = await client.get("/latest", params={"match": match})
    assert answer.status_code == 200, answer.text
    return [
        (one["metric"], one["at"], f'"{one["value"]}"' if one["kind"] == "text" else f"{one['value']:g}")
        for one in answer.json()["series"]
    ]


async def store(database_url: str, device: str, batches: Sequence[Sequence[tuple[str, int, int]]]) -> None:
    kept = Store(database_url)
    for batch in batches:
        messages = [
            Message(f"devices/{device}/telemetry", payload.encode(), 1, clock.now())
            for metric, age, value in batch
            for payload in (f'{{"at":{NOW - age},"{metric}":{value},"word-{metric}":"{value}"}}',)
        ]
        await put(kept, messages)
    await kept.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=commits)
async def test_it_is_the_newest_that_is_stored_whenever_that_was_and_whatever_came_later(
    client: httpx.AsyncClient, database_url: str, batches: list[list[tuple[str, int, int]]]
) -> None:
    device = next(devices)
    await store(database_url, device, batches)
    assert await told(client, f"{device}/*") == await newest(database_url, device)


async def test_a_series_that_has_been_silent_is_told_beside_one_that_speaks(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await store(database_url, "old", [[("a", 3_000 * HOUR, 1), ("a", 2_000 * HOUR, 2)]])
    await store(database_url, "new", [[("a", 0, 3)], [("a", 2_500 * HOUR, 4)]])
    assert await told(client, "*/a") == [("a", NOW, "3"), ("a", NOW - 2_000 * HOUR, "2")]


async def test_of_what_retention_has_dropped_nothing_is_told_though_its_hours_are_kept(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await store(database_url, "one", [[("a", 0, 1)]])
    assert len(await told(client, "one/*")) == 2
    await execute(database_url, "UPDATE horizon SET raw = now() + interval '7 days'")
    await execute(database_url, "DELETE FROM reading")
    await execute(database_url, "DELETE FROM text_reading")
    assert await told(client, "one/*") == []


async def test_of_texts_no_more_is_read_than_a_page_may_have(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {("a", name): [(NOON, "old" * 100), (NOON + 1, "é" * 10)] for name in ("x", "y")}
    await keep(database_url, {**said, ("a", "number"): [(NOON, 1.0)]})
    monkeypatch.setattr(texts, "PAGE_BYTES", 40)
    assert [one["value"] for one in (await client.get("/latest")).json()["series"]] == [1.0, "é" * 10, "é" * 10]
    monkeypatch.setattr(texts, "PAGE_BYTES", 39)
    detail = "match: expected series whose newest texts have at most 39 bytes together, got 40: ask for fewer"
    assert problem_of(await client.get("/latest"), 422)["detail"] == detail
    fewer = await client.get("/latest", params={"match": ["a/x", "a/number"]})
    assert [one["value"] for one in fewer.json()["series"]] == [1.0, "é" * 10]


async def test_texts_that_are_too_heavy_stay_in_the_database(database_url: str) -> None:
    """Neither sent nor even opened: a compressed megabyte is a few pages that are not touched."""
    await keep(database_url, {("a", f"note-{n}"): [(NOON, "long " * 200_000)] for n in range(20)})
    connection = await asyncpg.connect(database_url)
    try:
        since = await connection.fetchval(SINCE)
        for most, opened in ((10**9, True), (10**6, False)):
            await connection.execute("SELECT pg_stat_reset()")
            [(_, size, *columns)] = await connection.fetch(LATEST, ["%"], since, most)
            assert size == 20 * 1_000_000
            assert (columns[-1] == ["long " * 200_000] * 20) == opened
            assert (columns[-1] == [None] * 20) != opened
            await connection.execute("SELECT pg_stat_force_next_flush()")
            touched = "SELECT coalesce(sum(toast_blks_read + toast_blks_hit), 0) > 0 FROM pg_statio_all_tables"
            assert await connection.fetchval(touched + " WHERE relname LIKE 'text_reading%'") == opened
    finally:
        await connection.close()
