"""An app to ask, on a database of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bridge.store.store import Store
from tests.api.field import asking
from tests.api.streaming import Served, serving


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(database_url) as client:
        yield client


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


@pytest.fixture(params=["joined", "followed"])
async def served(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Served]:
    """The live stream beside a bridge in its process, and in a process of its own."""
    async with serving(database_url, request.param) as served:
        yield served
