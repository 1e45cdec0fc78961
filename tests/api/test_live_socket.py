"""One socket of the live stream: several subscriptions, frames of every size, and a reader that falls behind."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection

from bench import memory
from bridge.live.hub import CONNECTIONS
from tests.api.streaming import Served, hear, say
from tests.bridge.watching import BEGINNING

STALLED = 20
WIDE = "x" * 100_000


async def test_subscriptions_of_one_socket_come_and_go_beside_each_other(served: Served) -> None:
    writer = served.live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0))
    async with served.socket() as connection:
        await say(connection, type="subscribe", id="one", match=["a/*"])
        await say(connection, type="subscribe", id="both", match=["a/*", "b/*"])
        told = [await hear(connection), await hear(connection)]
        assert {frame["id"]: len(frame["series"]) for frame in told} == {"one": 1, "both": 2}
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        heard = [await hear(connection), await hear(connection)]
        assert {frame["id"]: frame["value"] for frame in heard} == {"one": [1.0], "both": [1.0]}
        await say(connection, type="unsubscribe", id="both")
        await say(connection, type="unsubscribe", id="both")  # its answer says that the first one was understood
        assert (await hear(connection))["code"] == "unknown"
        await say(connection, type="subscribe", id="b", match=["b/*"])
        assert (await hear(connection))["id"] == "b"
        await writer.write(("a", "x", BEGINNING + 2, 2.0))
        await writer.write(("b", "x", BEGINNING + 2, 3.0))
        heard = [await hear(connection), await hear(connection)]
        assert {frame["id"]: frame["value"] for frame in heard} == {"one": [2.0], "b": [3.0]}


async def test_a_server_whose_database_lets_it_wait_says_at_once_that_it_is_there(served: Served) -> None:
    """So a client can tell it from one that is gone, and need not leave its place among those who wait."""
    await served.live.writer().write(("a", "x", BEGINNING, 0.0))
    sql = await asyncpg.connect(served.live.url)
    async with served.socket() as connection:
        async with sql.transaction():
            await sql.execute("LOCK TABLE series IN ACCESS EXCLUSIVE MODE")
            for number in range(2 * CONNECTIONS):
                await say(connection, type="subscribe", id=str(number), match=["a/*"])
            for _ in range(3):
                await say(connection, type="unsubscribe", id="nobody")
                assert (await hear(connection))["id"] == "nobody"
        told = [await hear(connection) for _ in range(2 * CONNECTIONS)]
        assert {frame["type"] for frame in told} == {"subscribed"}
    await sql.close()


@pytest.mark.parametrize("length", [0, 20, 60, 200, 65_000, 65_500, 70_000])
async def test_a_frame_of_any_length_arrives_whole(served: Served, length: int) -> None:
    """RFC 6455, 5.2: the length takes one, three or nine bytes."""
    writer = served.live.writer()
    await writer.write(("a", "t", BEGINNING, "x"))
    async with served.socket(max_size=None) as connection:
        await say(connection, type="subscribe", id="a", match=["a/*"])
        await hear(connection)
        text = "é" * (length // 2)
        await writer.write(("a", "t", BEGINNING + 1, text))
        assert (await hear(connection))["value"] == [text]
        answered = await connection.ping()
        assert await answered >= 0, "what comes behind the frame is understood"


async def test_frames_are_not_compressed_even_for_who_offers_it(served: Served) -> None:
    async with served.socket(compression="deflate") as connection:
        assert connection.request is not None
        assert connection.response is not None
        assert "permessage-deflate" in connection.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in connection.response.headers


async def test_who_falls_behind_costs_little_and_goes_on_with_the_newest_after_a_gap(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.patience.STALL", 600)
    writer = served.live.writer()
    await writer.write(("a", "t", BEGINNING, "0"))
    async with AsyncExitStack() as stack:
        quick = await stack.enter_async_context(served.socket(max_size=None))
        slow = [await stack.enter_async_context(_narrow(served)) for _ in range(STALLED)]
        for number, connection in enumerate((quick, *slow)):
            await say(connection, type="subscribe", id=str(number), match=["a/*"], rate=100)
            await hear(connection)
        before = memory.resident(os.getpid())
        for n in range(1, 61):  # six megabytes for each
            await writer.write(("a", "t", BEGINNING + n, f"{n} {WIDE}"))
            assert (await hear(quick))["at"] == [BEGINNING + n]
        each = (memory.resident(os.getpid()) - before) / STALLED
        assert each < 1, f"expected less than a megabyte for each that reads nothing, got {each}"

        frames = [await hear(slow[0])]
        while frames[-1]["type"] == "readings":
            frames.append(await hear(slow[0]))
        *read, gap = frames
        assert (gap["type"], gap["reason"], gap["after"]) == ("gap", "slow", read[-1]["cursor"])
        assert [at for frame in read for at in frame["at"]] == [BEGINNING + 1 + n for n in range(len(read))]
        assert len(read) < 40
        snapshot = await hear(slow[0])
        assert (snapshot["type"], snapshot["cursor"]) == ("subscribed", gap["cursor"])
        assert [one["at"] for one in snapshot["series"]] == [BEGINNING + 60]
        await writer.write(("a", "t", BEGINNING + 61, "last"))
        assert (await hear(slow[0]))["value"] == ["last"]


@asynccontextmanager
async def _narrow(served: Served) -> AsyncIterator[ClientConnection]:
    """A client that takes only what it asks for: its system and its library hold next to nothing."""
    end = socket.create_connection(("127.0.0.1", served.port))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    async with served.socket(max_size=None, max_queue=1, ping_interval=None, sock=end) as connection:
        try:
            yield connection
        finally:
            connection.transport.abort()  # a farewell would wait behind all that it has not read
