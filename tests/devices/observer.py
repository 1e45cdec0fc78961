"""An independent MQTT client, on paho: it hears what devices say and sends them commands."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.services import Broker

TIMEOUT = 20.0


class Heard(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool
    correlation: bytes | None


class Observer:
    """Keeps a durable session, so that a restart of the broker hides nothing from it."""

    def __init__(self, broker: Broker, name: str = "observer") -> None:
        self._broker = broker
        self._changed = threading.Condition()
        self._subscribed = False
        self.heard: list[Heard] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe([("devices/#", _qos1()), ("replies/#", _qos1())])
        self._client.on_subscribe = lambda *_: self._note(None)
        self._client.on_message = lambda _client, _userdata, message: self._note(message)

    def __enter__(self) -> Self:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 600
        self._client.connect(self._broker.host, self._broker.port, clean_start=False, properties=properties)
        self._client.loop_start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._subscribed, TIMEOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _note(self, message: paho.MQTTMessage | None) -> None:
        with self._changed:
            if message is None:
                self._subscribed = True
            else:
                correlation = getattr(message.properties, "CorrelationData", None)
                self.heard.append(
                    Heard(message.topic, bytes(message.payload), message.qos, message.retain, correlation)
                )
            self._changed.notify_all()

    async def until(self, condition: Callable[[list[Heard]], bool]) -> list[Heard]:
        """What was heard, as soon as it meets the condition."""

        def wait() -> list[Heard]:
            with self._changed:
                met = self._changed.wait_for(lambda: condition(self.heard), TIMEOUT)
                assert met, f"not heard in {TIMEOUT:.0f} s; heard {self.heard[-5:]}"
                return list(self.heard)

        return await asyncio.to_thread(wait)

    async def until_status(self, device: str, *words: bytes) -> None:
        """Wait until the device has said exactly these, in order."""
        await self.until(lambda heard: [h.payload for h in heard if h.topic == f"devices/{device}/status"] == [*words])

    def command(self, topic: str, payload: bytes, *, answer_to: str | None = None, retain: bool = False) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if answer_to:
            properties.ResponseTopic = answer_to
            properties.CorrelationData = b"\x00\x01"
        self._client.publish(topic, payload, 1, retain, properties).wait_for_publish(TIMEOUT)


def telemetry(heard: list[Heard], device: str) -> list[dict[str, Any]]:
    """The objects of a device's telemetry in the order of their arrival, backlogs taken apart."""
    objects: list[dict[str, Any]] = []
    for message in heard:
        if message.topic == f"devices/{device}/telemetry":
            found = json.loads(message.payload)
            objects += found if isinstance(found, list) else [found]
    return objects


def _qos1() -> SubscribeOptions:
    return SubscribeOptions(qos=1)
