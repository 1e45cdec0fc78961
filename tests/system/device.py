"""A device made of paho, which shares no code with ours: it publishes, and knows what the broker has acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.services import Broker

Transport = Literal["tcp", "websockets"]

DEVICES = 20
"""One connection speaks for several, as a gateway does."""


def connected(broker: Broker, transport: Transport = "tcp", user: tuple[str, str] | None = None) -> mqtt.Client:
    """A client that connects, and again whenever it is cut off, in a thread of its own. Stop that with `disconnected`."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, transport=transport)
    if user:
        client.username_pw_set(*user)
    client.reconnect_delay_set(1, 1)
    client.max_inflight_messages_set(1_000)
    client.ws_set_options("/mqtt")
    client.connect(broker.host, broker.websocket_port if transport == "websockets" else broker.port)
    client.loop_start()
    return client


def disconnected(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


class Device:
    """Publishes numbered messages at QoS 1, each with a time of its own, so that one stored twice would show."""

    def __init__(self, client: mqtt.Client) -> None:
        self._client = client
        self._sent: list[tuple[tuple[str, int], mqtt.MQTTMessageInfo]] = []
        self._first_at = time.time_ns() // 1_000_000 - 3_600_000
        self._loop = asyncio.get_running_loop()
        self._acknowledged = 0
        self._awaited = 0
        self._reached = asyncio.Event()
        client.on_publish = self._published

    def _published(self, *_: object) -> None:
        """In paho's thread, which a wakeup of the test for every message would slow down."""
        self._acknowledged += 1
        if self._acknowledged == self._awaited:
            self._loop.call_soon_threadsafe(self._reached.set)

    @property
    def acknowledged(self) -> list[tuple[str, int]]:
        """Device and sequence number of every message that the broker has taken over."""
        return sorted(message for message, info in self._sent if info.is_published())

    @property
    def sent(self) -> int:
        """How many numbered messages."""
        return len(self._sent)

    def publish(self, topic: str, payload: bytes | str) -> mqtt.MQTTMessageInfo:
        return self._client.publish(topic, payload, qos=1)

    def send(self, count: int) -> None:
        """Hand the next messages to paho."""
        for number in range(len(self._sent), len(self._sent) + count):
            device, seq = f"device-{number % DEVICES}", number // DEVICES
            payload = f'{{"at":{self._first_at + seq},"seq":{seq},"level":{seq / 8}}}'
            self._sent.append(((device, seq), self.publish(f"devices/{device}/telemetry", payload)))

    async def acknowledges(self, count: int, within: float = 60) -> None:
        """Wait until the broker has acknowledged that many messages in all."""
        self._reached.clear()
        self._awaited = count  # before the look: an acknowledgement after it is told
        if self._acknowledged < count:
            async with asyncio.timeout(within):
                await self._reached.wait()


@asynccontextmanager
async def running_device(broker: Broker, transport: Transport = "tcp") -> AsyncIterator[Device]:
    client = connected(broker, transport)
    try:
        yield Device(client)
    finally:
        disconnected(client)


async def waiting(broker: Broker, client_id: str = "fieldline-bridge") -> list[str]:
    """Topics of the messages that the broker still keeps for a session: the bridge's, which must have ended."""
    marker = "devices/marker/telemetry"
    loop = asyncio.get_running_loop()
    found: list[str] = []
    done = asyncio.Event()

    def receive(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == marker:
            loop.call_soon_threadsafe(done.set)
        else:
            found.append(message.topic)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True)
    client.on_message = receive
    client.connect(broker.host, broker.port, clean_start=False)
    client.loop_start()
    try:
        client.publish(marker, "{}", qos=1)  # what waits comes before it
        async with asyncio.timeout(10):
            await done.wait()
    finally:
        disconnected(client)
    return found
