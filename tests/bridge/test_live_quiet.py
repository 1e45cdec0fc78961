"""A client whose series are quiet is told the newest cursor now and then, and so has not far to go when it comes back."""

from typing import Any
from unittest.mock import Mock, patch

import asyncpg
import pytest

from bridge.live import cursor, frames
from bridge.live.outbox import Outbox
from tests.bridge.watching import BEGINNING, Live, Watcher, Writer


@pytest.fixture
async def writer(live: Live) -> Writer:
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0))
    return writer


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time counts as quiet: each batch without anything for a client is told."""
    monkeypatch.setattr("bridge.live.channel.QUIET", 0.0)


async def started(watcher: Watcher, match: str, **options: Any) -> None:
    watcher.subscribe(match, **options)
    await watcher.next()


@pytest.mark.usefixtures("at_once")
async def test_an_empty_frame_tells_a_quiet_client_a_cursor_that_resumes_where_an_older_one_is_a_gap(
    live: Live, writer: Writer, sql: asyncpg.Connection
) -> None:
    async with live.watcher() as watcher:
        await started(watcher, "a/*")
        newer = await writer.write(("b", "x", BEGINNING + 1, 1.0))
        place = cursor.encode(newer.committed_at)
        told = {"type": "readings", "id": "a", "cursor": place, "series": [], "at": [], "value": []}
        assert await watcher.next() == told
    await sql.execute("UPDATE horizon SET dropped = moment($1)", newer.committed_at)
    await writer.write(("a", "x", BEGINNING + 2, 2.0))
    async with live.watcher() as back, live.watcher() as older:
        older.subscribe("a/*", after=watcher.frames[0]["cursor"])
        assert (await older.next())["type"] == "gap"
        back.subscribe("a/*", after=place)
        assert [value for _, _, value in await back.until(1)] == [2.0]
        assert "gap" not in back.types


async def test_not_each_batch_of_others_is_told(live: Live, writer: Writer) -> None:
    async with live.watcher() as watcher:
        await started(watcher, "a/*")
        for n in range(1, 10):
            await writer.write(("b", "x", BEGINNING + n, 1.0))
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        assert (await watcher.next())["value"] == [1.0]


@pytest.mark.usefixtures("at_once")
async def test_an_empty_frame_is_encoded_once_for_all_of_a_channel(live: Live, writer: Writer) -> None:
    async with live.watcher() as one, live.watcher() as two, live.watcher() as three:
        for watcher, identifier in ((one, "a"), (two, "a"), (three, "c")):
            await started(watcher, "a/*", id=identifier)
        with patch.object(frames, "readings", wraps=frames.readings) as encode:
            await writer.write(("b", "x", BEGINNING + 1, 1.0))
            texts = [(await watcher.client.outbox.take()).wire for watcher in (one, two, three)]
        assert encode.call_count == 1
        assert texts[0] is texts[1]
        assert texts[2] == texts[0].replace(b'"id":"a"', b'"id":"c"')


@pytest.mark.usefixtures("at_once")
async def test_a_client_for_which_something_waits_is_told_nothing_more(live: Live, writer: Writer) -> None:
    async with live.watcher() as busy, live.watcher() as along, live.watcher() as other:
        for watcher, match in ((busy, "a/*"), (along, "a/*"), (other, "b/*")):
            await started(watcher, match)
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        await along.until(1)  # and so it waits for the busy one
        for n in range(1, 4):
            await writer.write(("b", "x", BEGINNING + n, 1.0))
        await other.until(3)
        await writer.write(("a", "x", BEGINNING + 2, 2.0))
        assert [(await busy.next())["value"] for _ in range(2)] == [[1.0], [2.0]]


def test_an_outbox_spares_a_full_sink_what_may_be_left_out() -> None:
    frame = frames.error("a", "code", "x")
    sink = Mock(write=Mock(return_value=False))
    outbox = Outbox(1_000, sink)
    assert not outbox.spare(frame)
    assert outbox.offer(frame)
    assert not outbox.spare(frame)
