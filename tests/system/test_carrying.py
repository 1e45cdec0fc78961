"""From a device to everyone who looks: the store, the API, the live stream and the broker's own WebSocket."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests import services
from tests.eventually import eventually
from tests.system import stored
from tests.system.command import running
from tests.system.device import Transport, connected, disconnected, running_device

TOPIC = "devices/greenhouse-1/telemetry"
NOON = time.time_ns() // 1_000_000 - 60_000


@asynccontextmanager
async def serving(commands: tuple[str, ...], broker: services.Broker, database_url: str) -> AsyncIterator[str]:
    """The commands together, until they carry; the address of the last one, which serves the API."""
    async with AsyncExitStack() as stack:
        for name in commands:
            command = await stack.enter_async_context(running(name, broker_url=broker.url, database_url=database_url))
            if name != "api":
                await command.says("session.subscribed")
        await eventually(lambda: answers(command.address), within=30)  # the first start after an installation compiles
        yield command.address


async def answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"http://{address}/api/v1/health")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def subscribed(broker: services.Broker, topic: str) -> AsyncIterator["asyncio.Queue[Any]"]:
    """Payloads as a page in a browser gets them from the broker itself, over MQTT over WebSockets."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    payloads: asyncio.Queue[Any] = asyncio.Queue()

    def receive(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        loop.call_soon_threadsafe(payloads.put_nowait, json.loads(message.payload))

    def granted(*_: object) -> None:
        loop.call_soon_threadsafe(ready.set)

    client = connected(broker, "websockets")
    client.on_message = receive
    client.on_subscribe = granted
    try:
        client.subscribe(topic)
        async with asyncio.timeout(5):
            await ready.wait()
        yield payloads
    finally:
        disconnected(client)


async def frame(live: ClientConnection, kind: str) -> dict[str, Any]:
    """The next frame of that type, within a few seconds."""
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = json.loads(await live.recv())
            if found["type"] == kind:
                return found


@pytest.mark.parametrize(
    ("commands", "transport"), [(("bridge", "api"), "tcp"), (("server",), "websockets")], ids=["apart", "together"]
)
async def test_a_reading_reaches_the_store_the_api_the_live_stream_and_a_browsers_mqtt(
    commands: tuple[str, ...], transport: Transport, broker: services.Broker, database_url: str
) -> None:
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(serving(commands, broker, database_url))
        device = await stack.enter_async_context(running_device(broker, transport))
        payloads = await stack.enter_async_context(subscribed(broker, TOPIC))
        sent = [{"at": NOON + n, "temperature": 21.5 + n, "open": n == 1, "state": f"state {n}"} for n in range(2)]

        device.publish(TOPIC, json.dumps(sent[0]))
        assert await asyncio.wait_for(payloads.get(), 5) == sent[0]
        await eventually(lambda: stored.query(database_url, "SELECT FROM readings"))
        live = await stack.enter_async_context(connect(f"ws://{address}/api/v1/live"))
        wish = {"type": "subscribe", "id": "a", "match": ["greenhouse-1/*"], "after": None, "rate": 100}
        await live.send(json.dumps(wish))
        snapshot = {each["metric"]: each for each in (await frame(live, "subscribed"))["series"]}
        assert {name: each["value"] for name, each in snapshot.items()} == {
            "temperature": 21.5,
            "open": 0,
            "state": "state 0",
        }

        device.publish(TOPIC, json.dumps(sent[1]))
        assert await asyncio.wait_for(payloads.get(), 5) == sent[1]
        news = await frame(live, "readings")
        names = {each["series"]: name for name, each in snapshot.items()}
        assert {names[key]: value for key, value in zip(news["series"], news["value"], strict=True)} == {
            "temperature": 22.5,
            "open": 1,
            "state": "state 1",
        }
        assert news["at"] == [NOON + 1] * 3

        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            answer = (await client.get("/api/v1/readings", params={"match": "greenhouse-1/temperature"})).json()
        assert (answer["at"], answer["value"]) == ([NOON, NOON + 1], [21.5, 22.5])
        rows = await stored.query(database_url, "SELECT metric, value, text FROM readings ORDER BY at, metric")
        assert rows == [
            ("open", 0, None),
            ("state", None, "state 0"),
            ("temperature", 21.5, None),
            ("open", 1, None),
            ("state", None, "state 1"),
            ("temperature", 22.5, None),
        ]
