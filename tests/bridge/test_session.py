"""The session: durable, bounded, and acknowledged in order of arrival, whatever becomes of its connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge import connection
from bridge.decode import SUBSCRIPTIONS
from bridge.session import Delivery, Session
from devices.broker import parse
from tests.bridge.publishing import publish
from tests.eventually import eventually
from tests.services import Broker


@asynccontextmanager
async def connected(broker: Broker, *, window: int = 100, client_id: str = "session-test") -> AsyncIterator[Session]:
    session = Session(parse(broker.url), client_id, SUBSCRIPTIONS, window, expiry=3600)
    running = asyncio.create_task(session.run())
    await eventually(lambda: _subscribed(session))
    yield session
    running.cancel()
    await asyncio.wait([running])


async def _subscribed(session: Session) -> bool:
    return session.trouble is None


async def send(broker: Broker, first: int, last: int) -> None:
    messages = [("devices/a/telemetry/n", str(number)) for number in range(first, last)]
    await asyncio.to_thread(publish, broker, messages)


async def collect(session: Session, count: int, *, acknowledge: bool) -> list[int]:
    """Take deliveries until `count` messages are there."""
    found: list[int] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            delivery: Delivery = await session.receive(1_000)
            found += [int(message.payload) for message in delivery.messages]
            if acknowledge:
                delivery.acknowledge()
    return found


async def test_what_is_not_acknowledged_comes_again_in_order_and_the_rest_does_not(broker: Broker) -> None:
    async with connected(broker) as session:
        await send(broker, 0, 10)
        assert await collect(session, 10, acknowledge=True) == list(range(10))
        await send(broker, 10, 20)
        assert await collect(session, 10, acknowledge=False) == list(range(10, 20))
    async with connected(broker) as session:
        assert await collect(session, 10, acknowledge=True) == list(range(10, 20))


async def test_no_two_messages_are_received_at_the_same_time(broker: Broker) -> None:
    """Bare values have no other time, and two of one metric at one time would be a conflict."""
    async with connected(broker) as session:
        await send(broker, 0, 50)
        times: list[int] = []
        async with asyncio.timeout(10):
            while len(times) < 50:
                delivery = await session.receive(1_000)
                times += [message.received_at for message in delivery.messages]
                delivery.acknowledge()
        assert times == sorted(set(times))


async def test_messages_that_arrive_while_the_bridge_is_away_wait_in_the_broker(broker: Broker) -> None:
    async with connected(broker):
        pass
    await send(broker, 0, 90)
    async with connected(broker) as session:
        assert await collect(session, 90, acknowledge=True) == list(range(90))


async def test_the_broker_waits_while_the_window_is_full(broker: Broker) -> None:
    async with connected(broker, window=10) as session:
        await send(broker, 0, 50)
        first = await session.receive(1_000)
        await eventually(lambda: _waits(session, 10 - len(first.messages)))
        await send(broker, 50, 60)  # the broker has had every chance to send more by now
        assert len(first.messages) + len(session.pending) == 10
        first.acknowledge()
        assert await collect(session, 60 - len(first.messages), acknowledge=True) == list(
            range(len(first.messages), 60)
        )


async def test_of_large_messages_few_are_taken_at_once_and_one_beyond_the_bound_alone(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoded they are ten times as large, and twenty deliveries may wait for the store."""
    monkeypatch.setattr(connection, "TAKEN_BYTES", 250_000)
    sizes = [*[60_000] * 10, 300_000, *[60_000] * 10]
    async with connected(broker) as session:
        messages = [("devices/a/telemetry/n", str(number).rjust(size)) for number, size in enumerate(sizes)]
        await asyncio.to_thread(publish, broker, messages)
        deliveries: list[list[int]] = []
        async with asyncio.timeout(10):
            while sum(map(len, deliveries)) < len(sizes):
                delivery = await session.receive(1_000)
                deliveries.append([int(message.payload) for message in delivery.messages])
                delivery.acknowledge()
    assert [number for delivery in deliveries for number in delivery] == list(range(len(sizes)))
    assert [10] in deliveries
    assert all(sum(sizes[number] for number in delivery) <= 250_000 for delivery in deliveries if delivery != [10])


async def test_a_resumed_session_with_a_full_window_stays_connected_while_nothing_is_taken(broker: Broker) -> None:
    async with connected(broker):
        pass
    await send(broker, 0, 500)
    session = Session(parse(broker.url), "session-test", SUBSCRIPTIONS, 100, expiry=3600)
    running = asyncio.create_task(session.run())
    await eventually(lambda: _waits(session, 100))
    first = session.pending[0]
    await send(broker, 500, 501)
    assert session.pending[0] is first, "a message must not be dropped because another part is slow"
    assert await collect(session, 501, acknowledge=True) == list(range(501))
    running.cancel()
    await asyncio.wait([running])


async def _waits(session: Session, count: int) -> bool:
    return len(session.pending) >= count


async def test_a_restarted_broker_is_found_again_and_loses_nothing(broker: Broker) -> None:
    async with connected(broker) as session:
        await send(broker, 0, 5)
        assert await collect(session, 5, acknowledge=False) == list(range(5))
        await asyncio.to_thread(broker.stop)
        await eventually(lambda: _troubled(session))
        assert "broker" in (session.trouble or "")
        await asyncio.to_thread(broker.start)
        assert await collect(session, 5, acknowledge=True) == list(range(5))


async def _troubled(session: Session) -> bool:
    return session.trouble is not None


async def test_an_acknowledgement_for_a_connection_that_has_ended_is_dropped(broker: Broker) -> None:
    async with connected(broker) as session:
        await send(broker, 0, 5)
        old = await session.receive(1_000)
        await asyncio.to_thread(broker.stop)
        await eventually(lambda: _troubled(session))
        await asyncio.to_thread(broker.start)
        await eventually(lambda: _subscribed(session))
        old.acknowledge()
        assert await collect(session, 5, acknowledge=True) == list(range(5)), "packet ids belong to one connection"


async def test_of_two_bridges_with_one_client_id_one_alarms_and_backs_off(broker: Broker) -> None:
    async with connected(broker) as first, connected(broker) as second:
        await eventually(lambda: _alarmed(first, second))
        other = second if await _alarmed(first) else first
        await eventually(lambda: _subscribed(other))
        await send(broker, 0, 5)
        assert await collect(other, 5, acknowledge=True) == list(range(5))


async def _alarmed(*sessions: Session) -> bool:
    return any("took the session" in (session.trouble or "") for session in sessions)


@pytest.mark.parametrize("reply", [b"\x00" * 64, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\xff\xff"])
async def test_a_server_that_does_not_speak_mqtt_is_told_plainly(reply: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        session = Session(parse(f"mqtt://127.0.0.1:{port}"), "x", SUBSCRIPTIONS, 10, expiry=60)
        running = asyncio.create_task(session.run())
        await eventually(lambda: _told(session))
        running.cancel()
        await asyncio.wait([running])


async def _told(session: Session) -> bool:
    return session.trouble is not None and ("not MQTT 5" in session.trouble or "closed" in session.trouble)


async def test_messages_that_arrive_between_a_restart_of_the_broker_and_ours_are_kept(broker: Broker) -> None:
    """Mosquitto gives a restored session that has no user name no rights by its ACL, and drops its messages in silence."""
    async with connected(broker):
        pass
    await asyncio.to_thread(broker.stop)
    await asyncio.to_thread(broker.start)
    await send(broker, 0, 5)
    async with connected(broker) as session:
        assert await collect(session, 5, acknowledge=True) == list(range(5))
