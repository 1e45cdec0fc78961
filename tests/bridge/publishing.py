"""An independent publisher: paho, which shares no code with the bridge's own MQTT."""

from collections.abc import Iterable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.services import Broker


def publish(broker: Broker, messages: Iterable[tuple[str, str]], qos: int = 1) -> int:
    """Publish and return how many messages the broker has acknowledged: all, or it raises."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        sent = [client.publish(topic, payload, qos) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(10)
        return sum(info.is_published() for info in sent)
    finally:
        client.disconnect()
        client.loop_stop()
