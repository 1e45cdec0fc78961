"""Fixtures of the bridge's tests."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.bridge.watching import Live, Way, running


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look with, or to get in the way."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(params=["joined", "followed"])
def way(request: pytest.FixtureRequest) -> Way:
    """How batches come to a live hub: beside a bridge, and in a process of its own."""
    way: Way = request.param
    return way


@pytest.fixture
async def live(database_url: str, way: Way) -> AsyncIterator[Live]:
    async with running(database_url, way) as live:
        yield live
