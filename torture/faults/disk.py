"""Faults of the disk under the database: it is full, then it is not."""

import asyncio
from contextlib import suppress

import asyncpg

from torture.disk import Ballast
from torture.fault import Scene

MORE = 100
"""Messages that ask for room, each time."""


async def data_full(scene: Scene) -> None:
    """Statements fail, and Postgres goes on."""
    ballast = _ballast(scene)
    ballast.fill()
    try:
        await scene.house.bridge_waits(lambda: scene.stream.send(MORE), times=2)
    finally:
        ballast.remove()


async def wal_full(scene: Scene) -> None:
    """Postgres panics, and does not come back before there is room; then it is started again."""
    ballast = _ballast(scene)
    ballast.fill()
    using = asyncio.create_task(_use_up(scene), name="WAL")
    try:
        await scene.house.bridge_waits(lambda: scene.stream.send(MORE), times=2)
    finally:
        ballast.remove()
        using.cancel()
        await asyncio.wait({using})
    await scene.house.mend_database()


async def _use_up(scene: Scene) -> None:
    """Begin one segment of WAL after the other: the next few there are already, and are filled in place."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        while True:
            await scene.house.query("SELECT pg_switch_wal()")
            await asyncio.sleep(0.02)


def _ballast(scene: Scene) -> Ballast:
    assert scene.house.ballast is not None, "expected a house with a small disk"
    return scene.house.ballast
