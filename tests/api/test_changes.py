"""The feed of changes tells each reading once, in commit order, whatever the pages."""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import feed
from bridge import clock
from bridge.live import cursor
from bridge.message import Message
from bridge.store.store import Store
from tests.api.field import NOON, asking, keep
from tests.putting import put

ORDERED = """
SELECT series_id, micros(at) / 1000, value FROM (
    SELECT committed_at, series_id, at, to_jsonb(value) AS value FROM reading
    UNION ALL SELECT committed_at, series_id, at, to_jsonb(value) FROM text_reading
) AS stored WHERE series_id = ANY ($1::int[]) OR $1 IS NULL ORDER BY committed_at, series_id, at
"""
Row = tuple[int, int, float | str]


async def stored(database_url: str, series: Sequence[int] | None = None) -> list[Row]:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=_decoded)
        return [tuple(row) for row in await connection.fetch(ORDERED, series)]
    finally:
        await connection.close()


def _decoded(text: str) -> float | str:
    return text[1:-1] if text.startswith('"') else float(text)


async def page(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/changes", params=query)
    assert answer.status_code == 200, answer.text
    columns: dict[str, Any] = answer.json()
    assert set(columns["names"]) == {str(series) for series in columns["series"]}
    return columns


def rows_of(columns: Mapping[str, Any]) -> list[Row]:
    return list(zip(columns["series"], columns["at"], columns["value"], strict=True))


async def all_pages(client: httpx.AsyncClient, **query: Any) -> tuple[list[Row], str]:
    """Everything from the beginning on, page after page, and the cursor behind it."""
    found: list[Row] = []
    while True:
        columns = await page(client, **query)
        assert len(columns["series"]) <= query["limit"]
        found += rows_of(columns)
        query["after"] = columns["next"]
        if not columns["more"]:
            return found, columns["next"]


devices = (f"device-{number}" for number in itertools.count())
moments = st.sampled_from([NOON + offset for offset in (0, 1_000, 2_000, 60_000_000, 86_400_000_000)])
numbers = st.dictionaries(moments, st.floats(-1e9, 1e9), max_size=5)
texts = st.dictionaries(moments, st.text("abc", max_size=3), max_size=5)
commits = st.lists(st.lists(numbers | texts, min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=commits, limit=st.integers(1, 8))
async def test_pages_put_together_are_all_that_is_stored_in_commit_order(
    client: httpx.AsyncClient, database_url: str, said: list[list[dict[int, Any]]], limit: int
) -> None:
    series: list[int] = []
    device = next(devices)
    for number, commit in enumerate(said):
        batch = {(device, f"{number}/{metric}"): list(readings.items()) for metric, readings in enumerate(commit)}
        series += (await keep(database_url, batch)).values()
    found, _ = await all_pages(client, limit=limit, match=f"{device}/*")
    assert found == await stored(database_url, series)
    found, end = await all_pages(client, limit=limit * 50)
    assert found == await stored(database_url)
    assert (await page(client, after=end)) == {
        "names": {},
        "series": [],
        "at": [],
        "value": [],
        "next": end,
        "more": False,
    }


async def test_a_reader_that_tails_while_several_bridges_write_gets_each_reading_once_in_commit_order(
    client: httpx.AsyncClient, database_url: str
) -> None:
    stores = [Store(database_url) for _ in range(3)]

    async def write(device: int) -> None:
        for number in range(25):
            late = number // 2 if number % 3 == 0 else number * 1_000
            payloads = [f'{{"at":{1_790_000_000_000 + late + n},"n":{n},"word":"w{number}"}}' for n in range(8)]
            messages = [Message(f"devices/{device}/telemetry", said.encode(), 1, clock.now()) for said in payloads]
            await put(stores[device], messages)

    async def read() -> list[Row]:
        found: list[Row] = []
        after: dict[str, str] = {}
        while True:
            done = written.done()
            columns = await page(client, limit=37, **({"wait": "0.5"} if not done else {}), **after)
            found += rows_of(columns)
            after = {"after": columns["next"]}
            if done and not columns["more"]:
                return found

    written = asyncio.gather(*(write(device) for device in range(len(stores))))
    found = await read()
    await written
    for store in stores:
        await store.close()
    assert len(found) > 800
    assert found == await stored(database_url)


async def test_a_batch_larger_than_a_page_is_cut_without_loss_and_what_came_beside_it_keeps_its_order(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 0.0)]})
    large = {("big", str(metric)): [(NOON + n * 1_000, float(n)) for n in range(70)] for metric in range(3)}
    await keep(database_url, {**large, ("big", "word"): [(NOON + n * 1_000, str(n)) for n in range(70)]})
    await keep(database_url, {("a", "x"): [(NOON - 1_000, 2.0)]})
    found, end = await all_pages(client, limit=40)
    assert found == await stored(database_url)
    assert len(found) == 282
    assert cursor.decode(end) > 0, "at the end it is a cursor that the live stream takes, too"


async def test_a_page_of_long_texts_is_shorter_than_its_limit_and_the_next_goes_on_behind_it(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amid a batch, and where one ends."""
    size = 100_000
    monkeypatch.setattr(feed, "PAGE_BYTES", 3 * size)
    for batch in range(3):
        texts = [(NOON + n * 1_000, f"{n:0{size}}") for n in range(5 * batch, 5 * batch + 5)]
        await keep(database_url, {("a", "note"): texts, ("a", "x"): [(at, 1.0) for at, _ in texts]})
    found, after = list[Row](), dict[str, str]()
    more = True
    while more:
        columns = await page(client, limit=100, **after)
        rows = rows_of(columns)
        assert rows
        assert sum(isinstance(value, str) for _, _, value in rows) <= 3
        found += rows
        after, more = {"after": columns["next"]}, columns["more"]
    assert found == await stored(database_url)
    monkeypatch.setattr(feed, "PAGE_BYTES", 1)
    assert len((await page(client, match="a/note"))["at"]) == 1


async def test_a_page_looks_through_a_bounded_part_of_what_is_not_wanted(
    client: httpx.AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOKED_THROUGH", 100)
    for commit in range(6):
        await keep(database_url, {("a", "x"): [(NOON + commit * 1_000_000 + n, 1.0) for n in range(90)]})
    series = await keep(database_url, {("b", "x"): [(NOON, 1.0)]})
    empty = await page(client, match="b/*", limit=10)
    assert (empty["series"], empty["more"]) == ([], True)
    found, _ = await all_pages(client, match="b/*", limit=10)
    assert found == [(series["b", "x"], NOON // 1000, 1.0)]


async def test_a_late_reading_comes_like_any_other(client: httpx.AsyncClient, database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    _, end = await all_pages(client, limit=10)
    await keep(database_url, {("a", "x"): [(NOON - 1_000_000, 2.0)]})
    assert (await page(client, after=end))["value"] == [2.0]


async def test_it_goes_on_from_the_cursor_of_the_newest_readings(client: httpx.AsyncClient, database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    end = (await client.get("/latest")).json()["cursor"]
    assert (await page(client, after=end))["next"] == end
    await keep(database_url, {("a", "x"): [(NOON + 1_000, 2.0)]})
    assert (await page(client, after=end))["value"] == [2.0]


async def test_who_waits_is_answered_by_the_next_commit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.live.commits.POLL", 60.0)  # only a notification can wake it
    store = Store(database_url)
    async with asking(database_url) as client:
        end = (await page(client))["next"]
        waiting = asyncio.create_task(page(client, after=end, wait=40))
        try:
            for number in range(25):
                message = Message("devices/a/telemetry", b'{"n":%d}' % number, 1, clock.now())
                await put(store, [message])
                done, _ = await asyncio.wait([waiting], timeout=1)
                if done:
                    break
            else:
                pytest.fail("expected to be woken by one of 25 commits, was not: does it listen?")
        finally:
            waiting.cancel()  # which does nothing to an answer that is there
            await store.close()
    assert (await waiting)["value"][0] == 0


async def test_waiting_ends_with_an_empty_answer(client: httpx.AsyncClient) -> None:
    end = (await page(client))["next"]
    began = time.monotonic()
    columns = await page(client, after=end, wait=0.3)
    assert time.monotonic() - began >= 0.3
    assert (columns["series"], columns["next"], columns["more"]) == ([], end, False)


async def test_a_commit_without_a_wanted_reading_ends_no_wait_and_moves_the_cursor(
    client: httpx.AsyncClient, database_url: str
) -> None:
    end = (await page(client))["next"]
    waiting = asyncio.create_task(page(client, after=end, wait=2.5, match="b/*"))
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    columns = await waiting
    assert columns["series"] == []
    assert columns["next"] > end
