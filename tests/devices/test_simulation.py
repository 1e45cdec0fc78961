"""A fleet through the real command."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from devices.fleet import fleet
from tests.devices.observer import Observer
from tests.services import Broker

COUNT = 24
NAMES = {device.name for device in fleet(COUNT, 5)}


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[Process]:
    program = "from fieldline.main import main; main()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, "simulate", *arguments, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def statuses(observer: Observer, word: bytes) -> set[str]:
    return {heard.topic.split("/")[1] for heard in observer.heard if heard.payload == word}


async def test_a_fleet_comes_online_sends_and_says_goodbye_on_sigterm(broker: Broker) -> None:
    with Observer(broker) as observer:
        async with command("--devices", str(COUNT), "--seed", "5", "--broker-url", broker.url) as process:
            await observer.until(lambda _: statuses(observer, b"online") == NAMES)
            heard = await observer.until(
                lambda heard: {h.topic.split("/")[1] for h in heard if h.topic.endswith("/telemetry")} == NAMES
            )
            assert not any(message.payload == b"offline" for message in heard)
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(process.communicate(), 10)
        await observer.until(lambda _: statuses(observer, b"offline") == NAMES)
    assert process.returncode == 0
    assert len(errors.splitlines()) <= 5, "a line for the fleet, not for each device or message"


async def test_a_killed_fleet_is_declared_offline_by_its_wills(broker: Broker) -> None:
    with Observer(broker) as observer:
        async with command("--devices", "5", "--broker-url", broker.url) as process:
            await observer.until(lambda _: len(statuses(observer, b"online")) == 5)
            os.kill(process.pid, signal.SIGKILL)
            await observer.until(lambda _: len(statuses(observer, b"offline")) == 5)


async def test_a_broker_url_that_makes_no_sense_is_one_clear_line() -> None:
    async with command("--broker-url", "http://here") as process:
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode != 0
    assert errors.decode().splitlines() == [
        "fieldline: broker URL: expected mqtt://host:port or mqtts://host:port, got http://here"
    ]
