"""Two bridges under one client id is a mistake that must be heard of, and that loses nothing."""

import asyncio

import httpx

from tests import services
from tests.system import stored
from tests.system.command import Command, running, running_bridge
from tests.system.device import running_device


async def test_of_two_bridges_with_one_client_id_one_alarms_and_the_other_carries_on(
    broker: services.Broker, database_url: str
) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url) as first:
        sending = asyncio.create_task(asyncio.to_thread(device.send, 5_000))
        async with running("bridge", broker_url=broker.url, database_url=database_url) as second:
            alarm = await alarmed(first, second)
            assert alarm["level"] == "error"
            assert "'fieldline-bridge': is a second bridge running?" in alarm["reason"]
            assert alarm["reason"] in [await ill(bridge) for bridge in (first, second)]
            await sending
            await asyncio.to_thread(device.send, 5_000)
            await device.acknowledges(10_000)
            await stored.await_messages(database_url, 10_000)
        assert await stored.messages(database_url) == device.acknowledged
        assert await stored.rejects(database_url) == []


async def ill(bridge: Command) -> str | None:
    """What its health says, if that is 503."""
    async with httpx.AsyncClient(base_url=f"http://{bridge.address}", timeout=20) as client:
        answer = await client.get("/api/v1/health")
    return answer.json()["detail"] if answer.status_code == 503 else None


async def alarmed(*bridges: Command) -> dict[str, str]:
    """The first alarm that any of them raises; it has nothing to do with how the other one fares."""
    says = [asyncio.create_task(bridge.says("session.taken_over")) for bridge in bridges]
    done, others = await asyncio.wait(says, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.wait(says)
    return done.pop().result()
