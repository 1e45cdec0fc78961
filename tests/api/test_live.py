"""The live stream as the outside sees it: over a WebSocket and as server-sent events, from a real server."""

import asyncio
import json
import socket
import statistics
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bridge.live import cursor
from tests.api.field import ELSEWHERE
from tests.api.streaming import Served, closed, hear, say
from tests.bridge.watching import BEGINNING, TIMEOUT, rows


async def test_a_socket_brings_the_snapshot_and_then_what_is_stored(served: Served) -> None:
    writer = served.live.writer()
    await writer.write(("greenhouse-1", "temperature", BEGINNING, 21.4))
    async with served.socket() as connection:
        await say(connection, type="subscribe", id="a", match=["greenhouse-1/*"], after=None, rate=10)
        subscribed = await hear(connection)
        number = subscribed["series"][0]["series"]
        assert subscribed == {
            "type": "subscribed",
            "id": "a",
            "cursor": subscribed["cursor"],
            "series": [
                {
                    "series": number,
                    "device": "greenhouse-1",
                    "metric": "temperature",
                    "unit": None,
                    "kind": "number",
                    "at": BEGINNING,
                    "value": 21.4,
                }
            ],
        }
        await writer.write(("greenhouse-1", "temperature", BEGINNING + 1, 21.5))
        readings = await hear(connection)
        assert readings == {
            "type": "readings",
            "id": "a",
            "cursor": readings["cursor"],
            "series": [number],
            "at": [BEGINNING + 1],
            "value": [21.5],
        }


async def test_a_socket_that_comes_back_gets_what_it_missed(served: Served) -> None:
    writer = served.live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    async with served.socket() as connection:
        await say(connection, type="subscribe", id="a", match=["a/*"])
        place = (await hear(connection))["cursor"]
    for n in range(1, 4):
        await writer.write(("a", "x", BEGINNING + n, float(n)))
    async with served.socket() as connection:
        await say(connection, type="subscribe", id="a", match=["a/*"], after=place)
        assert (await hear(connection))["cursor"] == place
        assert [value for _, _, value in rows(await hear(connection))] == [1.0, 2.0, 3.0]
        await writer.write(("a", "x", BEGINNING + 4, 4.0))
        assert (await hear(connection))["value"] == [4.0]


@pytest.mark.parametrize(
    ("text", "identifier", "code", "said"),
    [
        ("{", None, "message", "truncated"),
        ("[]", None, "message", "Expected `object`"),
        ('{"type":"subscribe","id":"a","macth":["*"]}', "a", "message", "unknown field `macth`"),
        ('{"type":"subscribe","id":"","match":["*"]}', "", "message", "length >= 1"),
        ('{"type":"subscribe","id":"a","match":["*"],"rate":0}', "a", "message", ">= 0.1"),
        ('{"type":"subscribe","id":"a","match":["greenhouse"]}', "a", "match", "expected device/metric"),
        ('{"type":"subscribe","id":"a","match":["*"],"after":"Not a cursor"}', "a", "cursor", "got 'Not a cursor'"),
        ('{"type":"unsubscribe","id":"b"}', "b", "unknown", "got 'b'"),
        ('{"type":"delete","id":"b"}', "b", "message", "Invalid value 'delete'"),
        (b"\x00", None, "message", "text frame"),
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_with_an_error_and_the_socket_goes_on(
    served: Served, text: str | bytes, identifier: str | None, code: str, said: str
) -> None:
    async with served.socket() as connection:
        await connection.send(text)
        error = await hear(connection)
        assert (error["type"], error["id"], error["code"]) == ("error", identifier, code)
        assert said in error["message"]
        await say(connection, type="subscribe", id="a", match=["*"])
        assert (await hear(connection))["type"] == "subscribed"


async def test_too_many_subscriptions_are_refused_one_by_one(served: Served) -> None:
    async with served.socket() as connection:
        for n in range(65):
            await say(connection, type="subscribe", id=str(n), match=["*"])
        frames = [await hear(connection) for _ in range(65)]
        assert [frame["id"] for frame in frames if frame["type"] == "error" and frame["code"] == "limit"] == ["64"]


async def test_a_flood_of_messages_ends_the_connection(served: Served) -> None:
    async with served.socket() as connection:
        with suppress(ConnectionClosed):  # it may find out while it still speaks
            for n in range(400):
                await say(connection, type="subscribe", id=str(n % 3), match=["*"])
        assert await closed(connection) == (1008, "expected at most 20 messages a second")


async def test_a_message_that_is_too_large_ends_the_connection(served: Served) -> None:
    async with served.socket() as connection:
        await connection.send("x" * 70_000)
        assert (await closed(connection))[0] == 1009


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [(None, True), ("http://127.0.0.1:{port}", True), ("http://elsewhere", False), ("null", False)],
)
async def test_only_pages_of_this_host_may_watch(served: Served, origin: str | None, *, welcome: bool) -> None:
    origin = origin and origin.format(port=served.port)
    async with httpx.AsyncClient() as client:
        if welcome:
            async with served.socket(origin=origin) as connection:
                await say(connection, type="subscribe", id="a", match=["*"])
                assert (await hear(connection))["type"] == "subscribed"
            headers = {"origin": origin} if origin else {}
            async with client.stream("GET", served.events, headers=headers) as response:
                assert response.status_code == 200
        else:
            with pytest.raises(InvalidStatus) as refused:
                async with served.socket(origin=origin):
                    pass
            assert refused.value.response.status_code == 403
            response = await client.get(served.events, headers={"origin": origin or ""})
            assert response.status_code == 403
            assert response.headers["content-type"] == "application/problem+json"


async def test_a_client_that_reads_nothing_is_closed_and_no_other_is_slowed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.patience.STALL", 0.5)
    writer = served.live.writer()
    wide = "x" * 100_000
    await writer.write(("a", "t", BEGINNING, wide))
    stuck = socket.create_connection(("127.0.0.1", served.port))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    loop = asyncio.get_running_loop()
    async with (
        served.socket(max_size=None) as quick,
        served.socket(max_size=None, sock=stuck, max_queue=1, ping_interval=None) as slow,
    ):
        for connection in (quick, slow):
            await say(connection, type="subscribe", id="a", match=["a/*"], rate=100)
            await hear(connection)
        begun = loop.time()
        waits: list[float] = []
        while len(waits) < 100 or loop.time() < begun + 2:
            n = len(waits) + 1
            written = loop.time()
            await writer.write(("a", "t", BEGINNING + n, f"{n} {wide}"))
            assert (await hear(quick))["at"] == [BEGINNING + n]
            waits.append(loop.time() - written)
        assert statistics.median(waits) < 0.5, "the other waits as long as the one that reads nothing"
        assert await closed(slow) == (1013, "nothing was read for 0.5 s")


async def _event(lines: AsyncIterator[str]) -> dict[str, str]:
    """The next event's fields."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(TIMEOUT):
        async for line in lines:
            if not line and fields:
                return fields
            if not line or line.startswith(":"):
                continue
            name, _, value = line.partition(": ")
            fields[name] = value
    raise AssertionError("expected an event, got the end of the stream")


async def test_events_bring_the_same_and_resume_by_the_last_event_id(served: Served) -> None:
    writer = served.live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0))
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        async with client.stream("GET", served.events, params={"match": "a/*"}, headers=ELSEWHERE) as response:
            assert "gzip" in response.request.headers["accept-encoding"]
            assert "content-encoding" not in response.headers, "compression would hold events back"
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.aiter_lines()
            event = await _event(lines)
            frame = json.loads(event["data"])
            assert event["event"] == frame["type"] == "subscribed"
            assert event["id"] == frame["cursor"]
            assert [one["device"] for one in frame["series"]] == ["a"]
            await writer.write(("a", "x", BEGINNING + 1, 1.0))
            event = await _event(lines)
            assert json.loads(event["data"])["value"] == [1.0]
        await writer.write(("a", "x", BEGINNING + 2, 2.0))
        headers = {"last-event-id": event["id"]}
        async with client.stream("GET", served.events, params={"match": "a/*"}, headers=headers) as response:
            lines = response.aiter_lines()
            assert (await _event(lines))["id"] == event["id"]
            assert json.loads((await _event(lines))["data"])["value"] == [2.0]


async def test_a_gap_is_an_event_behind_which_the_stream_goes_on_and_resumes(served: Served) -> None:
    writer = served.live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        headers = {"last-event-id": "1"}  # of another database
        async with client.stream("GET", served.events, params={"match": "a/*"}, headers=headers) as response:
            lines = response.aiter_lines()
            gap, subscribed = [await _event(lines), await _event(lines)]
            frame = json.loads(gap["data"])
            assert gap["event"] == frame["type"] == "gap"
            assert (frame["after"], frame["reason"]) == ("1", "retention")
            assert gap["id"] == frame["cursor"] == subscribed["id"]
            assert (subscribed["event"], json.loads(subscribed["data"])["series"][0]["value"]) == ("subscribed", 0.0)
            await writer.write(("a", "x", BEGINNING + 1, 1.0))
            assert json.loads((await _event(lines))["data"])["value"] == [1.0]
        headers = {"last-event-id": gap["id"]}
        async with client.stream("GET", served.events, params={"match": "a/*"}, headers=headers) as response:
            lines = response.aiter_lines()
            assert (await _event(lines))["event"] == "subscribed"
            assert json.loads((await _event(lines))["data"])["value"] == [1.0]


async def test_the_id_of_a_quiet_event_stream_moves_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.live.channel.QUIET", 0.0)
    writer = served.live.writer()
    async with (
        httpx.AsyncClient(timeout=TIMEOUT) as client,
        client.stream("GET", served.events, params={"match": "a/*"}) as response,
    ):
        lines = response.aiter_lines()
        await _event(lines)
        last = await writer.write(("b", "x", BEGINNING, 0.0))
        event = await _event(lines)
        assert (event["event"], event["id"]) == ("readings", cursor.encode(last.committed_at))
        assert json.loads(event["data"])["series"] == []


async def test_a_quiet_event_stream_shows_that_it_is_there(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.events.HEARTBEAT", 0.05)
    async with (
        httpx.AsyncClient(timeout=TIMEOUT) as client,
        client.stream("GET", served.events, params={"match": "a/*"}) as response,
    ):
        lines = response.aiter_lines()
        await _event(lines)
        assert [line async for line in _first(lines, 4)] == [":", "", ":", ""]


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(lines)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"match": "greenhouse"}, "match: expected device/metric, where * matches anything, got 'greenhouse'"),
        ({"after": "?"}, "cursor: expected a cursor as the server sent it, got '?'"),
        ({"rate": "0"}, "rate: expected greater than or equal to 0.1, got '0'"),
    ],
)
async def test_events_that_can_not_be_had_are_a_problem(served: Served, parameters: dict[str, str], said: str) -> None:
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        response = await client.get(served.events, params=parameters)
    assert response.status_code == 422
    assert response.json()["detail"] == said


async def test_a_client_that_leaves_an_event_stream_leaves_the_hub(served: Served) -> None:
    async with (
        httpx.AsyncClient(timeout=TIMEOUT) as client,
        client.stream("GET", served.events) as response,
    ):
        await _event(response.aiter_lines())
    async with asyncio.timeout(TIMEOUT):
        while not served.live.hub.idle:
            await served.live.writer().write(("a", "x", BEGINNING, 0.0))
