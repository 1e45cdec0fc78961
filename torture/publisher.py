"""Publishes prepared messages as fast as the broker takes them, and knows when each was acknowledged."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NoReturn, cast

from torture import packets
from torture.script import Message

WINDOW = 500
"""Unacknowledged messages at most: below the 1,000 of mosquitto.conf, beyond which the broker holds QoS 2 back."""
PACKET_IDS = 65_535
RECONNECT = 0.05
"""Seconds between two tries: a broker on this machine is back at once or not yet."""
SLICE = 200
"""Messages in one write: QoS 0 has no window, and the loop has other work."""


class Publisher(asyncio.Protocol):
    """One connection for several devices. What was not acknowledged when it is lost is sent again on the next one."""

    def __init__(self, client_id: str, port: int, qos: int, moved: Callable[[], None]) -> None:
        """`moved` is called whenever more messages are done with."""
        self.client_id = client_id
        self.qos = qos
        self.messages: list[Message] = []
        self.acknowledged_at: list[float] = []
        """Seconds since the epoch, 0 while the broker has not taken the message over. At QoS 0 when it was written."""
        self.done = 0
        """Messages that nothing more is to be done about."""
        self._port = port
        self._moved = moved
        self._next = 0
        self._in_flight: dict[int, int] = {}
        """Packet id to index of the message, oldest first."""
        self._transport: asyncio.Transport | None = None
        self._writable = False
        self._rest = b""
        self._lost = asyncio.Event()
        self._lost.set()

    async def run(self) -> NoReturn:
        """Stay connected until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    await loop.create_connection(lambda: self, "127.0.0.1", self._port)
                    await self._lost.wait()
                except OSError:
                    pass
                await asyncio.sleep(RECONNECT)
        finally:
            if self._transport is not None:
                self._transport.write(packets.DISCONNECT)
                self._transport.close()
            await self._lost.wait()

    def send(self, messages: Sequence[Message]) -> None:
        """Hand over the next messages; they are published in this order."""
        self.messages += messages
        self.acknowledged_at += [0.0] * len(messages)
        self._fill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._rest = b""
        self._lost.clear()
        self._transport.write(packets.connect(self.client_id))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  why does not matter
        self._transport, self._writable = None, False
        self._lost.set()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._fill()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % packets.ANSWER
        now = time.time()
        released = []
        for offset in range(0, whole, packets.ANSWER):
            packet_id = data[offset + 2] << 8 | data[offset + 3]
            match data[offset]:
                case packets.PUBACK | packets.PUBCOMP:
                    self._acknowledge(packet_id, now)
                case packets.PUBREC:
                    released.append(packets.pubrel(packet_id))
                case packets.CONNACK:
                    self._repeat()
        self._rest = data[whole:]
        if released and self._transport:
            self._transport.write(b"".join(released))
        self._fill()
        self._moved()

    def _acknowledge(self, packet_id: int, now: float) -> None:
        index = self._in_flight.pop(packet_id, None)
        if index is not None:
            self.acknowledged_at[index] = now
            self.done += 1

    def _repeat(self) -> None:
        """A clean session has begun: all that is in flight goes out again, at QoS 2 from the start."""
        assert self._transport
        self._writable = True
        repeated = [packets.again(self._packet(index)) for index in self._in_flight.values()]
        self._transport.write(b"".join(repeated))

    def _packet(self, index: int) -> bytes:
        message = self.messages[index]
        return packets.publish(message.topic, message.payload, self.qos, index % PACKET_IDS + 1)

    def _fill(self) -> None:
        while self._transport and self._writable and self._next < len(self.messages):
            room = WINDOW - len(self._in_flight) if self.qos else SLICE
            end = min(self._next + room, len(self.messages))
            if room < WINDOW // 4 and end < len(self.messages):
                return  # few at a time would cost a write each
            if end == self._next:
                return
            indexes = range(self._next, end)
            self._next = end
            if self.qos:
                self._in_flight |= {index % PACKET_IDS + 1: index for index in indexes}
            else:
                self.acknowledged_at[indexes.start : end] = [time.time()] * len(indexes)
                self.done += len(indexes)
            self._transport.write(b"".join([self._packet(index) for index in indexes]))
        if not self.qos:
            self._moved()
