"""One MQTT 5 connection: bytes in, messages out, acknowledgements back. The codec is sans-I/O; this is its I/O."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import mqtt5
import numpy as np

from bridge import clock
from bridge.message import Message

PENDING_BYTES = 64 * 2**20
"""Payload bytes that may wait here before the socket is no longer read, however few messages they are."""

TAKEN_BYTES = 2**20
"""Payload bytes that are taken at once, but for a single larger message: decoded they are ten times as much."""

Answer = TypeVar("Answer", bound=mqtt5.Packet)


class Lost(Exception):  # noqa: N818  the thing that happened, as MQTT speaks of it
    """The connection ended; the text says why."""


class TakenOver(Lost):
    """The broker gave the session to another connection with our client id."""


class Connection(asyncio.Protocol):
    """Reads messages into `pending` and stops reading the socket while `window` of them wait.

    The broker promises the same bound (Receive Maximum) and does not always keep it: Mosquitto 2.0.11 sends a whole
    backlog at once and reuses packet ids meanwhile. So acknowledgements go strictly in order of arrival (MQTT-4.6.0-2).
    """

    def __init__(self, window: int, wake: Callable[[], None]) -> None:
        self.pending: deque[Message] = deque()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Ends with `Lost` when the connection does, and stays pending until then."""
        self.last_heard = asyncio.get_running_loop().time()
        self.paused = False
        self._window = window
        self._wake = wake
        self._pending_bytes = 0
        self._rest = b""
        self._received_at = 0
        """Of the last message. No two have the same: a bare value without `at` takes it for its own time."""
        self._answers: dict[type, asyncio.Future[Any]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(Lost(f"connection lost: {exc}" if exc else "connection closed by the broker"))

    def data_received(self, data: bytes) -> None:
        self.last_heard = asyncio.get_running_loop().time()
        received_at = max(clock.now(), self._received_at)
        if self._rest:
            data = self._rest + data
        view = memoryview(data)
        offset = 0
        try:
            while offset < len(data):
                packet, length = mqtt5.read(view[offset:])
                offset += length
                if type(packet) is mqtt5.PublishPacket:
                    received_at += 1
                    self.pending.append(Message(packet.topic, packet.payload, packet.packet_id, received_at))
                    self._pending_bytes += len(packet.payload)
                else:
                    self._control(packet)
        except IndexError:
            pass  # the rest of a packet is still on its way
        except ValueError as error:
            self._end(Lost(f"the broker sent what is not MQTT 5: {error}"))
            self._transport.abort()
            return
        self._rest = data[offset:]
        self._received_at = received_at
        if self.pending:
            self._wake()
            if len(self.pending) >= self._window or self._pending_bytes >= PENDING_BYTES:
                self.paused = True
                self._transport.pause_reading()

    def _control(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.DisconnectPacket):
            taken_over = packet.reason_code is mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            said = packet.reason_str or packet.reason_code.name.lower().replace("_", " ")
            self._end((TakenOver if taken_over else Lost)(f"the broker disconnected: {said}"))
        elif (answer := self._answers.pop(type(packet), None)) and not answer.done():
            answer.set_result(packet)

    def _end(self, why: Lost) -> None:
        waiting: tuple[asyncio.Future[Any], ...] = (self.lost, *self._answers.values())
        for future in waiting:
            if not future.done():
                future.set_exception(why)
                future.exception()  # whoever awaits it gets it; nobody awaiting is no mistake
        self._answers.clear()
        self._wake()

    def take(self, most: int) -> list[Message]:
        """Remove the oldest messages, up to `most` and `TAKEN_BYTES`, and read the socket again once half the room is free."""
        pending = self.pending
        messages = [pending.popleft() for _ in range(min(most, len(pending)))]
        size = sum(len(message.payload) for message in messages)
        while size > TAKEN_BYTES and len(messages) > 1:
            pending.appendleft(messages.pop())
            size -= len(pending[0].payload)
        self._pending_bytes -= size
        if self.paused and len(pending) <= self._window // 2 and not self._transport.is_closing():
            self.paused = False
            self._transport.resume_reading()
        return messages

    def send(self, *packets: mqtt5.Packet) -> None:
        """Write packets in one go; on a connection that has ended they are dropped, as MQTT wants it."""
        if not self._transport.is_closing():
            self._transport.write(b"".join([packet.write() for packet in packets]))

    async def ask(self, packet: mqtt5.Packet, answer: type[Answer]) -> Answer:
        """Send a packet and wait for its answer. Raises `Lost` when the connection ends first."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[answer] = future
        self.send(packet)
        return await future

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Send the PUBACK of each message in one write. Once the connection has ended they mean nothing and are dropped."""
        packet_ids = [message.packet_id for message in messages if message.packet_id is not None]
        if packet_ids and not self._transport.is_closing():
            self._transport.write(_pubacks(packet_ids))

    async def publish(self, messages: Sequence[tuple[str, bytes]], at_once: int) -> None:
        """Send messages at QoS 1, so many before the broker has answered for them. Raises `Lost` when the connection ends."""
        for begin in range(0, len(messages), at_once):
            some = enumerate(messages[begin : begin + at_once], start=1)
            packets = [mqtt5.PublishPacket(*one, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number) for number, one in some]
            self.send(*packets)
            await self.ping()

    async def ping(self) -> None:
        """Wait until the broker has dealt with all that was sent before."""
        await self.ask(mqtt5.PingReqPacket(), mqtt5.PingRespPacket)

    def leave(self) -> None:
        """Say goodbye, so that no last will is due, and end."""
        self.send(mqtt5.DisconnectPacket())
        self.close()

    def abort(self) -> None:
        self._transport.abort()

    def close(self) -> None:
        """Send what is written, then end."""
        self._transport.close()


def _pubacks(packet_ids: Sequence[int]) -> bytes:
    """A PUBACK of four bytes for each: success needs no reason code (MQTT-3.4.2.1). Thousands at once, so not by the codec."""
    packets = np.empty(len(packet_ids), [("header", ">u2"), ("packet_id", ">u2")])
    packets["header"] = 0x4002
    packets["packet_id"] = packet_ids
    return packets.tobytes()
