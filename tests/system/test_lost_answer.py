"""A connection that breaks around a COMMIT leaves the bridge not knowing: it tries again, and that must not show."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from tests import services
from tests.system import stored
from tests.system.command import running, running_bridge
from tests.system.device import DEVICES, running_device
from tests.system.promise import assert_carried_once
from torture.commits import When, cut

CUTS = 3


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_whose_answer_is_lost_is_stored_once_and_acknowledged(
    when: When, broker: services.Broker, database_url: str
) -> None:
    async with (
        cut(database_url, when, CUTS) as (proxy, through),
        running_device(broker) as device,
        running_bridge(broker, through) as bridge,
    ):
        device.send(2_000)
        await bridge.says("store.recovered")
        await assert_carried_once(bridge, device, broker, database_url)
        assert proxy.cuts_left == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_bridge_that_is_killed_while_it_commits_loses_nothing_and_doubles_nothing(
    when: When, broker: services.Broker, database_url: str
) -> None:
    async with cut(database_url, when, 1) as (proxy, through), running_device(broker) as device:
        proxy.let_go.clear()
        async with running_bridge(broker, through) as bridge:
            device.send(2_000)
            await device.acknowledges(2_000)
            await asyncio.wait_for(proxy.held.wait(), 10)
            await bridge.kill()
            proxy.let_go.set()
        async with running_bridge(broker, database_url) as bridge:
            await assert_carried_once(bridge, device, broker, database_url)


async def test_readings_whose_commit_was_not_answered_still_reach_the_live_stream(
    broker: services.Broker, database_url: str
) -> None:
    async with (
        cut(database_url, "after", 0) as (proxy, through),
        running("server", broker_url=broker.url, database_url=through) as server,
        running_device(broker) as device,
    ):
        await server.says("session.subscribed")
        device.send(DEVICES)
        await stored.await_messages(database_url, DEVICES)
        async with connect(f"ws://{server.address}/api/v1/live") as live, asyncio.timeout(20):
            wish = {"type": "subscribe", "id": "a", "match": ["device-0/*"], "after": None, "rate": 100}
            await live.send(json.dumps(wish))
            names = {each["series"]: each["metric"] for each in json.loads(await live.recv())["series"]}
            proxy.cuts_left = 1
            device.send(DEVICES)
            while (frame := json.loads(await live.recv()))["type"] == "subscribed":
                pass  # the hub starts over from the store, where the readings are
            assert proxy.cuts_left == 0
            assert frame["type"] == "readings"
            values = [(names[series], value) for series, value in zip(frame["series"], frame["value"], strict=True)]
            assert sorted(values) == [("level", 0.125), ("seq", 1)]
