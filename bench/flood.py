"""The load: publishes prepared QoS 1 messages of three metrics as fast as the broker takes them, from a process of its own.

`python -m bench.flood PORT MESSAGES DEVICES` prints one JSON line when the broker has acknowledged the last one.
"""

import asyncio
import sys
import time

import mqtt5
import msgspec

from devices import payload, topic

CONNECTIONS = 4


def prepare(messages: int, devices: int, connection: int) -> list[bytes]:
    """PUBLISH packets ready to send. Every device counts its own `seq`; times are in the past and never repeat."""
    start = time.time_ns() // 1_000_000 - messages // devices - 60_000
    packets = []
    for index in range(messages):
        seq, number = divmod(index, devices)
        device = f"bench-{connection}-{number}"
        values = {"temperature": 20 + seq % 100 / 10, "humidity": 40 + number % 50 / 10}
        body = payload.encode(values, at=start + seq, seq=seq)
        packet_id = index % 65_535 + 1
        packets.append(
            mqtt5.PublishPacket(topic.telemetry(device), body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()
        )
    return packets


class Publisher(asyncio.Protocol):
    """Keeps the broker's window full until every packet is acknowledged."""

    def __init__(self, name: str, packets: list[bytes]) -> None:
        self.packets = packets
        self.name = name
        self.sent = 0
        self.acknowledged = 0
        self.window = 0
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.write(mqtt5.ConnectPacket(self.name, clean_start=True).write())

    def write(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]  # asyncio hands a Transport over as its base class

    def data_received(self, data: bytes) -> None:
        view = memoryview(self.rest + data)
        offset = 0
        while offset < len(view):
            try:
                packet, length = mqtt5.read(view[offset:])
            except IndexError:
                break
            offset += length
            if type(packet) is mqtt5.PubAckPacket:
                self.acknowledged += 1
            elif type(packet) is mqtt5.ConnAckPacket:
                self.window = packet.receive_max
                self.connected.set_result(None)
        self.rest = bytes(view[offset:])
        if self.acknowledged:
            self.fill()

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.connected, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError("the broker closed the connection"))

    def fill(self) -> None:
        end = min(self.acknowledged + self.window, len(self.packets))
        if self.sent < end and (end - self.sent > self.window // 4 or end == len(self.packets)):
            self.write(b"".join(self.packets[self.sent : end]))
            self.sent = end
        if self.acknowledged == len(self.packets) and not self.done.done():
            self.done.set_result(None)


async def flood(port: int, messages: int, devices: int) -> tuple[int, int]:
    """Publish, and return when it began and ended, in microseconds since the epoch."""
    loop = asyncio.get_running_loop()
    publishers = []
    for number in range(CONNECTIONS):
        packets = prepare(messages // CONNECTIONS, max(devices // CONNECTIONS, 1), number)
        publisher = Publisher(f"bench-flood-{number}", packets)
        await loop.create_connection(lambda publisher=publisher: publisher, "127.0.0.1", port)  # type: ignore[misc]
        publishers.append(publisher)
    await asyncio.gather(*(publisher.connected for publisher in publishers))
    began = time.time_ns() // 1_000
    for publisher in publishers:
        publisher.fill()
    await asyncio.gather(*(publisher.done for publisher in publishers))
    return began, time.time_ns() // 1_000


if __name__ == "__main__":
    began, ended = asyncio.run(flood(*map(int, sys.argv[1:])))
    print(msgspec.json.encode({"began": began, "ended": ended}).decode())
