"""An independent MQTT 5 client, paho, whose news can be waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TIMEOUT = 10
HOUR = 3600


class Talker:
    """One connection; each wait fails after ten seconds."""

    def __init__(self, client: mqtt.Client) -> None:
        self._client = client
        self._subscribed: Queue[int] = Queue()
        self._acknowledged: Queue[int] = Queue()
        self._messages: Queue[tuple[str, bytes]] = Queue()
        client.on_subscribe = lambda *told: self._subscribed.put(told[3][0].value)
        client.on_publish = lambda *told: self._acknowledged.put(told[3].value)
        client.on_message = lambda *told: self._messages.put((told[2].topic, told[2].payload))

    def subscribe(self, topic: str) -> int:
        """The broker's answer: 1 is QoS 1 granted, 128 and more a refusal."""
        self._client.subscribe(topic, qos=1)
        return self._subscribed.get(timeout=TIMEOUT)

    def publish(self, topic: str, payload: str = "1") -> int:
        """The broker's answer: below 128 it has taken the message."""
        self._client.publish(topic, payload, qos=1)
        return self._acknowledged.get(timeout=TIMEOUT)

    def next(self) -> tuple[str, bytes]:
        """The next message: topic and payload."""
        return self._messages.get(timeout=TIMEOUT)


@contextmanager
def connected(port: int, name: str = "", *, user: str | None = None, durable: bool = False) -> Iterator[Talker]:
    """A connection to this machine; a durable one's session waits for it for an hour."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
    client.username_pw_set(user)
    talker = Talker(client)
    expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    expiry.SessionExpiryInterval = HOUR if durable else 0
    client.connect("127.0.0.1", port, clean_start=not durable, properties=expiry)
    client.loop_start()
    try:
        yield talker
    finally:
        client.disconnect()
        client.loop_stop()
