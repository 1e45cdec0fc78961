"""A device that lives: it measures whether or not there is a broker, and reports whenever there is one."""

import asyncio
import time

from devices import commands, sequence
from devices.backoff import delays
from devices.broker import Broker
from devices.device import Device, measure
from devices.link import Link, LinkError
from devices.outbox import LIMIT, Outbox

STABLE = 10.0
"""Seconds after which a connection counts as a good one: the next loss starts the backoff anew."""


class Simulated:
    """One device from switching on to switching off."""

    def __init__(self, device: Device, broker: Broker, limit: int = LIMIT) -> None:
        self.device = device
        self.outbox = Outbox(sequence.first(_now()), limit)
        self.connected = False
        self.trouble = ""
        """Why the last connection failed or ended."""
        self._broker = broker
        self._ending = False

    async def run(self) -> None:
        """Never returns. Cancelled, it says goodbye first."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected(), name=f"{self.device.name} reports")
            try:
                await self._measure()
            finally:
                self._ending = True

    async def _measure(self) -> None:
        at, due = _now(), list(self.device.sensors)  # switched on, it reports everything
        while True:
            self.outbox.put(measure(due, at), at)
            # Moments that were missed, while the machine slept, are not made up.
            at, due = self.device.next_at(max(at, _now()))
            await asyncio.sleep((at - _now()) / 1000)

    async def _stay_connected(self) -> None:
        waits = delays()
        while True:
            started = time.monotonic()
            try:
                await Link(self.device, self._broker, self.outbox, self._obey).run(self._on_connected)
            except LinkError as error:
                self.trouble = str(error)
            finally:
                self.connected = False
            if self._ending:  # the loss came together with the end, and hid it
                return
            if time.monotonic() - started > STABLE:
                waits = delays()
            await asyncio.sleep(next(waits))

    def _on_connected(self) -> None:
        self.connected = True

    def _obey(self, command: str, argument: bytes) -> commands.Outcome:
        outcome = commands.obey(self.device, command, argument)
        self.device = outcome.device
        return outcome


def _now() -> int:
    return time.time_ns() // 1_000_000
