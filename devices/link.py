"""The door to the broker for one device: one connection, from connect to disconnect, on aiomqtt."""

import asyncio
import logging
import math
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import msgspec
from aiomqtt import Client, Message, MqttError, ProtocolVersion, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices import topic
from devices.broker import Broker
from devices.commands import Outcome
from devices.device import Device
from devices.outbox import Outbox

ONLINE, OFFLINE = b"online", b"offline"
FAREWELL = 2.0
"""Seconds that a device which is switched off has to send what it still holds."""

PATIENCE = 10.0
"""Seconds within which the broker has to answer."""


class LinkError(Exception):
    """The connection could not be made, was refused or was lost; the text says which."""


class Link:
    """What one device says over one connection; the next connection needs a new link.

    `obey` takes the name and the payload of a command.
    """

    def __init__(self, device: Device, broker: Broker, outbox: Outbox, obey: Callable[[str, bytes], Outcome]) -> None:
        self._device = device
        self._outbox = outbox
        self._obey = obey
        self._client = Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            identifier=device.name,
            protocol=ProtocolVersion.V5,
            # Nothing is kept in the broker: the outbox is the memory, and a command that is late is better never.
            clean_start=True,
            keepalive=30,
            # Its own timeouts swallow a cancellation that comes together with the answer (asyncio.wait_for before 3.12).
            timeout=math.inf,
            # A line for each of 500 connections when one broker goes says nothing that the error doesn't.
            logger=_silent(),
            will=Will(topic.status(device.name), OFFLINE, qos=1, retain=True),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def run(self, connected: Callable[[], None]) -> None:
        """Say everything, as it comes, until the connection is lost: `LinkError`.

        Cancelled, it sends what is left, says that the device is offline, and disconnects.
        """
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(PATIENCE):
                    await stack.enter_async_context(self._client)
                try:
                    await self._converse(connected)
                except asyncio.CancelledError:
                    await self._take_leave()
                    raise
                finally:
                    self._client.timeout = FAREWELL
        except (MqttError, TimeoutError) as error:
            raise LinkError(str(error) or f"expected an answer within {PATIENCE:.0f} s, got none") from None

    async def _converse(self, connected: Callable[[], None]) -> None:
        """Speak and listen; only the listener learns at once that the connection is lost."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._speak(connected), name=f"{self._device.name} speaks")
                await self._listen()
        except* (MqttError, TimeoutError) as lost:
            raise lost.exceptions[0] from None

    async def _speak(self, connected: Callable[[], None]) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._client.subscribe(topic.commands(self._device.name), qos=1)
        await self._publish_info()
        await self._publish(topic.status(self._device.name), ONLINE, retain=True)
        connected()
        while True:
            await self._send_batch()

    async def _send_batch(self) -> None:
        batch = await self._outbox.batch()
        await self._publish(topic.telemetry(self._device.name), batch.payload)
        self._outbox.acknowledge(batch.last)

    async def _publish(
        self, to: str, document: bytes, *, retain: bool = False, properties: Properties | None = None
    ) -> None:
        """Returns when the broker has acknowledged."""
        async with asyncio.timeout(PATIENCE):
            await self._client.publish(to, document, qos=1, retain=retain, properties=properties)

    async def _publish_info(self) -> None:
        document = msgspec.json.encode(self._device.info())
        await self._publish(topic.info(self._device.name), document, retain=True)

    async def _listen(self) -> None:
        async for message in self._client.messages:
            about = topic.parse(message.topic.value)
            # A retained command is one that was meant for another moment.
            if about is not None and not message.retain and isinstance(message.payload, bytes):
                await self._answer(about.name, message)

    async def _answer(self, command: str, message: Message) -> None:
        outcome = self._obey(command, message.payload)
        if outcome.device != self._device:
            self._device = outcome.device
            await self._publish_info()
        to = getattr(message.properties, "ResponseTopic", None)
        if not to or "+" in to or "#" in to:
            return
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if (correlation := getattr(message.properties, "CorrelationData", None)) is not None:
            properties.CorrelationData = correlation
        await self._publish(to, msgspec.json.encode(outcome.reply), properties=properties)

    async def _take_leave(self) -> None:
        try:
            async with asyncio.timeout(FAREWELL):
                while self._outbox:
                    await self._send_batch()
                await self._publish(topic.status(self._device.name), OFFLINE, retain=True)
        except (TimeoutError, MqttError):
            return  # the will says it then


def _silent() -> logging.Logger:
    logger = logging.getLogger("devices.link")
    logger.disabled = True
    return logger
