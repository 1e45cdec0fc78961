"""A whole simulated fleet in the browser; with FIELDLINE_SCREENSHOTS=1 its pictures go into the documentation."""

import asyncio
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from devices.device import Device, measure
from devices.fleet import fleet
from devices.reading import Value
from tests.system.browser import Publisher, looking

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DEVICES = 12


def past(device: Device, minutes: int) -> Iterator[Mapping[str, Value]]:
    """What the device measured lately, as it would have sent it."""
    now = int(time.time() * 1000)
    at, due = device.next_at(now - minutes * 60_000)
    while at < now:
        yield {"at": at, **measure(due, at)}
        at, due = device.next_at(at)


def speak(publisher: Publisher, devices: list[Device]) -> None:
    """What a fleet says that comes back after twenty minutes without a broker; one of it is gone again."""
    for device in devices:
        publisher.send(f"{device.name}/info", device.info(), retain=True)
        publisher.send(f"{device.name}/status", "offline" if device is devices[7] else "online", retain=True)
        publisher.send(f"{device.name}/telemetry", list(past(device, minutes=20)))


async def picture(page: Page, name: str) -> None:
    if os.environ.get("FIELDLINE_SCREENSHOTS") == "1":
        await page.mouse.move(0, 0)
        await page.screenshot(path=IMAGES / f"{name}.png")


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_a_fleet_is_shown(
    browser: Browser, address: str, publisher: Publisher, colours: Literal["light", "dark"]
) -> None:
    devices = fleet(DEVICES, seed=1)
    await asyncio.to_thread(speak, publisher, devices)
    ending = "" if colours == "light" else "-dark"
    window = {"width": 1360, "height": 900}
    async with looking(browser, address, color_scheme=colours, viewport=window) as page:
        await page.goto("/")
        await expect(page.locator("[data-device]")).to_have_count(DEVICES)
        for name in ("greenhouse-1", "meter-1", "pump-1"):
            line = page.locator(f"[data-device='{name}'] .sparkline .line")
            await expect(line).to_have_attribute("d", re.compile("(L.*){20}"))
        await expect(page.get_by_role("button", name="Offline")).to_contain_text("1", timeout=15_000)
        await picture(page, f"fleet{ending}")

        await page.goto("/devices/greenhouse-1")
        await expect(page.locator("figure canvas")).to_have_count(sum(len(s.units) for s in devices[0].sensors))
        await expect(page.locator("[data-metric='temperature']")).to_have_attribute(
            "data-readings", re.compile(r"^\d{2,}$")
        )
        await picture(page, f"device{ending}")
