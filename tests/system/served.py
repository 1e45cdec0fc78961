"""A part of Fieldline that serves the live stream at one address, killed and started again amid it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fieldline.embedded import port
from tests.eventually import eventually
from tests.services import Broker
from tests.system.command import Command, running


class Served:
    """`fieldline api`, or bridge and hub in one process, that is killed and started again at the same address."""

    def __init__(self, name: str, broker: Broker, database_url: str, stack: AsyncExitStack) -> None:
        self.restarts = 0
        self._name = name
        self._settings = {"broker_url": broker.url, "database_url": database_url, "port": port.free()[0]}
        self._stack = stack
        self._command: Command | None = None

    @property
    def address(self) -> str:
        return f"{port.LOOPBACK}:{self._settings['port']}"

    async def start(self) -> None:
        self._command = await self._stack.enter_async_context(running(self._name, **self._settings))
        if self._name == "server":
            await self._command.says("session.subscribed", within=60)  # from now on the broker keeps what it misses

        async def answers() -> bool:
            try:
                _, writer = await asyncio.open_connection(*self.address.split(":"))
            except OSError:
                return False
            writer.close()
            return True

        await eventually(answers, within=60)

    async def kill(self) -> None:
        assert self._command is not None
        await self._command.kill()

    async def restart(self) -> None:
        await self.kill()
        await self.start()
        self.restarts += 1


@asynccontextmanager
async def serving(name: str, broker: Broker, database_url: str) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        served = Served(name, broker, database_url, stack)
        await served.start()
        yield served
