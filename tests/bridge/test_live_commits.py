"""One connection hears of each commit for all of a process."""

import asyncio

from bridge.live.commits import Commit, open_commits
from tests.bridge.watching import TIMEOUT


async def test_who_comes_later_is_told_of_the_newest_commit_at_once(database_url: str) -> None:
    async with open_commits(database_url) as commits:
        first: asyncio.Queue[Commit] = asyncio.Queue()
        commits.each(first.put_nowait)
        async with asyncio.timeout(TIMEOUT):
            await first.get()
        told: list[Commit] = []
        commits.each(told.append)
        assert len(told) == 1
