"""Ends, freezes and starts real parts without holding up the stream: other processes go on, and so must the publishers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from signal import Signals

import psutil

from fieldline.embedded.child import Child
from fieldline.embedded.part import PartError
from tests.eventually import eventually
from tests.services import Local

PATIENCE = 60.0
"""Seconds for a part to serve again; a Postgres whose postmaster was killed first waits for its old backends."""


async def start(service: Local) -> None:
    """Start unless it runs, and again if it ends before it serves, as a supervisor would."""

    async def ready() -> bool:
        if service.child is None or not service.child.alive:
            service.child = Child(service.part)
        with suppress(PartError):
            return service.child.ready()
        return False

    await eventually(ready, PATIENCE)


async def end(service: Local, number: Signals) -> None:
    """Send a signal that ends it, and wait until it has ended."""
    assert service.child is not None
    service.child.send(number)
    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(service.child.process.wait)


async def kill(service: Local) -> None:
    await end(service, Signals.SIGKILL)


@asynccontextmanager
async def frozen(*pids: int) -> AsyncIterator[None]:
    """The processes stand still within the block."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, Signals.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, Signals.SIGCONT)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
