"""A server of its own, a Chromium that looks at it, and an independent publisher."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from playwright.async_api import Browser, Page, async_playwright

from fieldline.embedded import port
from tests.eventually import eventually
from tests.services import Broker

PROGRAM = Path(sys.executable).with_name("fieldline")
WEB = Path(__file__).parents[2] / "api" / "web" / "index.html"
FLAGS = (
    "--no-sandbox",  # which root can't have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Publisher:
    """A device's side of the broker, by another MQTT implementation than the bridge's."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, topic: str, payload: object, *, retain: bool = False) -> None:
        """Returns once the broker has taken it. What is no text is sent as JSON."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self._client.publish(f"devices/{topic}", text, qos=1, retain=retain).wait_for_publish(10)


@contextmanager
def publishing(broker: Broker) -> Iterator[Publisher]:
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        yield Publisher(client)
    finally:
        client.disconnect()
        client.loop_stop()


@asynccontextmanager
async def serving(database_url: str, broker_url: str) -> AsyncIterator[str]:
    """Bridge, API and web app in one process, as `up` runs them. Yields their address."""
    if not WEB.is_file():
        pytest.skip("the web app is not built: install without FIELDLINE_SKIP_WEB")
    number = port.free()[0]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FIELDLINE_")}
    given = {"DATABASE_URL": database_url, "BROKER_URL": broker_url, "PORT": str(number), "LOG_LEVEL": "warning"}
    environment = clean | {f"FIELDLINE_{name}": value for name, value in given.items()}
    address = f"http://{port.LOOPBACK}:{number}"
    process = await asyncio.create_subprocess_exec(PROGRAM, "server", env=environment)
    try:
        async with httpx.AsyncClient(base_url=address) as client:

            async def healthy() -> bool:
                assert process.returncode is None, f"fieldline server ended with status {process.returncode}"
                try:
                    return (await client.get("/api/v1/health")).is_success
                except httpx.TransportError:
                    return False

            await eventually(healthy, within=20)
        yield address
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("chromium not found: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def looking(browser: Browser, address: str, **context: Any) -> AsyncIterator[Page]:
    """A page at the address. It fails the test if the page threw, or broke the content security policy."""
    page = await (await browser.new_context(base_url=address, **context)).new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    await page.context.close()
    assert trouble == []
