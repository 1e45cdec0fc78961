"""The live hub of an api without a bridge: it follows what other processes commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.live.follow import Follower
from bridge.live.hub import Hub, open_hub


@asynccontextmanager
async def open_following_hub(database_url: str) -> AsyncIterator[Hub]:
    """A running hub that is fed from the store. The database need not be there yet."""
    async with open_hub(database_url) as hub, asyncio.TaskGroup() as tasks:
        following = tasks.create_task(Follower(hub, database_url).run(), name="live follower")
        try:
            yield hub
        finally:
            following.cancel()
