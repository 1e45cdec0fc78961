"""The `fieldline` command as its users run it: a process with settings, whose log lines are events to wait for."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals
from typing import Any

import httpx

from fieldline.embedded import port
from fieldline.embedded.child import environment, launched
from fieldline.embedded.part import SAME
from tests.eventually import eventually
from tests.services import Broker

LINE = 2**20
"""Bytes in a line of its log at most: some quote what a device said."""
MISHAPS = "asyncio"
"""The logger of tasks and futures whose failure nobody has seen."""
KNOWN = "asyncpg.exceptions.ConnectionDoesNotExistError: connection was closed in the middle of operation"
"""asyncpg 0.32 forgets a future when Postgres has just said farewell where a COPY begins. The COPY fails as it should."""


class Command:
    """A running `fieldline …`. Everything that it has said so far is in `log`."""

    def __init__(self, process: Process, number: int) -> None:
        self.pid = process.pid
        self.address = f"{port.LOOPBACK}:{number}"
        self.log: list[dict[str, Any]] = []
        self.strays: list[str] = []
        """Lines that are no events: tracebacks, warnings, failures that nobody has seen."""
        self._process = process
        self._heard = asyncio.Condition()

    async def listen(self) -> None:
        """Take down what it says, until it has ended."""
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            try:
                said = json.loads(line)
            except ValueError:
                said = {"logger": MISHAPS}
            if said.get("logger") == MISHAPS and KNOWN not in said.get("exception", ""):
                self.strays.append(line.decode(errors="replace").rstrip())
            else:
                self.log.append(said)
            async with self._heard:
                self._heard.notify_all()
        async with self._heard:
            self._heard.notify_all()

    def said(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """The lines of an event, oldest first, with these fields."""
        return [line for line in self.log if {"event": event, **fields}.items() <= line.items()]

    async def says(self, event: str, *, times: int = 1, within: float = 15, **fields: object) -> dict[str, Any]:
        """Wait until it has said so that often since it started, and return that line."""
        try:
            async with asyncio.timeout(within), self._heard:
                await self._heard.wait_for(lambda: len(self.said(event, **fields)) >= times or self._ended)
        except TimeoutError:
            pass
        found = self.said(event, **fields)
        assert len(found) >= times, f"expected {event} {fields} {times} times, got {len(found)}"
        return found[times - 1]

    @property
    def _ended(self) -> bool:
        return self._process.stderr is not None and self._process.stderr.at_eof()

    async def settles(self) -> None:
        """Wait until it has acknowledged all that it has received, by its own word."""
        async with httpx.AsyncClient() as client:

            async def settled() -> bool:
                health = await client.get(f"http://{self.address}/api/v1/health")
                found: bool = health.json()["oldest_unacknowledged"] is None
                return found

            await eventually(settled)

    async def end(self, signal: Signals = Signals.SIGTERM, within: float = 10) -> int:
        """Send a signal and return the code it ends with; minus the signal's number if that is what ended it."""
        if self._process.returncode is None:
            self._process.send_signal(signal)
        return await self.ends(within)

    async def ends(self, within: float = 10) -> int:
        """Wait until it has ended by itself, and return its code."""
        async with asyncio.timeout(within):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it as `kill -9` by someone else."""
        assert await self.end(Signals.SIGKILL) == -Signals.SIGKILL, "it had ended before"

    def peak_memory(self) -> int:
        """The most bytes that it has occupied so far."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
        return int(peak) * 1024


@asynccontextmanager
async def running(name: str, *options: str, **settings: object) -> AsyncIterator[Command]:
    """`fieldline NAME OPTIONS` with these settings and otherwise the defaults, at a free port, until the block is left.

    What is written in capitals is no setting but another variable of its environment.
    """
    [number] = port.free()
    given = {"port": number, "log_format": "json", **settings}
    clean = {key: value for key, value in environment({}).items() if not key.startswith("FIELDLINE_")}
    variables = {key if key.isupper() else f"FIELDLINE_{key.upper()}": str(value) for key, value in given.items()}
    process = await asyncio.create_subprocess_exec(
        *launched((sys.executable, "-m", "fieldline", name, *options), SAME, Signals.SIGKILL),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        cwd=os.sep,  # where no fieldline.toml is
        env=clean | variables,
        limit=LINE,
    )
    command = Command(process, number)
    listening = asyncio.create_task(command.listen(), name=f"log of {name}")
    try:
        yield command
    except BaseException as error:
        error.add_note("\n".join([f"fieldline {name} said", *command.strays, *map(str, command.log[-20:])]))
        raise
    finally:
        await command.end(Signals.SIGKILL)
        await listening
    assert not command.strays, "\n".join(command.strays)
    assert not command.said("server.failed")


@asynccontextmanager
async def running_bridge(broker: Broker, database_url: str, **settings: object) -> AsyncIterator[Command]:
    """`fieldline bridge`, subscribed: from here on the broker keeps for it what it does not get at once."""
    async with running("bridge", broker_url=broker.url, database_url=database_url, **settings) as bridge:
        await bridge.says("session.subscribed")
        yield bridge
