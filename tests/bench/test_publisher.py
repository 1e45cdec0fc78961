"""The load keeps to the broker's window and believes no acknowledgement that is not due."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import mqtt5
import pytest

from bench.fault import BenchError
from bench.packets import Block
from bench.publisher import Publisher

WINDOW = 8
Answer = Callable[[int], mqtt5.Packet]


class Observer(asyncio.Protocol):
    """A broker that lets a client in, acknowledges only when nothing more comes, and counts what it holds until then."""

    def __init__(self, answer: Answer) -> None:
        self.most = self.received = 0
        self._answer = answer
        self._rest = b""
        self._unanswered: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        view = memoryview(self._rest + data)
        while view:
            try:
                packet, length = mqtt5.read(view)
            except IndexError:
                break
            view = view[length:]
            if isinstance(packet, mqtt5.PublishPacket):
                assert packet.packet_id is not None
                self.received += 1
                self._unanswered.append(packet.packet_id)
                self.most = max(self.most, len(self._unanswered))
                asyncio.get_running_loop().call_soon(self._acknowledge)
            else:
                self.transport.write(mqtt5.ConnAckPacket(receive_max=WINDOW).write())
        self._rest = bytes(view)

    def _acknowledge(self) -> None:
        self.transport.write(b"".join([self._answer(number).write() for number in self._unanswered]))
        self._unanswered.clear()


@asynccontextmanager
async def publishing(answer: Answer, messages: int) -> AsyncIterator[tuple[Observer, Publisher]]:
    loop = asyncio.get_running_loop()
    observer, publisher = Observer(answer), Publisher("load", Block(["a", "b", "c"]), 1_760_000_000_000, messages)
    async with await loop.create_server(lambda: observer, "127.0.0.1") as server:
        transport, _ = await loop.create_connection(lambda: publisher, *server.sockets[0].getsockname())
        try:
            async with asyncio.timeout(30):
                await publisher.connected
                publisher.fill()
                yield observer, publisher
        finally:
            transport.abort()
            observer.transport.abort()


async def test_it_fills_the_window_and_never_more() -> None:
    messages = 6_001  # more than a block: packet ids come again
    async with publishing(mqtt5.PubAckPacket, messages) as (observer, publisher):
        await publisher.done
        assert (observer.received, publisher.acknowledged) == (messages, messages)
        assert observer.most == WINDOW


@pytest.mark.parametrize(
    ("answer", "expected", "got"),
    [
        (lambda number: mqtt5.PubAckPacket(number + (number == 5)), "40 02 00 05", "40 02 00 06"),
        (
            lambda number: mqtt5.PubAckPacket(number, reason_code=mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS),
            "40 02 00 01",
            "40 03 00 01",
        ),
    ],
    ids=["out of order", "nobody subscribed"],
)
async def test_a_wrong_acknowledgement_ends_it_and_says_what_was_expected(
    answer: Answer, expected: str, got: str
) -> None:
    async with publishing(answer, 100) as (_, publisher):
        with pytest.raises(BenchError, match=f"expected PUBACK {expected}, got {got}"):
            await publisher.done


async def test_a_lost_connection_ends_it() -> None:
    async with publishing(mqtt5.PubAckPacket, 1_000_000) as (observer, publisher):
        observer.transport.abort()
        with pytest.raises(BenchError, match="the broker closed the connection"):
            await publisher.done
