"""Which series a subscription brings: those of its snapshot, and those that came after it. No pattern is tried in vain."""

from collections.abc import Sequence
from unittest.mock import patch

from bridge.live.history import History, Snapshot
from bridge.live.match import Match
from tests.bridge.watching import BEGINNING, Live


async def test_a_series_that_the_hub_knows_and_the_snapshot_does_not_is_brought(live: Live) -> None:
    look = History.snapshot
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    async with live.watcher() as first, live.watcher() as second:
        first.subscribe("*")
        await first.next()

        async def then_write(self: History, likes: Sequence[str]) -> Snapshot:
            answer = await look(self, likes)
            await writer.write(("a", "y", BEGINNING, 1.0), ("b", "y", BEGINNING, 1.0))
            await first.until(2)
            return answer

        with patch.object(History, "snapshot", then_write):
            second.subscribe("a/*")
            await second.until(1)
        await writer.write(("a", "y", BEGINNING + 1, 2.0), ("b", "y", BEGINNING + 1, 2.0))
        await second.until(2)
    told = [[one["metric"] for one in frame["series"]] for frame in second.frames if frame["type"] == "subscribed"]
    assert told == [["x"], ["y"]]
    assert [value for _, _, value in second.readings] == [1.0, 2.0]


async def test_what_the_database_has_matched_is_not_matched_again(live: Live) -> None:
    """A hundred patterns with ten thousand series would hold all clients up for a third of a second."""
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0), ("c", "x", BEGINNING, 0.0))
    async with live.watcher() as first, live.watcher() as second, live.watcher() as third:
        with patch.object(Match, "accepts", side_effect=AssertionError("expected no look at a pattern")):
            for watcher, match in ((first, "a/*"), (second, "*"), (third, "b/*")):
                watcher.subscribe(match)
                await watcher.next()
            await writer.write(("b", "x", BEGINNING + 1, 1.0), ("c", "x", BEGINNING + 1, 1.0))
            assert len(await second.until(2)) == 2
            assert len(await third.until(1)) == 1
