"""Faults of Postgres: its processes killed, frozen and restarted, commits unanswered, statements refused."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from signal import Signals

import asyncpg

from tests.eventually import eventually, is_so
from torture import process
from torture.commits import CommitCut, When
from torture.fault import Scene
from torture.house import BACKENDS, PATIENCE, House
from torture.settling import settle

CANCEL = BACKENDS.replace("SELECT pid", "SELECT pg_cancel_backend(pid)") + " AND state = 'active'"


async def killed(scene: Scene) -> None:
    await process.kill(scene.house.database)
    await process.start(scene.house.database)


async def restarted(scene: Scene) -> None:
    """`pg_ctl restart -m fast`."""
    await process.end(scene.house.database, scene.house.database.part.stop)
    await process.start(scene.house.database)


async def restarted_immediately(scene: Scene) -> None:
    """`pg_ctl restart -m immediate`."""
    await process.end(scene.house.database, scene.house.database.part.hard)
    await process.start(scene.house.database)


async def stood_still(scene: Scene) -> None:
    """The postmaster and all below it."""
    async with process.frozen(*process.family(scene.house.database.pid)):
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))


async def backend_killed(scene: Scene) -> None:
    """Postgres then ends all other backends too, as soon as it has noticed, and recovers."""
    async with scene.house.connected() as bystander:
        for pid in await _backends(scene):
            with suppress(ProcessLookupError):
                os.kill(pid, Signals.SIGKILL)
        await eventually(lambda: is_so(bystander.is_closed()), PATIENCE)
    await scene.house.mend_database()


async def backend_stood_still(scene: Scene) -> None:
    async with process.frozen(*await _backends(scene)):
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))


async def backend_terminated(scene: Scene) -> None:
    await _backends(scene)
    await terminate(scene.house)
    await settle(scene.house, scene.stream)


async def statement_cancelled(scene: Scene) -> None:
    """One that runs: a backend that waits for the next would not notice."""
    bridge = scene.house.bridge
    waiting = len(bridge.said("store.waiting"))
    async with scene.house.connected() as connection, scene.house.bridge_put_off():

        async def cancelled() -> bool:
            scene.stream.mark()
            await connection.execute(CANCEL)
            return len(bridge.said("store.waiting")) > waiting

        await eventually(cancelled, PATIENCE)


async def commit_not_begun(scene: Scene) -> None:
    await _cut(scene, "before")


async def commit_not_answered(scene: Scene) -> None:
    await _cut(scene, "after")


async def _cut(scene: Scene, when: When) -> None:
    cutting = CommitCut(when, 1)
    async with scene.house.bridge_put_off():
        cutting.treat(scene.house.to_database)
        await scene.stream.mark_until(cutting.held)
        scene.house.to_database.calm()


async def read_only(scene: Scene) -> None:
    async with setting(scene.house, "default_transaction_read_only", "on"):
        await scene.house.bridge_waits(scene.stream.mark)


async def statements_time_out(scene: Scene) -> None:
    """A table is locked for longer than a statement may take."""
    async with (
        setting(scene.house, "statement_timeout", "200"),
        scene.house.connected() as connection,
        connection.transaction(),
    ):
        await connection.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
        await scene.house.bridge_waits(scene.stream.mark)


async def connections_used_up(scene: Scene) -> None:
    """Others take every connection, the bridge's own included."""
    held: list[asyncpg.Connection] = []
    try:
        await take_all(scene.house.url, held)
        for row in await held[0].fetch(BACKENDS):
            await held[0].execute("SELECT pg_terminate_backend($1, 5000)", row["pid"])
        await take_all(scene.house.url, held)
        await scene.house.bridge_waits(scene.stream.mark, times=2)  # the first for the connection that was ended
    finally:
        for connection in held:
            connection.terminate()


async def take_all(url: str, held: list[asyncpg.Connection]) -> None:
    while True:
        try:
            held.append(await asyncpg.connect(url, timeout=PATIENCE))
        except asyncpg.TooManyConnectionsError:
            return


async def partition_gone(scene: Scene) -> None:
    """The week to come, which the bridge has made and takes to be there, and which nothing is stored in yet."""
    week_to_come = f"to_timestamp({scene.stream.newest} / 1000) + interval '7 days'"
    name = f"'reading' || to_char({week_to_come}, '_IYYY\"w\"IW')"
    async with scene.house.connected() as connection:
        await eventually(lambda: connection.fetchval(f"SELECT to_regclass({name})::text"), PATIENCE)
        partition = await connection.fetchval(f"SELECT {name}")
        await connection.execute(f"DROP TABLE {partition}")


async def _backends(scene: Scene) -> list[int]:
    """The bridge's backend, once it has one: after a strike before it connects when it has something to store."""

    async def found() -> list[int]:
        scene.stream.mark()
        return await scene.house.backends()

    return await eventually(found, PATIENCE)


async def terminate(house: House) -> None:
    """End the bridge's connections from the side of the database."""
    for pid in await house.backends():
        await house.query("SELECT pg_terminate_backend($1)", pid)


@asynccontextmanager
async def setting(house: House, option: str, value: str) -> AsyncIterator[None]:
    """A setting of the database, which connections that begin within the block have, and none that begins after it."""
    [(name,)] = await house.query("SELECT quote_ident(current_database())")
    async with house.connected() as connection:
        await connection.execute(f"ALTER DATABASE {name} SET {option} = {value}")
        await terminate(house)
        try:
            yield
        finally:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(f"ALTER DATABASE {name} RESET {option}")
            await terminate(house)
