"""A connection that stores: its statements have an end, its times a zone, and it has a table for sums."""

import asyncpg

from bridge.store import statements

STATEMENT_TIMEOUT = 60.0
"""Seconds after which a statement counts as lost with its connection: a half-open one would never answer."""


async def connect(url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        url,
        timeout=10,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings={"application_name": "fieldline bridge", "timezone": "UTC", "jit": "off"},
    )
    try:
        await connection.execute(statements.SPANS)
    except BaseException:
        connection.terminate()
        raise
    return connection
