"""Asks a broker what it grants and counts, and tries its queue: with sessions of our own, which are ended again."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from bridge import handshake
from bridge.connection import Connection, Lost
from bridge.handshake import Welcome
from bridge.message import Message
from devices import topic
from devices.broker import Broker
from fieldline.doctor.outage import Load
from fieldline.doctor.waiting import Trial

PATIENCE = 20.0
"""Seconds for one visit: a broker that takes longer to answer is no answer."""
WINDOW = 65_535
MANY = 1_200
"""Messages of a trial: a fifth more than the thousand that most brokers queue unless they are told otherwise."""
AT_ONCE = 200
LAST = b"last"
LAST_PATIENCE = 10.0
VERSION, DROPPED = "$SYS/broker/version", "$SYS/broker/publish/messages/dropped"
PER_MINUTE = "$SYS/broker/load/publish/received/1min"
COUNT, SIZE = "$SYS/broker/publish/messages/received", "$SYS/broker/publish/bytes/received"


class Told(NamedTuple):
    """`welcome` is for a session like the bridge's; `counts` what the broker publishes of itself, if it does."""

    welcome: Welcome
    counts: Mapping[str, str]
    trial: Trial | None

    def load(self, size: float) -> Load | None:
        """What comes in by the broker's count; `size` where it has counted none."""
        if PER_MINUTE not in self.counts:
            return None
        count, total = (float(self.counts.get(name, 0)) for name in (COUNT, SIZE))
        return Load(float(self.counts[PER_MINUTE]) / 60, total / count if count else size, "the broker, last minute")


class Visit(NamedTuple):
    connection: Connection
    welcome: Welcome
    arrived: asyncio.Event
    """Set whenever something has come."""


async def talk(broker: Broker, expiry: int, *, trial: bool) -> Told:
    """Raises `OSError` if the broker can't be had. Leaves nothing behind."""
    name = f"doctor-{secrets.token_hex(4)}"
    client_id = f"fieldline-{name}"
    own = topic.commands(name, "probe")  # the bridge doesn't hear commands
    try:
        counts = await _counts(broker, f"{client_id}-counts")
        try:
            async with _visit(broker, client_id, expiry) as visit:
                if trial:
                    await handshake.subscribe(visit.connection, [own])
            return Told(visit.welcome, counts, await _try(broker, client_id, own, expiry) if trial else None)
        finally:
            async with _visit(broker, client_id, 0):
                pass
    except (Lost, TimeoutError) as error:
        raise OSError(f"expected {broker} to answer, got: {error or type(error).__name__}") from error


async def _try(broker: Broker, client_id: str, own: str, expiry: int) -> Trial | None:
    """Publish while the session is away, and count what it gets when it is back; None if not even the last one comes."""
    async with _visit(broker, f"{client_id}-speaks", 0) as speaker, contextlib.AsyncExitStack() as stack:
        at_once = min(AT_ONCE, speaker.welcome.receive_max)
        await speaker.connection.publish([(own, b"%d" % number) for number in range(MANY)], at_once)
        listener = await stack.enter_async_context(_visit(broker, client_id, expiry))
        await speaker.connection.publish([(own, LAST)], 1)
        messages = list[Message]()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_PATIENCE):
                while not any(message.payload == LAST for message in messages[-1:]):
                    await listener.arrived.wait()
                    listener.arrived.clear()
                    messages += (some := listener.connection.take(MANY + 1))
                    listener.connection.acknowledge(some)
                return Trial(MANY, len(messages) - 1)
    return None


async def _counts(broker: Broker, client_id: str) -> dict[str, str]:
    """What it publishes below `$SYS`, which not every broker does, nor for everyone."""
    async with _visit(broker, client_id, 0) as visit:
        try:
            await handshake.subscribe(visit.connection, ["$SYS/#"])
        except Lost:
            return {}
        counts = dict[str, str]()
        while True:
            await visit.connection.ping()
            some = visit.connection.take(WINDOW)
            if not some:
                return counts
            counts |= {message.topic: message.payload.decode(errors="replace") for message in some}
            visit.connection.acknowledge(some)  # whatever window was asked for: some brokers send twenty at a time


@contextlib.asynccontextmanager
async def _visit(broker: Broker, client_id: str, expiry: int) -> AsyncIterator[Visit]:
    """One connection, within our patience. Without an expiry the session ends with it."""
    arrived = asyncio.Event()
    async with asyncio.timeout(PATIENCE):
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(WINDOW, arrived.set), broker.host, broker.port, ssl=broker.tls
        )
        try:
            yield Visit(connection, await handshake.connect(connection, broker, client_id, WINDOW, expiry), arrived)
        finally:
            connection.leave()
