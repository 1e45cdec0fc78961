"""One connection that publishes prepared packets at QoS 1, as fast as the broker takes them over."""

import asyncio
import socket
from typing import cast

import mqtt5

from bench.fault import BenchError
from bench.packets import Block

ANSWER = 4
"""Bytes of a PUBACK that says success (MQTT-3.4.2.1)."""


class Publisher(asyncio.Protocol):
    """Keeps the broker's window full until every packet is acknowledged, and reads every acknowledgement.

    It is there to cost little, as it shares the machine with what it measures: packets are ready before they are due,
    acknowledgements are compared with what they must be instead of being decoded, and the kernel wakes it for a quarter of
    the window at a time.
    """

    def __init__(self, name: str, block: Block, start: int, messages: int | None) -> None:
        """Without a number of `messages` it publishes until `stop`."""
        self.sent = self.acknowledged = 0
        self.window = 0
        """Unacknowledged messages that the broker allows; not known before it has answered."""
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._name = name
        self._block = block
        self._blocks = block.written(start)
        self._next = b""
        self._messages = messages
        self._answered = 0
        """Bytes of acknowledgements."""
        self._greeting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._transport.write(mqtt5.ConnectPacket(self._name, clean_start=True).write())

    def data_received(self, data: bytes) -> None:
        if self.window:
            self._check(data)
            self.fill()
            return
        self._greeting += data
        try:
            packet, _ = mqtt5.read(memoryview(self._greeting))
        except IndexError:
            return
        if not isinstance(packet, mqtt5.ConnAckPacket) or packet.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
            self._fail(f"expected to be let in by the broker, got {packet}")
            return
        self.window = min(packet.receive_max, self._block.messages)
        self.connected.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the broker closed the connection: {exc}" if exc else "the broker closed the connection")

    def fill(self) -> None:
        """Send what the window allows, once that is a quarter of it or all that is left."""
        left = self.window if self._messages is None else self._messages - self.sent
        count = min(self.window - (self.sent - self.acknowledged), left)
        if count >= min(self.window // 4, left):
            self._send(count)
        if self.acknowledged == self._messages and not self.done.done():
            self.done.set_result(None)
        awaited = min(self.sent - self.acknowledged, self.window // 4)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, max(awaited * ANSWER, 1))

    def stop(self) -> None:
        """Send nothing more; `done` comes with the last acknowledgement."""
        self._messages = self.sent
        self.fill()

    def _send(self, count: int) -> None:
        block = self._block
        while count:
            first = self.sent % block.messages
            if first == 0:
                self._next = next(self._blocks)
            last = min(first + count, block.messages)
            self._transport.write(self._next[block.offsets[first] : block.offsets[last]])
            self.sent += last - first
            count -= last - first

    def _check(self, data: bytes) -> None:
        answers = self._block.answers
        while data:
            position = self._answered % len(answers)
            part = data[: len(answers) - position]
            if not answers.startswith(part, position):
                self._fail(_difference(answers[position : position + len(part)], part, position % ANSWER))
                return
            self._answered += len(part)
            data = data[len(part) :]
        self.acknowledged = self._answered // ANSWER

    def _fail(self, why: str) -> None:
        for future in (self.connected, self.done):
            if not future.done():
                future.set_exception(BenchError(f"{self._name}: {why}"))
        self._transport.abort()


def _difference(expected: bytes, got: bytes, offset: int) -> str:
    """Show the first PUBACK that is not what it should be; `offset` bytes of the first one came earlier."""
    wrong = next(index for index, pair in enumerate(zip(expected, got, strict=True)) if pair[0] != pair[1])
    begin = max(wrong - (wrong + offset) % ANSWER, 0)
    shown = slice(begin, begin + ANSWER)
    return f"expected PUBACK {expected[shown].hex(' ')}, got {got[shown].hex(' ')}"
