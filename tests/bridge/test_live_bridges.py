"""A hub in the process of one bridge, while others commit to the same database."""

from unittest.mock import patch

import pytest

from bridge.live.history import History
from tests.bridge.watching import BEGINNING, TIMEOUT, running


async def test_what_another_bridge_commits_comes_in_its_place(database_url: str) -> None:
    async with running(database_url, "joined") as live:
        here, elsewhere = live.writer(), live.writer()
        await here.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            for n in range(1, 30):
                writer = elsewhere if n % 3 else here
                await writer.write(("a", "x", BEGINNING + n, float(n)))
            assert [value for _, _, value in await watcher.until(29)] == [float(n) for n in range(1, 30)]


async def test_a_batch_waits_for_one_that_was_committed_before_it_and_never_told(database_url: str) -> None:
    """Without a follower: its own `previous` says that something is missing."""
    async with running(database_url, "announced") as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            await writer.write(("a", "x", BEGINNING + 1, 1.0))
            live.way = "followed"
            await live.writer().write(("b", "x", BEGINNING, 0.0), ("a", "x", BEGINNING + 2, 2.0))
            await writer.write(("a", "x", BEGINNING + 3, 3.0))
            assert [value for _, _, value in await watcher.until(3)] == [1.0, 2.0, 3.0]


@pytest.mark.timeout(TIMEOUT * 4)
async def test_what_is_announced_is_not_read_back(database_url: str) -> None:
    async with running(database_url, "announced") as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            with patch.object(History, "since", side_effect=AssertionError("expected no look at the store")):
                for n in range(1, 10):
                    await writer.write(("a", "x", BEGINNING + n, float(n)))
                    await writer.write(("a", "x", BEGINNING + n, float(n)))  # a duplicate: a commit without readings
                assert len(await watcher.until(9)) == 9
