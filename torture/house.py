"""The real parts: Mosquitto, Postgres with `fsync`, `fieldline bridge` as its users run it, and a proxy before each server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from tests import services
from tests.eventually import eventually
from tests.services import LocalBroker, LocalDatabase
from tests.system.command import Command, running
from tests.system.stored import query
from torture import process
from torture.commits import through
from torture.disk import Ballast, Disk, small_disk
from torture.proxy import Proxy, standing_before

SUSPICIOUS, STEADY = 3, 5.0
"""So many connections in a row that ended within so many seconds are taken for a second bridge and cost half a minute
(decision 7): the last of them is left alone for so long."""
PATIENCE = 60.0
"""Seconds for a part to do what takes it less than one on a machine that is free."""
CLIENT_ID = "fieldline-bridge"
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fieldline bridge'"


class House:
    """All parts of one run. Rounds follow each other in it, each with devices of its own."""

    def __init__(
        self, broker: LocalBroker, database: LocalDatabase, url: str, to_broker: Proxy, to_database: Proxy
    ) -> None:
        self.broker = broker
        self.database = database
        self.url = url
        """The database, not by way of the proxy."""
        self.to_broker = to_broker
        self.to_database = to_database
        self.settings: Mapping[str, object] = {}
        """What the next bridge to start differs in."""
        self.variables: dict[str, str] = {}
        """And what its environment has besides."""
        self.ballast: Ballast | None = None
        """Fills the small disk, in a house that has one."""
        self.lost_by_broker: list[tuple[float, float]] = []
        """Spans of time: what was acknowledged within them the broker had not saved when it was killed."""
        self.peak_memory = 0
        self._short_connections = 0
        self._connected = 0.0
        self._bridge: Command | None = None
        self._bridges = AsyncExitStack()

    @property
    def bridge(self) -> Command:
        assert self._bridge is not None, "no bridge runs"
        return self._bridge

    async def start_bridge(self) -> None:
        """Start it and wait until it has subscribed: from then on the broker keeps what it does not get."""
        assert self._bridge is None
        self._bridge = await self._bridges.enter_async_context(self.another_bridge())
        await self._bridge.says("session.subscribed", within=PATIENCE)
        self.bridge_is_connected()

    @asynccontextmanager
    async def another_bridge(self) -> AsyncIterator[Command]:
        """One more, with the same client id, until the block is left."""
        broker_url = through(self.to_broker, self.broker.url)
        database_url = through(self.to_database, self.url)
        settings = {"broker_url": broker_url, "database_url": database_url, **self.settings}
        async with running("bridge", **self.variables, **settings) as bridge:
            yield bridge

    async def end_bridge(self, *, kill: bool = False) -> None:
        bridge = self.bridge
        self.weigh()
        if kill:
            await bridge.kill()
        else:
            assert await bridge.end(within=PATIENCE) == 0
        self._bridge = None
        await self._bridges.aclose()

    @asynccontextmanager
    async def bridge_with(self, settings: Mapping[str, object]) -> AsyncIterator[None]:
        """Within the block bridges run with these settings."""
        if settings:
            await self._renew_bridge(settings)
        yield
        if settings:
            await self._renew_bridge({})

    async def _renew_bridge(self, settings: Mapping[str, object]) -> None:
        await self.end_bridge()
        self.settings = settings
        await self.start_bridge()

    def weigh(self) -> int:
        """The most bytes that a bridge of this house has occupied so far."""
        with suppress(FileNotFoundError, ValueError):  # it has ended
            self.peak_memory = max(self.peak_memory, self.bridge.peak_memory())
        return self.peak_memory

    async def take_over(self, bridges: AsyncExitStack, bridge: Command) -> None:
        """From now on this bridge, which lives on that stack, is the one that counts."""
        await self._bridges.aclose()
        self._bridge, self._bridges = bridge, bridges
        self.bridge_is_connected()

    async def backends(self) -> list[int]:
        """Process ids of the bridge's connections to Postgres: those of the store."""
        return [pid for (pid,) in await self.query(BACKENDS)]

    def bridge_is_connected(self, short_connections: int = 0) -> None:
        """As of now, after so many short connections in a row."""
        self._short_connections, self._connected = short_connections, time.monotonic()

    @asynccontextmanager
    async def bridge_cut_off(self) -> AsyncIterator[None]:
        """Around what ends the bridge's connection to the broker; over when it has another one."""
        bridge = self.bridge
        connected = len(bridge.said("session.connected"))
        steady = self._connected + STEADY
        if self._short_connections == SUSPICIOUS - 1:
            await asyncio.sleep(max(0, steady - time.monotonic()))
        short = 0 if time.monotonic() >= steady else self._short_connections + 1
        yield
        await bridge.says("session.connected", times=connected + 1, within=PATIENCE)
        self.bridge_is_connected(short)

    @asynccontextmanager
    async def bridge_put_off(self) -> AsyncIterator[None]:
        """Around what makes it try a batch again; over when that is stored: its pauses would grow from strike to strike."""
        recovered = len(self.bridge.said("store.recovered"))
        yield
        await self.bridge.says("store.recovered", times=recovered + 1, within=PATIENCE)

    async def bridge_waits(self, prod: Callable[[], object], times: int = 1) -> None:
        """Wait until the bridge says so often that it can't store; `prod` gives it something to store."""
        said = len(self.bridge.said("store.waiting"))
        says = asyncio.create_task(
            self.bridge.says("store.waiting", times=said + times, within=PATIENCE), name="store.waiting"
        )
        while not says.done():
            prod()
            await asyncio.wait({says}, timeout=0.5)
        await says

    async def mend_database(self) -> None:
        """Wait until Postgres takes connections, and start it whenever it has given up, as a supervisor would."""

        async def serves() -> bool:
            await process.start(self.database)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self.query("SELECT 1")
                return True
            return False

        await eventually(serves, PATIENCE)

    async def query(self, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
        return await query(self.url, sql, *arguments)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection that no fault of the network hits."""
        connection = await asyncpg.connect(self.url, timeout=PATIENCE, server_settings={"application_name": "torture"})
        try:
            yield connection
        finally:
            connection.terminate()

    @property
    def saved(self) -> Path:
        """Where the broker keeps what survives it."""
        return self.broker.server.folder / "mosquitto.db"

    async def close(self) -> None:
        if self._bridge is not None:
            self._bridge = None
            await self._bridges.aclose()


@asynccontextmanager
async def open_house(disk: Disk | None = None) -> AsyncIterator[House]:
    """Everything started and the bridge subscribed; all of it ended and removed with the block.

    With `disk` the data or the WAL of the database lie on a small disk of their own.
    """
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(services.running_broker())
        ballast = None
        if disk is None:
            database = stack.enter_context(services.running_database(fsync=True))
        else:
            database, ballast = stack.enter_context(small_disk(disk))
        assert isinstance(broker, LocalBroker), "expected local processes: faults hit pids"
        assert isinstance(database, LocalDatabase)
        services.make_template(database)
        url = stack.enter_context(services.fresh_database(database))
        to_broker = await stack.enter_async_context(standing_before(broker.host, broker.port))
        to_database = await stack.enter_async_context(standing_before(broker.host, database.server.port))
        house = House(broker, database, url, to_broker, to_database)
        house.ballast = ballast
        stack.push_async_callback(house.close)
        await house.start_bridge()
        yield house
