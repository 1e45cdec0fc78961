"""Server-sent events in a real browser, which reconnects and resumes by itself."""

import asyncio
import json
import time

import pytest
from playwright.async_api import Browser

from tests.eventually import eventually
from tests.services import Broker
from tests.system.browser import Publisher, looking
from tests.system.served import serving

LISTEN = """
() => {
    window.heard = {opened: 0, subscribed: 0, values: [], ids: []};
    const source = new EventSource('/api/v1/live/events?match=pump-1/rms');
    source.addEventListener('open', () => heard.opened++);
    source.addEventListener('subscribed', () => heard.subscribed++);
    source.addEventListener('readings', event => {
        heard.values.push(...JSON.parse(event.data).value);
        heard.ids.push(event.lastEventId);
    });
}
"""


@pytest.mark.timeout(120)  # a browser takes its time before it tries again
async def test_a_browser_whose_server_was_killed_gets_what_it_missed_and_goes_on(
    browser: Browser, broker: Broker, publisher: Publisher, database_url: str
) -> None:
    now = int(time.time() * 1000)

    async def send(*numbers: int) -> None:
        for number in numbers:
            message = {"at": now + number, "rms": number}
            await asyncio.to_thread(publisher.send, "pump-1/telemetry", message)

    async with serving("server", broker, database_url) as served, looking(browser, f"http://{served.address}") as page:
        await page.goto("/api/v1/config")
        await page.evaluate(LISTEN)

        async def heard(**expected: object) -> bool:
            found: dict[str, object] = json.loads(await page.evaluate("JSON.stringify(heard)"))
            return expected.items() <= found.items()

        await eventually(lambda: heard(opened=1, subscribed=1), within=20)
        await send(0, 1, 2)
        await eventually(lambda: heard(values=[0, 1, 2]), within=20)
        await served.kill()
        await send(3, 4)
        await served.start()
        await send(5)
        await eventually(lambda: heard(values=[0, 1, 2, 3, 4, 5], opened=2), within=60)
        await send(6)
        await eventually(lambda: heard(values=[0, 1, 2, 3, 4, 5, 6], opened=2), within=20)
