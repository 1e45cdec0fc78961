"""Cursors that can't be resumed from: what they lack was dropped, or they are of another database. Each is told plainly."""

from collections.abc import Sequence
from itertools import count
from unittest.mock import patch

import asyncpg
import pytest

from bridge.committed import Committed
from bridge.live import cursor
from bridge.live.history import Extent, History, Snapshot, connect_pool
from tests.bridge.aging import MONTH_OF_RAW, NOW, OLD, tidy
from tests.bridge.watching import Live, Way, running

LATELY, LONG_AGO = (int(moment.timestamp() * 1000) for moment in (NOW, OLD))


async def _told(live: Live, after: Committed | int) -> list[tuple[str, object]]:
    """Type and reason of what a client hears that resumes, until it hears of the last reading of all."""
    place = after if isinstance(after, int) else after.committed_at
    last = await live.writer().write(("a", "x", LATELY + next(numbers), 99.0))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=cursor.encode(place))
        while (await watcher.next())["cursor"] != cursor.encode(last.committed_at):
            pass
        return [(frame["type"], frame.get("reason")) for frame in watcher.frames]


numbers = count(1_000)
RESUMED = [("subscribed", None), ("readings", None)]
GAP = [("gap", "retention")]


async def test_a_late_reading_that_was_dropped_is_a_gap_for_who_has_not_seen_it(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        before = await writer.write(("a", "x", LATELY, 0.0))
        late = await writer.write(("a", "x", LONG_AGO, 1.0))
        await writer.write(("a", "x", LATELY + 1, 2.0))
        assert await _told(live, before) == RESUMED
        await tidy(database_url, MONTH_OF_RAW)
        assert await _told(live, before) == GAP
        assert await _told(live, late) == RESUMED, "it has seen what was dropped"


async def test_a_late_text_that_was_dropped_is_a_gap_as_well(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        before = await writer.write(("a", "word", LATELY, "then"))
        await writer.write(("a", "word", LONG_AGO, "once"))
        await tidy(database_url, MONTH_OF_RAW)
        assert await _told(live, before) == GAP


async def test_a_week_that_is_dropped_while_a_client_resumes_is_a_gap(database_url: str, way: Way) -> None:
    look = History.snapshot

    async def then_drop(self: History, likes: Sequence[str]) -> Snapshot:
        answer = await look(self, likes)
        await tidy(database_url, MONTH_OF_RAW)
        return answer

    async with running(database_url, way) as live:
        writer = live.writer()
        before = await writer.write(("a", "x", LATELY, 0.0))
        await writer.write(("a", "x", LONG_AGO, 1.0))
        with patch.object(History, "snapshot", then_drop):
            assert await _told(live, before) == GAP


async def test_a_client_of_a_quiet_series_lacks_nothing_that_was_dropped_while_it_was_live(
    database_url: str, way: Way, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last frame is old, but all that came since was looked through for it."""
    async with running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", LATELY, 0.0), ("b", "x", LATELY, 0.0))
        async with live.watcher() as quiet, live.watcher() as other:
            quiet.subscribe("a/*")
            other.subscribe("b/*")
            await quiet.next()
            await other.next()
            dropped = await writer.write(("b", "x", LATELY + 1, 1.0))
            await other.until(1)
            await sql.execute("UPDATE horizon SET dropped = moment($1)", dropped.committed_at)
            live.hub.doubt()  # so that all look into the store, as they do when too much was committed elsewhere
            monkeypatch.setattr("bridge.live.hub.MOST_READ", 0)
            await writer.write(("b", "x", LATELY + 2, 2.0))
            await other.until(2)
            await writer.write(("a", "x", LATELY + 3, 3.0))
            assert [value for _, _, value in await quiet.until(1)] == [3.0]
            assert "gap" not in quiet.types + other.types


async def test_retention_leaves_other_cursors_alone(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", LONG_AGO, 1.0))
        before = await writer.write(("a", "x", LATELY, 0.0))
        await tidy(database_url, MONTH_OF_RAW)
        assert await _told(live, before) == RESUMED


@pytest.mark.parametrize("microseconds", [37, -40_000_003])
async def test_a_cursor_of_another_database_is_a_gap(
    database_url: str, way: Way, sql: asyncpg.Connection, microseconds: int
) -> None:
    """Of one that lives at the same time, and of one that was there before."""
    async with running(database_url, way) as live:
        last = await live.writer().write(("a", "x", LATELY, 0.0))
        assert await _told(live, last) == RESUMED
        assert await _told(live, last.committed_at + microseconds) == GAP


async def test_every_tick_is_one_of_the_database_however_fast_they_come(
    database_url: str, sql: asyncpg.Connection
) -> None:
    async with connect_pool(database_url, 1) as pool:
        extent = await History(pool).extent()
    before = extent.born
    for _ in range(100):
        [tick] = [row[0] for row in await sql.fetch("SELECT tick()")]
        assert tick > before
        assert extent.holds(tick, tick)
        before = tick


def test_what_lies_outside_of_a_database_is_not_held() -> None:
    extent = Extent(born=1_000_050, dropped=1_000_250)
    held = [after for after in range(999_900, 1_001_000) if extent.holds(after, newest=1_000_450)]
    assert held == [1_000_250, 1_000_350, 1_000_450]
