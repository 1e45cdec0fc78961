"""Publishes faster than any client library: MQTT 3.1.1 packets written by hand, down one connection."""

import asyncio
from collections.abc import Sequence

from tests.services import Broker
from torture import packets

MOST = 65_535
"""Packet ids; each is used once, so that the acknowledgements are as many."""


async def flood(broker: Broker, messages: Sequence[tuple[str, bytes]], within: float = 30) -> None:
    """Publish at QoS 1 and return when the broker has acknowledged all of them, or fail."""
    assert len(messages) <= MOST
    reader, writer = await asyncio.open_connection(broker.host, broker.port)
    try:
        async with asyncio.timeout(within):
            writer.write(packets.connect("flood"))
            assert await reader.readexactly(packets.ANSWER) == bytes([packets.CONNACK, 2, 0, 0])
            acknowledgements = asyncio.create_task(reader.readexactly(packets.ANSWER * len(messages)))
            for number, (topic, payload) in enumerate(messages, start=1):
                writer.write(packets.publish(topic, payload, 1, number))
                if number % 100 == 0:
                    await writer.drain()
            received = await acknowledgements
        assert {received[at] for at in range(0, len(received), packets.ANSWER)} == {packets.PUBACK}
    finally:
        writer.close()
