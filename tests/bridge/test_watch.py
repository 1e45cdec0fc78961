"""What the broker says of itself is heard beside the session, and whatever becomes of that disturbs nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bridge.decode import SUBSCRIPTIONS
from bridge.session import Session
from bridge.told import Told
from bridge.watch import TOPICS, Watch
from devices.broker import parse
from tests.bridge.publishing import publish
from tests.eventually import eventually
from tests.services import Broker

SYS_INTERVAL = 30
"""Seconds to wait for something new: Mosquitto says it every ten."""


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Watch]:
    watch = Watch(parse(url), "a-bridge")
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.wait([running])


async def told(watch: Watch) -> bool:
    return watch.told is not None and None not in watch.told


async def test_mosquitto_tells_everything_that_is_asked(broker: Broker) -> None:
    async with watching(broker.url) as watch:
        await eventually(lambda: told(watch))
        assert watch.told is not None
        assert watch.told.version is not None
        assert watch.told.version.startswith("mosquitto version ")
        assert watch.told.dropped == 0


async def test_messages_that_wait_for_a_session_that_is_away_are_seen_as_queued(broker: Broker) -> None:
    session = Session(parse(broker.url), "a-bridge", SUBSCRIPTIONS, 100, expiry=3600)
    running = asyncio.create_task(session.run())

    async def subscribed() -> bool:
        return session.trouble is None

    await eventually(subscribed)
    running.cancel()
    await asyncio.wait([running])
    await asyncio.to_thread(publish, broker, [("devices/a/telemetry/n", str(number)) for number in range(300)])
    async with watching(broker.url) as watch:

        async def queued() -> bool:
            return watch.told is not None and watch.told.queued == 300

        await eventually(queued, within=SYS_INTERVAL)


async def test_what_was_told_is_forgotten_with_the_connection_and_comes_back_with_it(broker: Broker) -> None:
    async with watching(broker.url) as watch:
        await eventually(lambda: told(watch))

        async def forgotten() -> bool:
            return watch.told is None

        await asyncio.to_thread(broker.stop)
        await eventually(forgotten)
        await asyncio.to_thread(broker.start)
        await eventually(lambda: told(watch), within=SYS_INTERVAL)


async def test_a_broker_that_refuses_is_told_once_and_tried_again() -> None:
    tries = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        with capture_logs() as log:
            async with watching(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}") as watch:

                async def tried() -> bool:
                    return tries > 2

                await eventually(tried, within=20)
                assert watch.told is None
    assert [line["event"] for line in log] == ["watch.failed"]
    assert log[0]["reason"].startswith("connection")


def test_queued_is_what_is_stored_and_not_retained() -> None:
    assert Told(stored=60, retained=50).queued == 10
    assert Told(stored=50, retained=52).queued == 0, "Mosquitto tells the two one after the other"
    assert Told(stored=50).queued is None


@pytest.mark.parametrize("payload", [b"", b"many", b"\xff"])
def test_words_that_are_no_figure_are_passed_over(payload: bytes) -> None:
    for name, read in TOPICS.values():
        if name != "version":
            with pytest.raises((ValueError, IndexError)):
                read(payload)
