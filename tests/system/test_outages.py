"""Whatever ends amid a stream, and however: each message that the broker took over is stored, once."""

import asyncio
import random
from typing import Literal

import pytest

from tests import services
from tests.system import stored
from tests.system.command import running, running_bridge
from tests.system.device import running_device
from tests.system.promise import assert_carried_once

pytestmark = pytest.mark.timeout(120)  # a few seconds on a machine that is free

STREAM = 20_000
LIVES = 5
"""How often the bridge starts amid the stream."""


async def test_a_bridge_that_is_killed_again_and_again_stores_each_message_once(
    broker: services.Broker, database_url: str
) -> None:
    moments = random.Random(2)
    part = STREAM // LIVES
    async with running_device(broker) as device:
        for life in range(LIVES):
            async with running_bridge(broker, database_url) as bridge:
                sending = asyncio.create_task(asyncio.to_thread(device.send, part))
                await device.acknowledges(life * part + moments.randrange(part))
                await bridge.kill()
            await sending
        async with running_bridge(broker, database_url) as bridge:
            assert bridge.said("session.connected", resumed=True)
            await assert_carried_once(bridge, device, broker, database_url)


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_a_database_that_restarts_amid_the_stream_costs_nothing(
    mode: Literal["immediate", "fast"], broker: services.Broker, migrated: services.Database, database_url: str
) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url) as bridge:
        sending = asyncio.create_task(asyncio.to_thread(device.send, STREAM))
        for count in (STREAM // 8, STREAM // 2):
            assert await stored.await_messages(database_url, count) < STREAM, "the stream was over before"
            migrated.restart(mode)
        await sending
        await assert_carried_once(bridge, device, broker, database_url)


async def test_a_broker_that_restarts_amid_the_stream_costs_nothing(broker: services.Broker, database_url: str) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url) as bridge:
        await asyncio.to_thread(device.send, STREAM)
        await stored.await_messages(database_url, STREAM // 8)
        broker.stop()
        assert len(device.acknowledged) < STREAM, "the stream was over before"
        broker.start()
        await bridge.says("session.connected", resumed=True)
        await assert_carried_once(bridge, device, broker, database_url)


async def test_a_bridge_that_starts_before_everything_else_waits_and_then_carries(
    broker: services.Broker, migrated: services.Database
) -> None:
    database_url = migrated.url("late")
    broker.stop()
    migrated.stop()
    async with running("bridge", broker_url=broker.url, database_url=database_url) as bridge:
        await bridge.says("session.lost")
        broker.start()
        await bridge.says("session.subscribed")
        async with running_device(broker) as device:
            device.send(100)
            await device.acknowledges(100)
            await bridge.says("store.waiting")
            migrated.start()
            services.execute(migrated.url("postgres"), f"CREATE DATABASE late TEMPLATE {services.TEMPLATE}")
            try:
                await assert_carried_once(bridge, device, broker, database_url)
            finally:
                services.execute(migrated.url("postgres"), "DROP DATABASE late WITH (FORCE)")
