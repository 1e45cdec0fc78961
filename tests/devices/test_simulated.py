"""One device and a real broker, seen by an independent subscriber."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from devices import broker as broker_url
from devices.device import measure
from devices.fleet import fleet
from devices.sequence import RUN
from devices.simulated import Simulated
from tests.devices.deaf import Way, way_to
from tests.devices.observer import Observer, telemetry
from tests.services import Broker

NAME = "greenhouse-1"
DEVICE = fleet(1, 1)[0].at_interval(0.1)


@asynccontextmanager
async def switched_on(broker: Broker | Way) -> AsyncIterator[Simulated]:
    simulated = Simulated(DEVICE, broker_url.parse(broker.url))
    task = asyncio.create_task(simulated.run())
    try:
        yield simulated
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def observer(broker: Broker) -> Iterator[Observer]:
    with Observer(broker) as observer:
        yield observer


async def test_a_device_says_who_it_is_that_it_is_online_and_what_it_measures(
    broker: Broker, observer: Observer
) -> None:
    started = time.time()
    async with switched_on(broker):
        heard = await observer.until(lambda heard: len(telemetry(heard, NAME)) >= 5)
    objects = telemetry(heard, NAME)
    assert [message.topic for message in heard[:2]] == [f"devices/{NAME}/info", f"devices/{NAME}/status"]
    assert json.loads(heard[0].payload) == DEVICE.info()
    assert {message.qos for message in heard} == {1}
    assert [found["seq"] % RUN for found in objects] == list(range(len(objects)))
    assert objects[0]["seq"] // RUN == pytest.approx(started, abs=2)
    assert {"temperature", "humidity", "pressure", "battery", "battery_voltage"} < objects[0].keys()
    for found in objects:
        values = {metric: value for metric, value in found.items() if metric not in ("at", "seq")}
        assert values.items() <= measure(DEVICE.sensors, found["at"]).items()


async def test_who_comes_later_finds_status_and_info_retained(broker: Broker, observer: Observer) -> None:
    async with switched_on(broker):
        await observer.until_status(NAME, b"online")
        with Observer(broker, "later") as later:
            heard = await later.until(lambda heard: sum(message.retain for message in heard) == 2)
    assert {message.topic for message in heard if message.retain} == {f"devices/{NAME}/info", f"devices/{NAME}/status"}


async def test_a_device_that_is_switched_off_sends_what_it_has_and_then_says_offline(
    broker: Broker, observer: Observer
) -> None:
    async with switched_on(broker) as simulated:
        await observer.until(lambda heard: bool(telemetry(heard, NAME)))
    await observer.until_status(NAME, b"online", b"offline")
    assert observer.heard[-1].payload == b"offline"
    assert not simulated.outbox
    assert len(telemetry(observer.heard, NAME)) == simulated.outbox.acknowledged
    with Observer(broker, "later") as later:
        heard = await later.until(lambda heard: len(heard) == 2)
    assert (f"devices/{NAME}/status", b"offline") in [message[:2] for message in heard]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_what_was_measured_without_a_broker_arrives_later_with_its_own_times_and_no_hole(
    broker: Broker, observer: Observer, end: str
) -> None:
    async with switched_on(broker) as simulated:
        await observer.until(lambda heard: len(telemetry(heard, NAME)) >= 3)
        getattr(broker, end)()
        down = time.time() * 1000
        before = len(observer.heard)
        async with asyncio.timeout(10):
            await measured(simulated, 15)
        back = time.time() * 1000
        assert not simulated.connected
        broker.start()
        # Nothing here lets the device run before it is listened to again: a durable session alone would not do, since
        # Mosquitto 2.0.11 drops what comes for it between its own restart and the session's return (with an ACL file).
        with Observer(broker, "after") as after:
            heard = await after.until(lambda heard: len({f["seq"] for f in telemetry(heard, NAME)}) >= 20)
    objects = {found["seq"]: found["at"] for found in telemetry(observer.heard[:before], NAME) + telemetry(heard, NAME)}
    assert sorted(objects) == list(range(min(objects), min(objects) + len(objects)))
    times = list(objects.values())
    assert times == sorted(set(times))
    assert sum(down < at < back for at in objects.values()) >= 12
    assert any(message.payload.startswith(b"[") for message in heard), "a backlog goes as one"


async def test_what_was_sent_and_not_acknowledged_is_sent_again(broker: Broker, observer: Observer) -> None:
    async with way_to(broker) as way, switched_on(way) as simulated:
        await observer.until(lambda heard: len(telemetry(heard, NAME)) >= 3)
        way.deaf = True
        async with asyncio.timeout(5):
            await way.swallowed.wait()
        lost = simulated.outbox.acknowledged
        way.cut()
        heard = await observer.until(lambda heard: len({f["seq"] for f in telemetry(heard, NAME)}) >= lost + 10)
    numbers = {found["seq"] % RUN for found in telemetry(heard, NAME)}
    assert numbers == set(range(len(numbers)))


async def measured(simulated: Simulated, count: int) -> None:
    """Wait until so many messages wait in the outbox; nobody is told, so it is asked at the device's own pace."""
    while len(simulated.outbox) < count:  # noqa: ASYNC110
        await asyncio.sleep(simulated.device.interval)


async def test_a_command_is_answered_at_its_response_topic_with_its_correlation_data(
    broker: Broker, observer: Observer
) -> None:
    async with switched_on(broker):
        await observer.until_status(NAME, b"online")
        observer.command(f"devices/{NAME}/commands/set-interval", b'{"interval": 0.5}', answer_to="devices/x/replies/7")
        heard = await observer.until(lambda heard: any(message.topic == "devices/x/replies/7" for message in heard))
    reply = next(message for message in heard if message.topic == "devices/x/replies/7")
    infos = [json.loads(message.payload)["interval"] for message in heard if message.topic == f"devices/{NAME}/info"]
    assert (reply.payload, reply.correlation) == (b'{"interval":0.5}', b"\x00\x01")
    assert infos == [0.1, 0.5]


async def test_a_retained_command_and_one_that_is_nonsense_do_no_harm(broker: Broker, observer: Observer) -> None:
    observer.command(f"devices/{NAME}/commands/set-interval", b'{"interval": 60}', retain=True)
    async with switched_on(broker) as simulated:
        await observer.until_status(NAME, b"online")
        observer.command(f"devices/{NAME}/commands/nonsense", b"\xff\x00")
        observer.command(f"devices/{NAME}/commands/identify", b"", answer_to="devices/x/replies/8")
        await observer.until(lambda heard: heard[-1].topic == "devices/x/replies/8")
        assert simulated.device.interval == pytest.approx(0.1)
