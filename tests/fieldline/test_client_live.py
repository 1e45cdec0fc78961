"""What the client follows goes on over a restart of the server: each reading once, in the order of its commit."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from websockets.asyncio.server import ServerConnection, serve

from fieldline.client import Client, Gap, Problem, Readings, Refused, Subscribed, Unreachable
from fieldline.client.backoff import FIRST, Backoff
from fieldline.client.events import decode
from fieldline.client.live import Door, follow
from fieldline.embedded import port
from tests.bridge.watching import BEGINNING, Writer
from tests.fieldline.serving import killed, serving

WITHIN = 30.0


class Place:
    """A server at an address that stays, and one who writes to its database all the while."""

    def __init__(self, database_url: str) -> None:
        [self.port] = port.free()
        self._url = database_url
        self._written = 0
        self.writer = Writer(database_url, None)

    def client(self) -> Client:
        """A client that outlives the server it began with."""
        return Client(f"http://127.0.0.1:{self.port}")

    def serving(self) -> AbstractAsyncContextManager[Client]:
        return serving(self._url, self.port)

    def killed(self) -> AbstractAsyncContextManager[Client]:
        return killed(self._url, self.port)

    async def write(self, count: int) -> None:
        for _ in range(count):
            await self.writer.write(("a", "x", BEGINNING + self._written, float(self._written)))
            self._written += 1


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    place = Place(database_url)
    await place.write(1)
    yield place
    await place.writer.close()


async def taken(events: AsyncGenerator[Any], until: float) -> list[float]:
    """The values that come, up to this one."""
    values: list[float] = []
    async with asyncio.timeout(WITHIN):
        while not values or values[-1] != until:
            event = await anext(events)
            assert not isinstance(event, Gap), event
            if isinstance(event, Readings):
                assert {event.names[number].metric for number in event.series} == {"x"}
                values += [value for value in event.value if isinstance(value, float)]
    return values


@pytest.mark.timeout(180)  # a process is started twice
@pytest.mark.parametrize("how", ["stopped", "killed"])
async def test_live_goes_on_where_a_restart_of_the_server_cut_it_off(place: Place, how: str) -> None:
    server = place.killed if how == "killed" else place.serving
    async with AsyncExitStack() as stack:
        first = AsyncExitStack()
        await first.enter_async_context(server())
        client = await stack.enter_async_context(place.client())
        events = await stack.enter_async_context(aclosing(client.live("a/*")))
        started = await anext(events)
        assert isinstance(started, Subscribed)
        assert [one.value for one in started.series] == [0.0]
        await place.write(5)
        assert await taken(events, until=5.0) == [1.0, 2.0, 3.0, 4.0, 5.0]
        await first.aclose()
        await place.write(5)
        await stack.enter_async_context(server())
        await place.write(5)
        assert await taken(events, until=15.0) == [float(n) for n in range(6, 16)]


async def test_live_resumes_from_a_cursor_that_was_kept(place: Place) -> None:
    async with place.serving() as client:
        kept = (await client.latest("a/*")).cursor
        await place.write(3)
        async with aclosing(client.live("a/*", after=kept)) as events:
            assert await taken(events, until=3.0) == [1.0, 2.0, 3.0]


async def test_readings_have_the_unit_that_a_series_has_by_then(place: Place) -> None:
    async with place.serving() as client, aclosing(client.live("a/*")) as events, asyncio.timeout(WITHIN):
        await anext(events)
        await place.writer.inform("a", x="K")
        told = await anext(events)
        assert isinstance(told, Subscribed)
        assert [(one.unit, one.at, one.value) for one in told.series] == [("K", None, None)]
        await place.write(1)
        readings = await anext(events)
        assert isinstance(readings, Readings)
        assert [name.unit for name in readings.names.values()] == ["K"]


async def test_live_tells_the_newest_cursor_while_what_is_matched_is_quiet(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.live.channel.QUIET", 0.0)
    async with place.serving() as client, asyncio.timeout(WITHIN):
        async with aclosing(client.live("nobody/*")) as events:
            await anext(events)
            await place.write(1)
            told = await anext(events)
        assert isinstance(told, Readings)
        assert (len(told), told.cursor) == (0, (await client.latest()).cursor)


async def test_what_can_not_be_brought_is_a_gap(place: Place) -> None:
    async with place.serving() as client, aclosing(client.live("a/*", after="1")) as events:
        gap = await anext(events)
        assert isinstance(gap, Gap)
        assert (gap.after, gap.reason) == ("1", "retention")
        assert isinstance(await anext(events), Subscribed)
        await place.write(1)
        assert await taken(events, until=1.0) == [1.0]


async def test_what_a_gap_of_too_much_left_out_is_in_changes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.live.subscription.MOST_RESUMED", 2)
    async with place.serving() as client, asyncio.timeout(WITHIN):
        kept = (await client.latest("a/*")).cursor
        await place.write(5)
        async with aclosing(client.live("a/*", after=kept)) as events:
            gap = await anext(events)
        assert isinstance(gap, Gap)
        assert (gap.after, gap.reason) == (kept, "limit")
        async with aclosing(client.changes("a/*", after=gap.after)) as changes:
            missed = await anext(changes)
        assert (missed.value, missed.next) == ([1.0, 2.0, 3.0, 4.0, 5.0], gap.cursor)


async def test_live_gets_past_more_text_than_a_frame_may_hold(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldline.client.live.LARGEST_FRAME", 2_000_000)
    async with place.serving() as client, asyncio.timeout(WITHIN):
        kept = (await client.latest("a/*")).cursor
        for n in range(30):
            await place.writer.write(("a", "said", BEGINNING + n, f"{n} {'x' * 100_000}"))
        told: list[str] = []
        async with aclosing(client.live("a/*", after=kept)) as events:
            while len(told) < 30:
                event = await anext(events)
                told += [str(value).split()[0] for value in event.value] if isinstance(event, Readings) else []
    assert told == [str(n) for n in range(30)]


async def test_pauses_grow_while_connections_end_before_they_bring_more_than_the_names_of_the_series() -> None:
    """The first three connections do."""
    waits: list[float] = []
    places = count()

    class Watched(Backoff):
        async def wait(self) -> None:
            waits.append(self._next)
            await super().wait()

    async def answer(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"subscribed","id":"client","cursor":"1","series":[]}')
        if next(places) >= 3:
            await connection.send('{"type":"readings","id":"client","cursor":"2","series":[],"at":[],"value":[]}')

    async with serve(answer, "127.0.0.1", 0) as server, asyncio.timeout(WITHIN):
        [address] = [socket.getsockname() for socket in server.sockets]
        door = Door(f"ws://127.0.0.1:{address[1]}", {}, None)
        with patch("fieldline.client.live.Backoff", Watched):
            async with aclosing(follow(door, [], None, None)) as events:
                kinds = [type(await anext(events)) for _ in range(6)]
    assert kinds == [Subscribed] * 4 + [Readings, Subscribed]
    assert waits == [FIRST, 2 * FIRST, 4 * FIRST, FIRST]


async def test_what_retention_left_of_a_gap_is_in_readings_alone(place: Place) -> None:
    async with place.serving() as client, asyncio.timeout(WITHIN):
        async with aclosing(client.live("a/*", after="1")) as events:
            gap = await anext(events)
        assert isinstance(gap, Gap)
        assert gap.reason == "retention"
        async with aclosing(client.changes("a/*", after=gap.after)) as changes:
            with pytest.raises(Problem, match="410: "):
                await anext(changes)
        assert (await client.readings("a/*")).value == [0.0]


async def test_a_wish_that_makes_no_sense_is_refused_and_not_tried_again(place: Place) -> None:
    async with place.serving() as client:
        for wish, code in (({"after": "?"}, "cursor"), ({"rate": 0.09}, "message")):
            async with aclosing(client.live("a/*", **wish)) as events:
                with pytest.raises(Refused) as refused:
                    await anext(events)
            assert refused.value.code == code


async def test_live_says_at_once_that_there_is_no_server(place: Place) -> None:
    async with Client(f"http://127.0.0.1:{place.port}") as client, aclosing(client.live()) as events:
        with pytest.raises(Unreachable, match=f"expected Fieldline at ws://127.0.0.1:{place.port}/api/v1/live, got: "):
            await anext(events)


async def test_changes_go_on_for_ever_and_over_a_restart(place: Place) -> None:
    async with AsyncExitStack() as stack:
        first = AsyncExitStack()
        await first.enter_async_context(place.serving())
        client = await stack.enter_async_context(place.client())
        changes = await stack.enter_async_context(aclosing(client.changes("a/*")))
        values = list((await anext(changes)).value)
        await first.aclose()
        await place.write(5)
        await stack.enter_async_context(place.serving())
        await place.write(5)
        async with asyncio.timeout(WITHIN):
            while values[-1] != 10.0:
                values += (await anext(changes)).value
        assert values == [float(n) for n in range(11)]


async def test_a_cursor_moves_on_while_what_is_matched_is_quiet(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldline.client.client.WAIT", 0.1)
    async with place.serving() as client, asyncio.timeout(WITHIN):
        kept = (await client.latest()).cursor
        async with aclosing(client.changes("nobody/*", after=kept)) as changes:
            for _ in range(3):
                await place.write(1)
                found = await anext(changes)
                assert (len(found), found.next) == (0, (await client.latest()).cursor)


def test_a_frame_of_a_newer_server_is_passed_over() -> None:
    assert decode('{"type":"weather","id":"client","rain":1}') is None


@pytest.mark.parametrize("text", ['{"type":"gap","id":"client"}', "[]", "{", '{"id":"a"}'])
def test_what_is_no_frame_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject|truncated"):
        decode(text)
