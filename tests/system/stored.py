"""What has been stored, as a reader with nothing but SQL sees it."""

import asyncio
from typing import Any

import asyncpg

from bridge.committed import CHANNEL

Row = tuple[Any, ...]


async def query(url: str, sql: str, *arguments: object) -> list[Row]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql, *arguments)]
    finally:
        await connection.close()


async def await_messages(url: str, count: int, within: float = 40) -> int:
    """Wait until that many numbered messages are stored, looking again after each commit, and return how many are."""
    connection = await asyncpg.connect(url)
    found: int = 0
    try:
        async with asyncio.timeout(within):
            committed = asyncio.Event()
            await connection.add_listener(CHANNEL, lambda *_: committed.set())
            while (found := await connection.fetchval("SELECT count(*) FROM readings WHERE metric = 'seq'")) < count:
                await committed.wait()
                committed.clear()
            return found
    except TimeoutError:
        raise AssertionError(f"expected {count} messages within {within} s, got {found}") from None
    finally:
        await connection.close()


async def messages(url: str) -> list[tuple[str, int]]:
    """Device and sequence number of each message, as often as it is stored. Checks that it is stored as a whole."""
    numbers = await query(url, "SELECT device, value::int, at FROM readings WHERE metric = 'seq' ORDER BY 1, 2")
    levels = await query(url, "SELECT device, (value * 8)::int, at FROM readings WHERE metric = 'level' ORDER BY 1, 2")
    assert levels == numbers
    return sorted((device, number) for device, number, _ in numbers)


async def rejects(url: str) -> list[Row]:
    """Topic, payload, reason and detail, in order of arrival."""
    return await query(url, "SELECT topic, payload, reason, detail FROM reject ORDER BY id")
