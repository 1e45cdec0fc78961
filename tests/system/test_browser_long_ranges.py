"""The device page in a real browser over ranges of days to a year: what pixels can show of all readings, and live."""

import itertools
import re
import time
from collections.abc import Iterator

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.eventually import eventually
from tests.system.browser import Publisher

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
CHART = "**/api/v1/chart*"
BACKLOG = 2_000
"""Readings a message."""


class Tank:
    """Four weeks of a reading every five minutes, and of a single second in which the level was another."""

    PEAK = 99

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.now = int(time.time() * 1000)
        self.begin = self.now - 28 * DAY
        self.peak = self.begin + 9 * DAY + 1_000
        self._send(
            {self.peak: self.PEAK} | {at: 20 + at // MINUTE % 3 for at in range(self.begin, self.now, 5 * MINUTE)}
        )

    def _send(self, levels: dict[int, int]) -> None:
        telemetry = [{"at": at, "level": level} for at, level in sorted(levels.items())]
        for first in range(0, len(telemetry), BACKLOG):
            self._publisher.send("tank-1/telemetry", telemetry[first : first + BACKLOG])

    def says(self, level: int) -> int:
        """A level as of now; returns its time."""
        at = int(time.time() * 1000)
        self._send({at: level})
        return at


@pytest.fixture
def tank(publisher: Publisher) -> Tank:
    return Tank(publisher)


@pytest.fixture
def figure(page: Page) -> Locator:
    return page.locator("[data-metric='level']")


async def choose(page: Page, label: str) -> None:
    await page.get_by_role("button", name=label).click()


async def drawn(figure: Locator, columns: str) -> None:
    """So many columns hold readings: a pattern, for how wide a chart is is up to the browser."""
    label = re.compile(rf"level over time, \d+ readings: first, least, greatest and last of {columns} columns")
    await expect(figure.get_by_role("img")).to_have_attribute("aria-label", label, timeout=15_000)


async def point(page: Page, figure: Locator, across: float, up: float = 0.5) -> None:
    """With the mouse, at these shares of the plot."""
    box = await figure.locator(".u-over").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])


async def test_a_month_reaches_back_shows_the_peak_of_a_second_and_goes_on_live(
    page: Page, tank: Tank, figure: Locator
) -> None:
    await page.goto("/devices/tank-1")
    await choose(page, "1 month")
    await drawn(figure, r"[1-9]\d\d")
    age = figure.locator(".age")

    await point(page, figure, 0.01)
    await expect(age).to_have_attribute("data-at", str(tank.begin))
    await expect(age).to_contain_text("about")

    near: Iterator[int] = itertools.cycle(range(-3, 4))

    async def peak() -> bool:
        share = 1 - (tank.now - tank.peak) / (31 * DAY)
        await point(page, figure, share + next(near) / 1_000, up=0.9)
        return await figure.locator(".number").text_content() == str(tank.PEAK)

    await eventually(peak)

    latest = tank.says(50)
    await point(page, figure, 0.999)
    await expect(age).to_have_attribute("data-at", str(latest))
    await page.mouse.move(0, 0)
    await expect(figure.locator(".number")).to_have_text("50")
    await expect(age).to_contain_text("ago")


async def test_a_text_of_long_ago_is_listed_in_a_range_that_holds_it(page: Page, publisher: Publisher) -> None:
    now = int(time.time() * 1000)
    for age, state in ((2 * DAY, "shut"), (DAY + MINUTE, "ajar"), (DAY, "open")):
        publisher.send("door-1/telemetry", {"at": now - age, "state": state})
    figure = page.locator("[data-metric='state']")
    texts = figure.locator("tbody td:last-child")
    await page.goto("/devices/door-1")
    await expect(figure.locator(".number")).to_have_text("open")
    await expect(texts).to_have_text(["No readings in this range"])

    await choose(page, "1 week")
    await expect(texts).to_have_text(["open", "ajar", "shut"])
    publisher.send("door-1/telemetry", {"state": "shut"})
    await expect(texts).to_have_text(["shut", "open", "ajar", "shut"])
    await choose(page, "1 h")
    await expect(texts).to_have_text(["shut"])


async def test_the_table_beside_a_chart_holds_the_newest_readings_of_the_same_range(
    page: Page, tank: Tank, figure: Locator
) -> None:
    await page.goto("/devices/tank-1")
    await expect(figure.get_by_role("img")).to_have_attribute("aria-label", re.compile(" 2 readings"), timeout=15_000)
    await figure.get_by_text("Readings", exact=True).click()
    rows = figure.locator("tbody tr")
    await expect(rows).to_have_count(2)
    await choose(page, "1 day")
    await expect(rows).to_have_count(100)
    times = await rows.evaluate_all("rows => rows.map(row => Number(row.dataset.at))")
    assert times == list(range(tank.begin, tank.now, 5 * MINUTE))[:-101:-1]
    await choose(page, "15 min")
    await expect(rows).to_have_count(2)


async def test_the_answer_of_a_range_that_is_no_longer_chosen_is_not_waited_for(
    page: Page, tank: Tank, figure: Locator
) -> None:
    asked: list[str] = []

    async def hold_the_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            await route.continue_()

    await page.route(CHART, hold_the_first)
    await page.goto("/devices/tank-1")
    async with page.expect_request(CHART):
        await choose(page, "1 year")
    async with page.expect_event("requestfailed") as failed:
        await choose(page, "1 week")
    assert (await failed.value).url == asked[0]
    await drawn(figure, r"[1-9]\d\d")
    await point(page, figure, 0.001)
    age = figure.locator(".age")
    await expect(age).to_contain_text("about")
    first = int(await age.get_attribute("data-at") or 0)
    assert first >= tank.now - 7 * DAY - 60 * MINUTE
    await expect(page.get_by_role("alert").filter(has_text="be fetched")).to_have_count(0)


async def test_a_long_range_that_can_not_be_fetched_is_told_and_tried_again(
    page: Page, tank: Tank, figure: Locator
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, content_type="application/problem+json", body='{"detail": "ask again later"}')

    await page.route(CHART, refuse)
    await page.goto("/devices/tank-1")
    await choose(page, "1 day")
    problem = page.get_by_role("alert").filter(has_text="be fetched: ask again later")
    await expect(problem).to_be_visible()
    await page.unroute(CHART, refuse)
    await expect(problem).to_be_hidden(timeout=15_000)
    await drawn(figure, r"[1-9]\d\d")
    assert tank.begin < tank.now - DAY
