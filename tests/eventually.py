"""Waiting for what another process does, where no event says that it is done."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def is_so(found: bool) -> bool:  # noqa: FBT001  what `eventually` asks for
    """For what can be looked at without waiting."""
    return found


async def eventually(look: Callable[[], Awaitable[Found]], within: float = 10) -> Found:
    """What `look` returns as soon as it is truthy. Fails with what it returned last when that takes too long."""
    found = await look()
    try:
        async with asyncio.timeout(within):
            while not found:
                await asyncio.sleep(0.01)
                found = await look()
    except TimeoutError:
        raise AssertionError(f"waited {within} s in vain, last got {found!r}") from None
    return found
