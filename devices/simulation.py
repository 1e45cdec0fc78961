"""A fleet at work: every device as a task of its own, and now and then a line about how they fare."""

import asyncio
import random
from collections.abc import Sequence

import structlog

from devices.broker import Broker
from devices.device import Device
from devices.simulated import Simulated

STARTS = 100
"""Devices switched on in a second: faster would be a stampede on the broker."""
QUIET = 60.0
"""Seconds without news after which the fleet is reported on all the same."""

log = structlog.get_logger()


async def simulate(devices: Sequence[Device], broker: Broker) -> None:
    """Never returns. Cancelled, every device says goodbye first."""
    living: list[Simulated] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_report(living, len(devices), broker), name="report")
        for device in devices:
            simulated = Simulated(device, broker)
            living.append(simulated)
            tasks.create_task(simulated.run(), name=device.name)
            await asyncio.sleep(random.uniform(0, 2 / STARTS))


async def _report(living: Sequence[Simulated], count: int, broker: Broker) -> None:
    """One line when connections came or went, at most every other second, and one a minute."""
    last, quiet = 0, 0.0
    while True:
        await asyncio.sleep(2)
        quiet += 2
        connected = sum(device.connected for device in living)
        if connected == last and quiet < QUIET:
            continue
        totals = {
            "devices": count,
            "connected": connected,
            "sent": sum(device.outbox.acknowledged for device in living),
            "waiting": sum(len(device.outbox) for device in living),
            "dropped": sum(device.outbox.dropped for device in living),
        }
        trouble = next((device.trouble for device in living if device.trouble and not device.connected), None)
        if connected < last or (trouble and not connected):
            log.warning("fleet.disconnected", broker=repr(broker), **totals, trouble=trouble)
        else:
            log.info("fleet.connected" if connected > last else "fleet.sent", broker=repr(broker), **totals)
        last, quiet = connected, 0.0
