"""A connection that stores: its statements have an end, and its times a zone."""

import asyncpg

STATEMENT_TIMEOUT = 60.0
"""Seconds after which a statement counts as lost with its connection: a half-open one would never answer."""


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url,
        timeout=10,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings={"application_name": "fieldline bridge", "timezone": "UTC", "jit": "off"},
    )
