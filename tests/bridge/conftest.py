"""Fixtures of the bridge's tests."""

from collections.abc import AsyncIterator

import asyncpg
import pytest


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look with, or to get in the way."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
