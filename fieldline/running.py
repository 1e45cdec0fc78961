"""Runs a part of Fieldline as a process: on uvloop, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Coroutine
from typing import Any

import uvloop


def freeze() -> None:
    """Have the garbage collector pass over all that is there by now, for good.

    The modules alone are a hundred thousand objects. To look through them holds the event loop for up to a tenth of a second,
    every few large answers, and finds nothing.
    """
    gc.collect()
    gc.freeze()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run until the work ends or SIGTERM or SIGINT cancels it; being told to stop is no error."""
    freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(work))


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    except BaseExceptionGroup as group:
        raise first(group) from group


def first(error: BaseException) -> BaseException:
    """The first thing that went wrong in a group of tasks: the others ended because of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
