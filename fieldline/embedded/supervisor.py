"""Starts parts, keeps them running, and stops them in the reverse order."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from fieldline.embedded import log
from fieldline.embedded.child import POLL, Child
from fieldline.embedded.part import Part, PartError

FIRST_WAIT = 0.2  # seconds before a part is started again; doubled each time it ends soon after
LONGEST_WAIT = 30.0
STEADY = 20.0  # seconds of life after which a part counts as healthy again
ROTATION = 10.0  # seconds between two looks at the size of the logs


class Supervisor:
    """Parts by name, in the order of their start."""

    def __init__(
        self, say: Callable[[str], None], changed: Callable[[], object], inherit: tuple[int, ...] = ()
    ) -> None:
        """`say` gets a line when a part ends and when it is back, `changed` is called when a process id is new."""
        self._say = say
        self._changed = changed
        self._inherit = inherit
        self._children: dict[str, Child] = {}

    @property
    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items()}

    async def start(self, part: Part) -> None:
        """Start a part and wait until it is ready; `PartError` if it can't."""
        await _ready(self._spawn(part))

    async def complete(self, part: Part) -> None:
        """Run a part that ends by itself; `PartError` if it fails."""
        child = self._spawn(part)
        await asyncio.to_thread(child.process.wait)
        child.release()
        del self._children[part.name]
        if child.process.returncode != 0:
            raise PartError(f"{part.name} {child.ending()}")

    async def keep(self) -> None:
        """Start again what ends, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for name, child in self._children.items():
                tasks.create_task(self._keep(child), name=f"keep {name}")
            tasks.create_task(self._rotate_logs(), name="rotate logs")

    async def stop(self) -> None:
        """Stop all, last started first, each given its time to end cleanly."""
        for child in reversed(self._children.values()):
            await asyncio.to_thread(child.stop)

    def hurry(self) -> None:
        """End all at once, without the time to end cleanly. What is stored stays stored."""
        for child in self._children.values():
            child.send(child.part.hard)

    def _spawn(self, part: Part) -> Child:
        child = Child(part, inherit=self._inherit)
        self._children[part.name] = child
        return child

    async def _keep(self, child: Child) -> None:
        wait = FIRST_WAIT / 2
        while True:
            await asyncio.to_thread(child.process.wait)
            child.release()
            steady = time.monotonic() - child.started > STEADY
            wait = FIRST_WAIT if steady else min(wait * 2, LONGEST_WAIT)
            self._say(f"{child.part.name} {child.ending()}; starting it again in {wait:.1f} s")
            await asyncio.sleep(wait)
            child = self._spawn(child.part)
            self._changed()
            with contextlib.suppress(PartError):  # it has ended again: said in the next round
                await _ready(child)
                self._say(f"{child.part.name} runs again")

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATION)
            for child in self._children.values():
                log.rotate(child.part.log)


async def _ready(child: Child) -> None:
    while not child.ready():  # noqa: ASYNC110  it asks another process, which can't set an event
        await asyncio.sleep(POLL)
