"""PUBLISH packets by the hundred thousand: encoded once, then sent again with only times and counts written anew."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import mqtt5

from devices import payload, topic

METRICS = ("seq", "temperature", "humidity")
"""What each message holds."""
AT, SEQ = 1_111_111_111_111, 2_222_222
"""What the encoded packets say until they are written anew: as long as every real one, until the year 2286."""
FIRST_SEQ = 1_000_000
"""Of as many digits as `SEQ`."""
LEAST = 5_000
"""Messages of a block at least: more than a broker's window, as a packet id is free again only when it is acknowledged."""
MOST = 65_535
"""Packet ids that MQTT has."""


class Block:
    """Some sweeps over all devices: one message of each device, in turn, with one time and one `seq` a sweep."""

    def __init__(self, devices: Sequence[str]) -> None:
        sweeps = -(-LEAST // len(devices))
        self.messages = sweeps * len(devices)
        if self.messages > MOST:
            raise ValueError(f"expected at most {MOST} devices a connection, got {len(devices)}")
        self._sweeps = []
        lengths: list[int] = []
        for sweep in range(sweeps):
            first = sweep * len(devices) + 1
            packets = [_packet(device, sweep, first + number) for number, device in enumerate(devices)]
            lengths += map(len, packets)
            self._sweeps.append(b"".join(packets))
        self.offsets = list(accumulate(lengths, initial=0))
        """Where each message begins, and where the last one ends: the same in every block."""
        self.answers = b"".join(mqtt5.PubAckPacket(number).write() for number in range(1, self.messages + 1))
        """What a broker says when it has taken them all over: in their order (MQTT-4.6.0-2), so known beforehand."""

    def written(self, start: int) -> Iterator[bytes]:
        """The block again and again, without end; `at` begins at `start` and is a millisecond later in each sweep."""
        seq = 0
        while True:
            sweeps = []
            for packets in self._sweeps:
                sweeps.append(
                    packets.replace(b'"at":%d' % AT, b'"at":%d' % (start + seq)).replace(
                        b'"seq":%d' % SEQ, b'"seq":%d' % (FIRST_SEQ + seq)
                    )
                )
                seq += 1
            yield b"".join(sweeps)


def _packet(device: str, sweep: int, packet_id: int) -> bytes:
    values = {"temperature": 20 + sweep % 100 / 10, "humidity": 40 + packet_id % 50 / 10}
    body = payload.encode(values, at=AT, seq=SEQ)
    return mqtt5.PublishPacket(topic.telemetry(device), body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()
