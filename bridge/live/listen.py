"""Hears of commits over one connection to the database."""

import asyncio
from collections.abc import Callable

import asyncpg

from bridge.committed import CHANNEL

Hear = Callable[[int, int], object]
"""Told of each commit: the process in Postgres that made it, and its cursor."""


async def listen(database_url: str, name: str, hear: Hear, begun: Callable[[], object]) -> None:
    """Listen until the connection is lost. `begun` is called once nothing more is missed.

    Raises what connecting raises; to try again, and how soon, is the caller's.
    """

    def told(_: object, backend: int, __: str, cursor: object) -> None:
        hear(backend, int(str(cursor)))

    connection = await asyncpg.connect(database_url, timeout=10, server_settings={"application_name": name})
    try:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, told)
        begun()
        await lost.wait()
    finally:
        connection.terminate()
