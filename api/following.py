"""The live hub of an api without a bridge: it follows what other processes commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.live.commits import Commits
from bridge.live.follow import follow
from bridge.live.hub import Hub, open_hub


@asynccontextmanager
async def open_following_hub(database_url: str, commits: Commits) -> AsyncIterator[Hub]:
    """A running hub that is fed from the store. The database need not be there yet."""
    async with open_hub(database_url) as hub:
        follow(hub, commits)
        yield hub
