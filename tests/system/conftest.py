"""Fixtures of the browser tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page

from tests.services import Broker
from tests.system import browser as browsers


@pytest.fixture
def publisher(broker: Broker) -> Iterator[browsers.Publisher]:
    with browsers.publishing(broker) as publisher:
        yield publisher


@pytest.fixture
async def address(database_url: str, broker: Broker) -> AsyncIterator[str]:
    """Where a server of its own serves the web app, with an empty database."""
    async with browsers.serving(database_url, broker.url) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsers.chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, address: str) -> AsyncIterator[Page]:
    async with browsers.looking(browser, address) as page:
        yield page
