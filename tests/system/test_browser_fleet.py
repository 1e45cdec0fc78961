"""The fleet page in a real browser: cards that come, change and can be found."""

import re
import time

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.system.browser import Publisher, looking

SOON = 15_000
"""A device is known a moment before its info and status are; the page looks for them every five seconds."""


def introduce(publisher: Publisher, device: str, status: str = "online", **info: object) -> None:
    """What a device says first: its status, its info and one reading."""
    publisher.send(f"{device}/status", status, retain=True)
    publisher.send(f"{device}/info", {"units": {"temperature": "°C"}, **info}, retain=True)
    publisher.send(f"{device}/telemetry", {"temperature": 21.4, "seq": 1})


async def test_a_first_reading_makes_a_card_and_the_next_ones_change_it(page: Page, publisher: Publisher) -> None:
    await page.goto("/")
    await expect(page.get_by_text("No devices yet")).to_be_visible()
    await expect(page.get_by_role("main")).to_contain_text("mosquitto_pub")

    introduce(publisher, "greenhouse-1", name="Greenhouse, north", model="Climate 2")
    card = page.locator("[data-device='greenhouse-1']")
    await expect(card.get_by_role("link")).to_have_text("Greenhouse, north", timeout=SOON)
    await expect(card.locator(".number")).to_have_text("21.4")
    await expect(card.locator(".main-value .unit")).to_have_text("°C")
    await expect(card).to_contain_text("online", timeout=SOON)
    await expect(card.locator(".age")).to_have_text(re.compile("just now|seconds? ago"))

    for value in ("22.5", "23.0"):
        publisher.send("greenhouse-1/telemetry/temperature", value)
        await expect(card.locator(".number")).to_have_text(value)
    await expect(page.locator(".live-state")).to_have_text("Live")


async def test_a_card_draws_the_last_minutes_as_a_line(page: Page, publisher: Publisher) -> None:
    now = int(time.time() * 1000)
    publisher.send("tank-1/telemetry", [{"at": now - age * 10_000, "level": 50 + age} for age in range(30, 0, -1)])
    await page.goto("/")
    line = page.locator("[data-device='tank-1'] .sparkline .line")
    await expect(line).to_have_attribute("d", re.compile(r"^M[^L]+(L[^L]+){29}$"))
    publisher.send("tank-1/telemetry", {"at": now, "level": 20})
    await expect(line).to_have_attribute("d", re.compile(r"^M[^L]+(L[^L]+){30}$"))


async def test_devices_are_found_by_words_and_by_presence(page: Page, publisher: Publisher) -> None:
    introduce(publisher, "greenhouse-1", site="North farm")
    introduce(publisher, "greenhouse-2", site="South farm")
    introduce(publisher, "greenhouse-10", status="offline", site="North farm")
    await page.goto("/")
    names = page.locator("[data-device] h2")
    await expect(names).to_have_text(["greenhouse-1", "greenhouse-2", "greenhouse-10"])
    await expect(page.locator(".place")).to_have_text(["North farm", "South farm", "North farm"], timeout=SOON)

    await page.get_by_role("searchbox").fill("north green")
    await expect(names).to_have_text(["greenhouse-1", "greenhouse-10"])
    await page.get_by_role("button", name="Offline").click()
    await expect(names).to_have_text(["greenhouse-10"])
    await expect(page).to_have_url(re.compile(r"\?search=north%20green&presence=offline$"))
    await page.reload()
    await expect(names).to_have_text(["greenhouse-10"])


async def test_devices_are_put_in_order_by_when_they_were_last_seen(page: Page, publisher: Publisher) -> None:
    for number in (1, 2, 3):
        introduce(publisher, f"greenhouse-{number}")
    await page.goto("/")
    names = page.locator("[data-device] h2")
    await expect(names).to_have_text(["greenhouse-1", "greenhouse-2", "greenhouse-3"])
    await page.get_by_role("combobox", name="Order").select_option("Last seen first")
    for number in (3, 2):
        publisher.send(f"greenhouse-{number}/telemetry/temperature", "22.5")
        await expect(names.first).to_have_text(f"greenhouse-{number}", timeout=SOON)
    await expect(names).to_have_text(["greenhouse-2", "greenhouse-3", "greenhouse-1"])
    await expect(page).to_have_url(re.compile(r"\?order=seen$"))
    await page.reload()
    await expect(names.first).to_have_text("greenhouse-2")
    await expect(page.get_by_role("combobox", name="Order")).to_have_value("seen")


async def test_a_search_that_finds_nothing_offers_all(page: Page, publisher: Publisher) -> None:
    introduce(publisher, "greenhouse-1")
    await page.goto("/?search=pump&order=seen")
    await page.get_by_role("button", name="Show all").click()
    await expect(page.locator("[data-device] h2")).to_have_text(["greenhouse-1"])
    await expect(page).to_have_url(re.compile(r"/$"))
    await expect(page.get_by_role("searchbox")).to_have_value("")


@pytest.mark.parametrize("path", ["/", "/devices/greenhouse-1"])
async def test_an_api_that_does_not_answer_is_told_and_asked_again(page: Page, publisher: Publisher, path: str) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, content_type="application/problem+json", body="{}")

    introduce(publisher, "greenhouse-1")
    await page.route("**/api/v1/devices**", refuse)
    await page.goto(path)
    trouble = page.get_by_role("alert").filter(has_text=re.compile("The API doesn.t answer"))
    await expect(trouble).to_be_visible()
    await expect(page.get_by_text("No devices yet")).to_have_count(0)
    await page.unroute("**/api/v1/devices**", refuse)
    await expect(page.get_by_text("greenhouse-1").first).to_be_visible(timeout=SOON)
    await expect(trouble).to_be_hidden()


async def test_an_unknown_address_leads_to_the_fleet(page: Page) -> None:
    await page.goto("/nowhere/at/all")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fleet")
    await expect(page).to_have_url(re.compile(r"[^/]/$"))


async def test_the_pages_fit_a_phone(browser: Browser, address: str, publisher: Publisher) -> None:
    introduce(publisher, "pump-with-a-very-long-name-that-does-not-end-" * 2, site="A place with a long name " * 3)
    async with looking(browser, address, viewport={"width": 360, "height": 740}, has_touch=True) as page:
        await page.goto("/")
        await expect(page.locator(".main-value")).to_contain_text("21.4")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await page.get_by_role("link", name="pump").click()
        await expect(page.locator("[data-metric='temperature'] canvas")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_colours_follow_the_system_until_somebody_chooses(browser: Browser, address: str) -> None:
    async with looking(browser, address, color_scheme="dark") as page:
        await page.goto("/")
        await expect(page.locator("body")).to_have_css("background-color", "rgb(13, 18, 17)")
        await page.get_by_role("button", name="Switch to light colours").click()
        await expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 244)")
        await page.reload()
        await expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 244)")
        await expect(page.get_by_role("button", name="Switch to dark colours")).to_be_visible()
