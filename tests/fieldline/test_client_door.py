"""What stands between the client and its server is told from Fieldline, waited out, and given what it asks for."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from fieldline.client import Client, Subscribed, Unreachable
from fieldline.embedded import port
from tests.bridge.watching import BEGINNING, Writer
from tests.fieldline.door import Door, door
from tests.fieldline.serving import serving
from tests.system.secured import certificate

WITHIN = 30.0
SNAPSHOT = '{"type":"subscribed","id":"client","series":[],"cursor":"hog053ancw"}'


class Guarded(NamedTuple):
    address: str
    known: ssl.SSLContext | None


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[Writer]:
    writer = Writer(database_url, None)
    await writer.write(("a", "x", BEGINNING, 0.0))
    yield writer
    await writer.close()


@pytest.fixture
async def entrance(database_url: str, writer: Writer) -> AsyncIterator[Door]:
    """An open door before a server with one reading."""
    [number] = port.free()
    async with serving(database_url, number), door(number) as entrance:
        yield entrance


def client_of(entrance: Door) -> Client:
    return Client(f"http://127.0.0.1:{entrance.port}")


@pytest.fixture(params=["http", "https"])
async def guarded(
    database_url: str, writer: Writer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Guarded]:
    """The same behind a door that asks for a word, with and without TLS."""
    keys = certificate(tmp_path, "door") if request.param == "https" else None
    tls = None
    if keys is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(keys, keys.with_suffix(".key"))
    known = ssl.create_default_context(cafile=keys) if keys is not None else None
    [number] = port.free()
    async with serving(database_url, number), door(number, "Bearer swordfish", tls=tls) as entrance:
        yield Guarded(f"{request.param}://127.0.0.1:{entrance.port}", known)


@pytest.mark.parametrize(
    "page", [b"<h1>Log in</h1>", b"[]", b'{"series":[],"cursor":"\xff"}', b"", b'{"a":' + b"[" * 100_000]
)
async def test_an_answer_that_is_not_ours_is_no_fieldline(page: bytes) -> None:
    async with door(0, "a word that nobody says", page=page) as other, client_of(other) as client:
        with pytest.raises(
            Unreachable, match=f"^expected Fieldline at http://127.0.0.1:{other.port}/.*, got: .* in '"
        ) as e:
            await client.latest()
        assert "\n" not in str(e.value)
        with pytest.raises(Unreachable, match=r"^expected readings of Fieldline in Arrow, got: .* in b'"):
            await client.arrow()


async def test_changes_wait_out_a_login_page(entrance: Door, writer: Writer) -> None:
    async with client_of(entrance) as client, aclosing(client.changes("a/*")) as changes:
        async with asyncio.timeout(WITHIN):
            assert (await anext(changes)).value == [0.0]
            entrance.close()
            following = asyncio.ensure_future(anext(changes))
            await entrance.turned_away.wait()
            entrance.shut = False
            await writer.write(("a", "x", BEGINNING + 1, 1.0))
            assert (await following).value == [1.0]


@pytest.mark.parametrize(
    "frames", [["hello"], [SNAPSHOT, '{"type":"gap"}'], [SNAPSHOT, b'{"type":"gap","after":"\xff"}']]
)
async def test_a_stream_of_something_else_is_no_fieldline(frames: list[str | bytes]) -> None:
    async def speak(connection: ServerConnection) -> None:
        for frame in frames:
            await connection.send(frame)
        await connection.wait_closed()

    async with asyncio.timeout(WITHIN), serve(speak, "127.0.0.1", 0) as server:
        number = server.sockets[0].getsockname()[1]
        async with Client(f"http://127.0.0.1:{number}") as client, aclosing(client.live()) as events:
            for _ in frames[1:]:
                assert isinstance(await anext(events), Subscribed)
            with pytest.raises(
                Unreachable, match=f"^expected the live stream of Fieldline at ws://.*:{number}/.*, got: "
            ):
                await anext(events)


async def test_a_door_that_asks_for_a_header_gets_it_with_questions_and_with_the_stream(guarded: Guarded) -> None:
    word = {"Authorization": "Bearer swordfish"}
    async with asyncio.timeout(WITHIN), Client(guarded.address, headers=word, ssl=guarded.known) as client:
        assert [one.device for one in await client.devices()] == ["a"]
        async with aclosing(client.live()) as events:
            assert isinstance(await anext(events), Subscribed)
    async with asyncio.timeout(WITHIN), Client(guarded.address, ssl=guarded.known) as client:
        with pytest.raises(Unreachable, match="Log in"):
            await client.devices()
        async with aclosing(client.live()) as events:
            with pytest.raises(Unreachable, match="HTTP 200"):
                await anext(events)


async def test_a_server_that_nobody_vouches_for_is_not_spoken_to(guarded: Guarded) -> None:
    if guarded.known is None:
        with pytest.raises(ValueError, match=f"expected https:// with TLS settings, got '{guarded.address}'"):
            Client(guarded.address, ssl=ssl.create_default_context())
        return
    async with asyncio.timeout(WITHIN), Client(guarded.address) as client:
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await client.devices()
        async with aclosing(client.live()) as events:
            with pytest.raises(Unreachable, match="certificate verify failed"):
                await anext(events)


async def test_headers_are_for_one_server_alone() -> None:
    led_on: list[Request] = []

    def lead_on(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = f"ws://localhost:{number}/elsewhere"
        led_on.append(request)
        return response

    async with (
        asyncio.timeout(WITHIN),
        serve(ServerConnection.wait_closed, "127.0.0.1", 0, process_request=lead_on) as server,
    ):
        number = server.sockets[0].getsockname()[1]
        client = Client(f"http://127.0.0.1:{number}", headers={"token": "swordfish"})
        async with client, aclosing(client.live()) as events:
            with pytest.raises(Unreachable, match="HTTP 302"):
                await anext(events)
    assert [(one.path, one.headers["token"]) for one in led_on] == [("/api/v1/live", "swordfish")]
