"""An app to ask, on a database of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.field import asking


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(database_url) as client:
        yield client
