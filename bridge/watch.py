"""Hears what the broker says of itself under `$SYS`, on a small connection of its own beside the path of a message.

The durable session must not subscribe to this: it would queue it. Here nothing is kept, and nothing waits for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import mqtt5
import structlog

from bridge import handshake
from bridge.connection import Connection, Lost
from bridge.handshake import KEEP_ALIVE
from bridge.message import Message
from bridge.told import Told
from devices.backoff import delays
from devices.broker import Broker

log = structlog.get_logger()

CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = 60.0
"""Seconds between two tries at most, and how long a connection must have held for the next wait to be short again."""
WINDOW = 100
"""Messages: each of our topics has one, at most every 10 s (Mosquitto's `sys_interval`)."""


def _number(payload: bytes) -> int:
    return int(payload.split()[0])  # an uptime is "12 seconds"


def _text(payload: bytes) -> str:
    return payload.decode()[:80]


TOPICS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "$SYS/broker/version": ("version", _text),
    "$SYS/broker/uptime": ("uptime", _number),
    "$SYS/broker/store/messages/count": ("stored", _number),
    "$SYS/broker/store/messages/bytes": ("stored_bytes", _number),
    "$SYS/broker/retained messages/count": ("retained", _number),
    "$SYS/broker/publish/messages/dropped": ("dropped", _number),
    "$SYS/broker/clients/connected": ("clients", _number),
}
"""As Mosquitto publishes them; each says something new only when it has changed."""


class Watch:
    """Listens while `run` runs. A broker without `$SYS`, or one that is away, leaves `told` at `None`."""

    def __init__(self, broker: Broker, client_id: str, wanted: Callable[[], bool] = lambda: True) -> None:
        """`wanted` says whether a try makes sense: while the session can't connect, this can't, and need not say so too."""
        self.told: Told | None = None
        self._broker = broker
        self._client_id = f"{client_id}-watch"
        self._wanted = wanted
        self._arrived = asyncio.Event()

    async def run(self) -> NoReturn:
        """Stay connected; only cancelling ends it. Failing is told once, until it has succeeded."""
        loop = asyncio.get_running_loop()
        waits, failed = delays(longest=LONGEST_WAIT), False
        while True:
            since = loop.time()
            if self._wanted():
                try:
                    connection = await self._connect()
                except (Lost, OSError) as error:
                    if not failed:
                        log.warning(
                            "watch.failed", broker=repr(self._broker), reason=str(error) or type(error).__name__
                        )
                    failed = True
                else:
                    failed = False
                    with suppress(Lost):
                        await self._hold(connection)
            if not self._wanted() or loop.time() - since > LONGEST_WAIT:
                waits = delays(longest=LONGEST_WAIT)
            await asyncio.sleep(next(waits))

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, connection = await loop.create_connection(
                lambda: Connection(WINDOW, self._arrived.set),
                self._broker.host,
                self._broker.port,
                ssl=self._broker.tls,
            )
            try:
                await handshake.connect(connection, self._broker, self._client_id, WINDOW, expiry=0)
                await handshake.subscribe(connection, tuple(TOPICS))
            except BaseException:
                connection.abort()
                raise
        return connection

    async def _hold(self, connection: Connection) -> NoReturn:
        """Take down what the broker says, until the connection is lost."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                messages = connection.take(WINDOW)
                connection.acknowledge(messages)
                self._hear(messages)
                if connection.lost.done():
                    connection.lost.result()  # raises what ended it
                if loop.time() - connection.last_heard > KEEP_ALIVE * 1.5:
                    raise Lost(f"the broker has been silent for {KEEP_ALIVE * 1.5:.0f} s")
                try:
                    async with asyncio.timeout(KEEP_ALIVE / 2):
                        await self._arrived.wait()
                    self._arrived.clear()
                except TimeoutError:
                    connection.send(mqtt5.PingReqPacket())
        except asyncio.CancelledError:
            connection.send(mqtt5.DisconnectPacket())
            raise
        finally:
            self.told = None
            connection.close()

    def _hear(self, messages: list[Message]) -> None:
        for message in messages:
            if message.topic in TOPICS:
                name, read = TOPICS[message.topic]
                with suppress(ValueError, IndexError):  # another broker may put it in other words
                    told = {name: read(message.payload), "at": message.received_at}
                    self.told = (self.told or Told())._replace(**told)
