"""Faults of other users of the database: locks that the bridge must wait for, and a deadlock that it must lose."""

import asyncio

from tests.eventually import eventually
from torture.fault import Scene
from torture.house import BACKENDS, PATIENCE

WAITING = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN ({BACKENDS})"  # noqa: S608  a constant


async def table_locked(scene: Scene) -> None:
    table = scene.dice.choice(("reading", "rollup_hour", "series", "device", "commit_clock", "text_reading"))
    async with scene.house.connected() as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))


async def deadlocked(scene: Scene) -> None:
    """We hold the table that the bridge waits for, and want the clock's row that it holds. The bridge loses.

    Who has waited for `deadlock_timeout` looks for a deadlock and gives up; we would look later than the bridge.
    """
    house = scene.house

    async def waits() -> bool:
        scene.stream.mark()
        [(count,)] = await house.query(WAITING)
        return bool(count)

    async with house.connected() as connection, connection.transaction():
        await connection.execute("SET LOCAL deadlock_timeout = '100s'")
        await connection.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
        await eventually(waits, PATIENCE)
        await connection.execute("UPDATE commit_clock SET last = last")
