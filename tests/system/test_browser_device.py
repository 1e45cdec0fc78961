"""The device page in a real browser: the past and the stream as one chart, whatever happens to the socket."""

import asyncio
import itertools
import json
import re
import threading
import time
from collections.abc import Iterable
from urllib.parse import quote

import pytest
from playwright.async_api import Page, Route, WebSocketRoute, expect

from tests.eventually import eventually
from tests.system.browser import Publisher

SOCKET = re.compile("/api/v1/live$")


class Pump:
    """A device whose readings are numbers of one metric, each at a time that says which one it is."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.start = int(time.time() * 1000) - 60_000
        """Within the range that a page shows at first."""

    def at(self, number: int) -> int:
        return self.start + number * 10

    def send(self, numbers: Iterable[int], metric: str = "rms") -> None:
        for number in numbers:
            self._publisher.send("pump-1/telemetry", {"at": self.at(number), metric: number})

    async def shown(self, page: Page, numbers: Iterable[int], metric: str = "rms") -> None:
        """The chart gets these and no others, each once, in order. The table beside it shows the newest hundred."""
        expected = list(numbers)
        figure = page.locator(f"[data-metric='{metric}']")
        await expect(figure).to_have_attribute("data-readings", str(len(expected)), timeout=15_000)
        rows = figure.locator("tbody tr")
        if await rows.count() == 0:
            await figure.get_by_text("Readings", exact=True).click()
        await expect(rows).to_have_count(min(100, len(expected)))
        times = await rows.evaluate_all("rows => rows.map(row => Number(row.dataset.at))")
        assert times == [self.at(number) for number in reversed(expected)][:100]


@pytest.fixture
def pump(publisher: Publisher) -> Pump:
    return Pump(publisher)


class Socket:
    """Stands between the page and the live stream: refuses it, breaks it, silences it, or swallows what comes."""

    def __init__(self) -> None:
        self.refuses = False
        self.swallows = False
        self.silent = False
        self.asked: list[dict[str, object]] = []
        self.swallowed: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.open: WebSocketRoute | None = None

    async def between(self, page: Page) -> None:
        await page.route_web_socket(SOCKET, self._route)

    async def _route(self, page: WebSocketRoute) -> None:
        if self.refuses:
            await page.close(code=1013)
            return
        self.open = page
        self.silent = False
        server = page.connect_to_server()

        def silenced() -> bool:
            return self.silent or self.open is not page

        def up(text: str | bytes) -> None:
            self.asked.append(json.loads(text))
            if not silenced():
                server.send(text)

        def down(text: str | bytes) -> None:
            frame = json.loads(text)
            if silenced():
                return
            if self.swallows and frame["type"] == "readings":
                self.swallowed.put_nowait(frame)
            else:
                page.send(text)

        page.on_message(up)
        server.on_message(down)

    async def break_off(self) -> None:
        assert self.open is not None
        await self.open.close(code=1012)


async def test_history_and_stream_join_without_a_gap_or_a_double(page: Page, pump: Pump) -> None:
    pump.send([0])
    opened = threading.Event()

    def stream() -> int:
        """Sends until the page is open and then some more; how many that makes is up to the machine."""
        for number in itertools.count(1):
            pump.send([number])
            if opened.is_set():
                pump.send(range(number + 1, number + 50))
                return number + 50
        raise AssertionError

    streaming = asyncio.create_task(asyncio.to_thread(stream))
    await page.goto("/devices/pump-1")
    await expect(page.locator("figure")).to_have_attribute("data-readings", re.compile("[1-9]"))
    opened.set()
    await pump.shown(page, range(await streaming))


async def test_a_late_reading_takes_its_place(page: Page, pump: Pump) -> None:
    pump.send([0, 10, 20])
    await page.goto("/devices/pump-1")
    await pump.shown(page, [0, 10, 20])
    pump.send([15, 5, 30])
    await pump.shown(page, [0, 5, 10, 15, 20, 30])


async def test_a_longer_range_brings_what_lies_before(page: Page, pump: Pump) -> None:
    pump.send([-200_000, -100_000, 0])
    await page.goto("/devices/pump-1")
    await pump.shown(page, [0])
    await page.get_by_role("button", name="1 h").click()
    await pump.shown(page, [-200_000, -100_000, 0])


@pytest.mark.parametrize("hours", [1, 30 * 24])
async def test_the_past_is_there_at_once_however_fast_the_clock_on_the_desk_is(
    page: Page, pump: Pump, hours: int
) -> None:
    await page.add_init_script(f"const now = Date.now; Date.now = () => now() + {hours} * 3_600_000")
    pump.send(range(5))
    await page.goto("/devices/pump-1")
    await pump.shown(page, range(5))
    await expect(page.locator("figure .age")).to_have_text(re.compile("seconds? ago|1 minute ago"))
    pump.send([5])
    await pump.shown(page, range(6))


async def test_a_range_with_too_many_readings_says_where_it_begins_and_goes_on_when_chosen_again(
    page: Page, pump: Pump
) -> None:
    async def two_a_page(route: Route) -> None:
        await route.continue_(url=re.sub(r"limit=\d+", "limit=2", route.request.url))

    await page.route("**/api/v1/readings?*", two_a_page)
    pump.send(range(25))

    async def stored() -> bool:
        latest = await (await page.request.get("/api/v1/latest?match=pump-1/rms")).json()
        return [series["value"] for series in latest["series"]] == [24]

    await eventually(stored)  # or the stream would bring what the history leaves out
    await page.goto("/devices/pump-1")
    await pump.shown(page, range(15, 25))
    notice = page.get_by_text("the charts begin at")
    await expect(notice).to_be_visible()
    again = page.get_by_role("button", name="15 min")
    await again.click()
    await pump.shown(page, range(6, 25))
    await again.click()
    await pump.shown(page, range(25))
    await expect(notice).to_be_hidden()


async def test_a_lost_socket_is_resumed_at_its_cursor(page: Page, pump: Pump) -> None:
    socket = Socket()
    await socket.between(page)
    pump.send(range(5))
    await page.goto("/devices/pump-1")
    await pump.shown(page, range(5))
    pump.send([5])
    await pump.shown(page, range(6))

    await socket.break_off()
    await expect(page.locator(".live-state")).to_have_text("Reconnecting")
    pump.send(range(6, 40))
    await pump.shown(page, range(40))
    await expect(page.locator(".live-state")).to_have_text("Live")
    assert [asked["after"] is None for asked in socket.asked if asked["type"] == "subscribe"] == [True, False]


async def test_a_socket_that_broke_without_a_word_is_opened_anew_once_the_network_is_back(
    page: Page, pump: Pump
) -> None:
    socket = Socket()
    await socket.between(page)
    pump.send(range(5))
    await page.goto("/devices/pump-1")
    await pump.shown(page, range(5))

    await page.evaluate("dispatchEvent(new Event('online'))")
    pump.send([5])
    await pump.shown(page, range(6))
    assert [asked["type"] for asked in socket.asked] == ["subscribe", "unsubscribe", "unsubscribe"]

    socket.silent = socket.refuses = True
    pump.send(range(6, 40))
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(page.locator(".live-state")).to_have_text(re.compile("Reconnecting|Polling"), timeout=10_000)
    socket.refuses = False
    await pump.shown(page, range(40))
    await expect(page.locator(".live-state")).to_have_text("Live")
    assert [asked["after"] for asked in socket.asked if asked["type"] == "subscribe"][-1] is not None


async def test_what_the_stream_left_out_is_fetched(page: Page, pump: Pump) -> None:
    socket = Socket()
    await socket.between(page)
    pump.send([0])
    async with page.expect_response(re.compile("/api/v1/readings")):  # or it might still bring what is swallowed
        await page.goto("/devices/pump-1")
    await pump.shown(page, [0])

    socket.swallows = True
    pump.send([1, 2, 3])
    last: dict[str, object] = {}
    while 3 not in last.get("value", []):  # type: ignore[operator]  # JSON
        last = await asyncio.wait_for(socket.swallowed.get(), 10)
    socket.swallows = False
    await pump.shown(page, [0])
    assert socket.open is not None
    gap = {"type": "gap", "id": last["id"], "after": "", "cursor": last["cursor"], "reason": "slow"}
    socket.open.send(json.dumps(gap))
    await pump.shown(page, range(4))
    pump.send([4])
    await pump.shown(page, range(5))


async def test_without_a_socket_the_page_polls_and_says_so_until_it_is_live_again(page: Page, pump: Pump) -> None:
    socket = Socket()
    socket.refuses = True
    await socket.between(page)
    pump.send([0, 1])
    await page.goto("/devices/pump-1")
    notice = page.get_by_role("alert").filter(has_text="polled every 5 seconds")
    await expect(notice).to_be_visible(timeout=10_000)
    await expect(page.locator(".live-state")).to_have_text("Polling every 5 s")
    await pump.shown(page, [0, 1])
    pump.send([2])
    await pump.shown(page, [0, 1, 2])

    socket.refuses = False
    await expect(page.locator(".live-state")).to_have_text("Live", timeout=15_000)
    await expect(notice).to_be_hidden()
    pump.send([3])
    await pump.shown(page, range(4))


async def test_states_and_texts_are_shown_as_what_they_are(page: Page, pump: Pump, publisher: Publisher) -> None:
    for number, (open_, state) in enumerate([(True, "ajar"), (False, "shut")]):
        publisher.send("door-1/telemetry", {"at": pump.at(number), "open": open_, "state": state, "seq": number})
    await page.goto("/devices/door-1")
    await expect(page.locator("figure h2")).to_have_text(["open", "state", "seq"])
    await expect(page.locator("[data-metric='open'] .number")).to_have_text("no")
    await expect(page.locator("[data-metric='state'] tbody td:last-child")).to_have_text(["shut", "ajar"])
    await expect(page.locator("[data-metric='state'] canvas")).to_have_count(0)


async def test_a_new_metric_gets_a_chart_of_its_own(page: Page, pump: Pump) -> None:
    pump.send([0])
    await page.goto("/devices/pump-1")
    await pump.shown(page, [0])
    pump.send([1], metric="peak")
    await pump.shown(page, [1], metric="peak")


async def test_a_name_may_hold_any_letter(page: Page, pump: Pump, publisher: Publisher) -> None:
    name = "Zähler 50%? \\* «№1»"
    publisher.send(f"{name}/telemetry", {"at": pump.at(0), "power": 7})
    publisher.send("Zähler 50%? anders/telemetry", {"at": pump.at(1), "power": 8})
    await page.goto("/")
    await page.get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await expect(page).to_have_title(f"{name} · Fieldline")
    await pump.shown(page, [0], metric="power")
    await page.goto(f"/devices/{quote(name, safe='')}")
    await pump.shown(page, [0], metric="power")


async def test_a_device_that_never_spoke_is_waited_for(page: Page, pump: Pump) -> None:
    await page.goto("/devices/pump-1")
    await expect(page.get_by_role("main")).to_contain_text("No device of this name has said anything yet")
    await expect(page.locator(".live-state")).to_have_text("Live")
    pump.send([0])
    await pump.shown(page, [0])
