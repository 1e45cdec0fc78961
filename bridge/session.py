"""One durable MQTT 5 session over as many connections as it takes: the broker keeps what we have not acknowledged."""

import asyncio
import random
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

import mqtt5
import structlog

from bridge import handshake
from bridge.connection import Connection, Lost, TakenOver
from bridge.handshake import KEEP_ALIVE
from bridge.message import Message
from devices.broker import Broker

log = structlog.get_logger()

CONNECT_TIMEOUT = 10.0
SHORTEST_WAIT, LONGEST_WAIT = 0.1, 10.0
STEADY = 5.0
SUSPICIOUS = 3
"""Connections in a row that the broker ended within `STEADY` seconds. Two bridges with one client id evict each other for
ever; MQTT 5 has a word for it (0x8E), but Mosquitto 2.0.11 just closes."""
TAKEOVER_WAIT = 30.0
"""Seconds to leave the session to whoever took it."""


class Delivery(NamedTuple):
    """Messages that arrived together, with the connection that they must be acknowledged on."""

    messages: Sequence[Message]
    connection: Connection

    def acknowledge(self) -> None:
        """Tell the broker to forget these messages. Only after the commit that holds them."""
        self.connection.acknowledge(self.messages)


class Session:
    """Receives messages, at most `window` of them unacknowledged: the only buffer, and the broker's signal to wait."""

    def __init__(self, broker: Broker, client_id: str, subscriptions: Sequence[str], window: int, expiry: int) -> None:
        self.trouble: str | None = "broker: not connected yet"
        """Why nothing can be received just now, in one line."""
        self.connects = 0
        """How often it got a connection."""
        self._broker = broker
        self._client_id = client_id
        self._subscriptions = subscriptions
        self._window = window
        self._expiry = expiry
        self._connection: Connection | None = None
        self._arrived = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def pending(self) -> Sequence[Message]:
        """Received and not yet taken, oldest first."""
        return self._connection.pending if self._connection else ()

    async def receive(self, most: int) -> Delivery:
        """Wait for messages and take all that are there, up to a bound."""
        while True:
            if self._connection and self._connection.pending:
                return Delivery(self._connection.take(most), self._connection)
            self._arrived.clear()
            await self._arrived.wait()

    async def run(self) -> NoReturn:
        """Stay connected. Every loss is waited out with growing, random pauses; only cancelling ends it."""
        loop = asyncio.get_running_loop()
        wait, evictions = SHORTEST_WAIT, 0
        while True:
            since = loop.time()
            try:
                connection = await self._connect()
                wait, since = SHORTEST_WAIT, loop.time()
                await self._hold(connection)
            except (Lost, OSError) as error:
                self.trouble = f"broker: {error or type(error).__name__}"
                evicted = isinstance(error, TakenOver) or (self.connected and loop.time() - since < STEADY)
                evictions = evictions + 1 if evicted else 0
            finally:
                self._connection = None
            if evictions < SUSPICIOUS:
                log.warning("session.lost", broker=repr(self._broker), reason=self.trouble, seconds=round(wait, 1))
            else:
                wait = TAKEOVER_WAIT
                self.trouble = (
                    f"broker: another connection took the session {self._client_id!r}: is a second bridge running?"
                )
                log.error("session.taken_over", client_id=self._client_id, reason=self.trouble, seconds=wait)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, connection = await loop.create_connection(
                lambda: Connection(self._window, self._arrived.set),
                self._broker.host,
                self._broker.port,
                ssl=self._broker.tls,
            )
            try:
                welcome = await handshake.connect(connection, self._broker, self._client_id, self._window, self._expiry)
            except BaseException:
                connection.abort()
                raise
        log.info("session.connected", broker=repr(self._broker), client_id=self._client_id, resumed=welcome.resumed)
        self._connection = connection
        self.connects += 1
        return connection

    async def _hold(self, connection: Connection) -> NoReturn:
        """Subscribe, then keep the connection alive until it is lost. While we don't read, silence means nothing."""
        loop = asyncio.get_running_loop()
        subscribing = asyncio.create_task(handshake.subscribe(connection, self._subscriptions), name="subscribing")
        waiting: set[asyncio.Future[None]] = {connection.lost, subscribing}
        try:
            while True:
                done, _ = await asyncio.wait(waiting, timeout=KEEP_ALIVE / 2, return_when=asyncio.FIRST_COMPLETED)
                for ended in done:
                    ended.result()  # raises what ended the connection
                    waiting.discard(subscribing)
                    self.trouble = None
                    log.info("session.subscribed", filters=len(self._subscriptions))
                if not connection.paused and loop.time() - connection.last_heard > KEEP_ALIVE * 1.5:
                    raise Lost(f"the broker has been silent for {KEEP_ALIVE * 1.5:.0f} s")
                if not done:
                    connection.send(mqtt5.PingReqPacket())
        except asyncio.CancelledError:
            connection.send(mqtt5.DisconnectPacket())
            raise
        finally:
            subscribing.cancel()
            connection.close()
