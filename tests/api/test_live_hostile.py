"""What is no decent client of the live stream gets the close code or error frame that is documented, and costs no memory."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode

from api.app import create_app
from api.server import LARGEST_FRAME, serve
from api.websocket import MOST_FRAGMENTS
from tests.bridge.watching import TIMEOUT, running
from tests.services import Broker
from tests.system import command

TEXT, BINARY, CLOSE, PING, FIN = 1, 2, 8, 9, 0x80
SPARE = 48 * 2**20
"""Bytes that a server may grow by under attack: less than what an attacker says in a second."""


@pytest.fixture
async def port(database_url: str) -> AsyncIterator[int]:
    async with running(database_url, "announced") as live, asyncio.TaskGroup() as tasks:
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        app = create_app(database_url, hub=live.hub, origins=["Field.example"])
        serving = tasks.create_task(serve(app, "127.0.0.1", 0, on_started=started.set_result))
        yield await started
        serving.cancel()


def frame(
    payload: bytes, opcode: int = TEXT, *, fin: bool = True, masked: bool = True, length: int | None = None
) -> bytes:
    """A frame as it goes over the wire; the mask is zero, so the payload can be read. `length` may lie."""
    size = len(payload) if length is None else length
    mask = FIN if masked else 0
    head = bytes([opcode | FIN * fin])
    if size < 126:
        head += bytes([mask | size])
    elif size < 2**16:
        head += bytes([mask | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", size)
    return head + bytes(4 * masked) + payload


class Wire(NamedTuple):
    """A TCP connection on which a WebSocket was opened, without a library that minds what is said on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        async with asyncio.timeout(TIMEOUT):
            head, size = await self.reader.readexactly(2)
            if size == 126:
                [size] = struct.unpack("!H", await self.reader.readexactly(2))
            return head & 0x0F, await self.reader.readexactly(size)

    async def error(self) -> tuple[str, str]:
        """Code and message of the next frame, which is an error."""
        opcode, payload = await self.frame()
        assert opcode == TEXT, (opcode, payload)
        said = json.loads(payload)
        assert said["type"] == "error", said
        return said["code"], said["message"]

    async def closed(self) -> int:
        """The code with which it is closed, whatever is said before; and after it the server is gone."""
        opcode = None
        while opcode != CLOSE:
            opcode, payload = await self.frame()
        self.say(frame(payload[:2], CLOSE))
        async with asyncio.timeout(TIMEOUT):
            while await self.reader.read(2**16):
                pass
        [code] = struct.unpack("!H", payload[:2])
        return int(code)


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        async with asyncio.timeout(TIMEOUT):
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param(frame(b"{}", masked=False), CloseCode.PROTOCOL_ERROR, id="unmasked"),
        pytest.param(frame(b"{}", opcode=3), CloseCode.PROTOCOL_ERROR, id="reserved opcode"),
        pytest.param(frame(b"{}", opcode=TEXT | 0x40), CloseCode.PROTOCOL_ERROR, id="reserved bit"),
        pytest.param(frame(b"{}", opcode=0), CloseCode.PROTOCOL_ERROR, id="continues nothing"),
        pytest.param(frame(b"{", fin=False) + frame(b"{}"), CloseCode.PROTOCOL_ERROR, id="message inside a message"),
        pytest.param(frame(b"x" * 126, PING), CloseCode.PROTOCOL_ERROR, id="ping too long"),
        pytest.param(frame(b"", PING, fin=False), CloseCode.PROTOCOL_ERROR, id="ping in pieces"),
        pytest.param(frame(b"\x03", CLOSE), CloseCode.PROTOCOL_ERROR, id="half a close code"),
        pytest.param(frame(b"\x03\xed", CLOSE), CloseCode.PROTOCOL_ERROR, id="close code 1005"),
        pytest.param(frame(b"\xff\xfe"), CloseCode.INVALID_DATA, id="not UTF-8"),
        pytest.param(frame(b"", length=LARGEST_FRAME + 1), CloseCode.MESSAGE_TOO_BIG, id="announces too much"),
        pytest.param(frame(b"", length=2**63 - 1), CloseCode.MESSAGE_TOO_BIG, id="announces an exabyte"),
        pytest.param(frame(b"[" * 2**20), CloseCode.MESSAGE_TOO_BIG, id="a megabyte of brackets"),
        pytest.param(
            frame(b"[" * 40_000, fin=False) + frame(b"[" * 40_000, opcode=0),
            CloseCode.MESSAGE_TOO_BIG,
            id="too much in pieces",
        ),
        pytest.param(
            frame(b"", fin=False) + frame(b"", opcode=0, fin=False) * (MOST_FRAGMENTS + 1),
            CloseCode.MESSAGE_TOO_BIG,
            id="nothing in too many pieces",
        ),
    ],
)
async def test_what_breaks_the_protocol_is_closed_with_its_code(port: int, said: bytes, code: CloseCode) -> None:
    async with wire(port) as connection:
        connection.say(said)
        assert await connection.closed() == code


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        pytest.param("", "message", "truncated", id="empty"),
        pytest.param("[" * 60_000, "message", "Expected `object`, got `array`", id="brackets"),
        pytest.param('{"a":' * 12_000, "message", "recursion", id="deep"),
        pytest.param(
            '{"type":"subscribe","id":"a","match":' + "[" * 30_000, "message", "Expected `str`", id="deep match"
        ),
        pytest.param('{"type":"subscribe","id":"a","match":["*"],"rate":1e999}', "message", "out of range", id="huge"),
        pytest.param('{"type":"subscribe","id":"a","match":["*"],"rate":NaN}', "message", "malformed", id="no number"),
        pytest.param('{"type":"subscribe","id":"\\ud800","match":["*"]}', "message", "surrogate", id="surrogate"),
        pytest.param('{"type":"subscribe","id":"a","match":["a/\\u0000"]}', "match", "without NUL", id="NUL"),
        pytest.param(
            json.dumps({"type": "subscribe", "id": "a", "match": [f"d/{n}" for n in range(5_000)]}),
            "match",
            "expected at most 100 patterns, got 5000",
            id="thousands of matches",
        ),
        pytest.param(
            json.dumps({"type": "subscribe", "id": "a", "match": ["*/" + "*x" * 1_000]}),
            "match",
            "at most 1021 characters, got 2002",
            id="long match",
        ),
    ],
)
async def test_what_is_no_wish_is_answered_with_an_error_and_the_connection_goes_on(
    port: int, text: str, code: str, says: str
) -> None:
    async with wire(port) as connection:
        connection.say(frame(text.encode()))
        found, message = await connection.error()
        assert (found, says in message) == (code, True), message
        connection.say(frame(b"x", PING))
        assert await connection.frame() == (10, b"x")


@pytest.mark.parametrize(
    "said",
    [frame(b"\0" * 100, BINARY), frame(b'{"type":"subscribe","id":"a","match":["*"]}'), frame(b"{")],
    ids=["binary", "subscribe", "no JSON"],
)
async def test_a_flood_of_whatever_is_closed(port: int, said: bytes) -> None:
    async with wire(port) as connection:
        connection.say(said * 1_000)
        assert await connection.closed() == CloseCode.POLICY_VIOLATION


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://127.0.0.1", False),  # another port is another page
        ("http://127.0.0.1:{port}", True),
        ("https://field.example", True),
        ("https://FIELD.example:8443", True),
        ("https://field.example.evil.example", False),
        ("https://evil.example/field.example", False),
        ("https://evilfield.example", False),
        ("null", False),
        ("", False),
    ],
)
async def test_the_upgrade_is_refused_to_pages_of_others(port: int, origin: str, *, welcome: bool) -> None:
    headers = {"Origin": origin.format(port=port)}
    opening = connect(f"ws://127.0.0.1:{port}/api/v1/live", additional_headers=headers)
    if welcome:
        async with opening as connection:
            await connection.ping()
    else:
        with pytest.raises(InvalidStatus) as refused:
            await opening
        assert refused.value.response.status_code == HTTPStatus.FORBIDDEN


async def test_what_is_never_read_costs_no_memory(broker: Broker, database_url: str) -> None:
    """A client sends pings, and one long message in empty pieces, as fast as it can, and reads nothing."""
    async with command.running("server", broker_url=broker.url, database_url=database_url) as server:
        await server.says("session.subscribed")
        number = int(server.address.rpartition(":")[2])
        before = server.peak_memory()
        for block in (frame(b"x" * 125, PING) * 8_000, frame(b"", opcode=0, fin=False) * 170_000):
            async with wire(number) as connection:
                connection.say(frame(b"", fin=False))
                await flood(connection, block)
        grown = server.peak_memory() - before
    assert grown < SPARE, f"{grown >> 20} MiB more"


async def flood(connection: Wire, block: bytes) -> None:
    """Say up to 100 MB, until the server takes no more: it has closed, or has stopped to read."""
    for _ in range(100 * 2**20 // len(block)):
        try:
            async with asyncio.timeout(2):
                connection.say(block)
                await connection.writer.drain()
        except (TimeoutError, OSError):
            return
