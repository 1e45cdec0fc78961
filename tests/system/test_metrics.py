"""In every scrape each message that was received has one fate or is in flight, whatever happens meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import NoReturn

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import services
from tests.system import stored
from tests.system.command import running_bridge
from tests.system.device import Device, running_device

pytestmark = pytest.mark.timeout(120)  # a few seconds on a machine that is free

PARTS, PART = 20, 500
AT = time.time_ns() // 1_000_000 - 60_000
SAME = f'{{"at":{AT},"said":"again"}}'
REJECTED = ("{", f'{{"at":{AT},"said":"otherwise"}}', '{"at":"yesterday"}')
"""Not readable, in conflict with what is said again, and of no time."""

ODD = "devices/odd/telemetry"
ALL = PARTS * (PART + 1 + len(REJECTED)) + 1
"""Messages in all."""

Scrape = dict[str, float]


def send_all(device: Device) -> None:
    """A stream of new messages, with some said again and some to be rejected."""
    for _ in range(PARTS):
        device.send(PART)
        for payload in (SAME, *REJECTED):
            device.publish(ODD, payload)


def read(text: str) -> Scrape:
    """What was told, the figures of all labels of a counter added up."""
    found: Scrape = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            name = f"{each.name} {each.labels['fate']}" if "fate" in each.labels else each.name
            found[name] = found.get(name, 0) + each.value
    return found


def check(scrape: Scrape) -> None:
    settled = sum(scrape[f"fieldline_messages_total {fate}"] for fate in ("stored", "duplicate", "rejected"))
    assert scrape["fieldline_messages_received_total"] == settled + scrape["fieldline_messages_in_flight"]
    assert scrape["fieldline_messages_total rejected"] == scrape["fieldline_rejects_total"]
    assert scrape["fieldline_batch_messages_sum"] == settled
    assert scrape["fieldline_acknowledge_seconds_count"] == settled
    assert (scrape["fieldline_oldest_unacknowledged_seconds"] > 0) >= (scrape["fieldline_messages_in_flight"] > 0)


class Scraper:
    """Scrapes without a pause, and checks each scrape."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.scrapes: list[Scrape] = []
        self._client = client
        self._scraped = asyncio.Condition()

    async def run(self) -> NoReturn:
        while True:
            scrape = read((await self._client.get("/metrics")).text)
            check(scrape)
            self.scrapes.append(scrape)
            async with self._scraped:
                self._scraped.notify_all()

    async def sees(self, wanted: Callable[[Scrape], bool]) -> Scrape:
        """Wait until a scrape shows it."""
        async with asyncio.timeout(40), self._scraped:
            await self._scraped.wait_for(lambda: bool(self.scrapes) and wanted(self.scrapes[-1]))
        return self.scrapes[-1]


@asynccontextmanager
async def scraping(address: str) -> AsyncIterator[Scraper]:
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=20) as client, asyncio.TaskGroup() as tasks:
        scraper = Scraper(client)
        running = tasks.create_task(scraper.run())
        yield scraper
        running.cancel()


async def test_every_scrape_adds_up_while_a_mixed_stream_flows_and_the_database_crashes(
    broker: services.Broker, migrated: services.Database, database_url: str
) -> None:
    async with (
        running_device(broker) as device,
        running_bridge(broker, database_url) as bridge,
        scraping(bridge.address) as scraper,
    ):
        device.publish(ODD, SAME).wait_for_publish(20)
        sending = asyncio.create_task(asyncio.to_thread(send_all, device))
        await stored.await_messages(database_url, PARTS * PART // 4)
        migrated.kill()
        await scraper.sees(lambda scrape: scrape["fieldline_store_retries_total"] > 0)
        await scraper.sees(lambda scrape: scrape["fieldline_messages_in_flight"] > 0)
        migrated.start()
        await sending
        await device.acknowledges(ALL)
        await stored.await_messages(database_url, PARTS * PART)
        last = await scraper.sees(lambda scrape: scrape["fieldline_messages_received_total"] == ALL and settled(scrape))

    assert last["fieldline_messages_total rejected"] == PARTS * len(REJECTED)
    assert (
        last["fieldline_messages_total stored"] + last["fieldline_messages_total duplicate"] == PARTS * (PART + 1) + 1
    )
    assert last["fieldline_messages_total duplicate"] >= PARTS
    assert {
        name for one, next_ in pairwise(scraper.scrapes) for name in one if counts(name) and next_[name] < one[name]
    } == set()


def settled(scrape: Scrape) -> bool:
    return scrape["fieldline_messages_in_flight"] == scrape["fieldline_oldest_unacknowledged_seconds"] == 0


def counts(name: str) -> bool:
    return name.startswith("fieldline") and ("_total" in name or name.endswith(("_count", "_sum")))
