"""Publishes faster than any client library: MQTT 3.1.1 packets written by hand, down one connection."""

import asyncio
from collections.abc import Sequence

from tests.services import Broker

CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05flood"
PUBACK_LENGTH = 4
MOST = 65_535
"""Packet ids; each is used once, so that the acknowledgements are as many."""


async def flood(broker: Broker, messages: Sequence[tuple[str, bytes]], within: float = 30) -> None:
    """Publish at QoS 1 and return when the broker has acknowledged all of them, or fail."""
    assert len(messages) <= MOST
    reader, writer = await asyncio.open_connection(broker.host, broker.port)
    try:
        async with asyncio.timeout(within):
            writer.write(CONNECT)
            assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
            acknowledgements = asyncio.create_task(reader.readexactly(PUBACK_LENGTH * len(messages)))
            for number, (topic, payload) in enumerate(messages, start=1):
                writer.write(_publish(topic.encode(), number, payload))
                if number % 100 == 0:
                    await writer.drain()
            received = await acknowledgements
        assert {received[at] for at in range(0, len(received), PUBACK_LENGTH)} == {0x40}
    finally:
        writer.close()


def _publish(topic: bytes, packet_id: int, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + payload
    return b"\x32" + _length(len(body)) + body


def _length(rest: int) -> bytes:
    """As in MQTT-1.5.5: seven bits a byte, the lowest first."""
    digits = bytearray()
    while True:
        rest, digit = divmod(rest, 128)
        digits.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes(digits)
