"""Faults of the bridge itself: killed, frozen, replaced, doubled, or ended between a commit and its acknowledgement."""

import asyncio
from contextlib import AsyncExitStack

from torture.fault import Scene
from torture.house import PATIENCE, SUSPICIOUS
from torture.process import frozen
from torture.settling import settle
from torture.treatments import without_acknowledgements


async def killed(scene: Scene) -> None:
    await scene.house.end_bridge(kill=True)
    await scene.house.start_bridge()


async def stopped(scene: Scene) -> None:
    await scene.house.end_bridge()
    await scene.house.start_bridge()


async def stood_still(scene: Scene) -> None:
    async with frozen(scene.house.bridge.pid):
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))


async def away(scene: Scene) -> None:
    """Until the broker has taken over the whole part: a backlog."""
    await scene.house.end_bridge(kill=scene.dice.random() < 0.5)
    await scene.stream.all_done()
    await scene.house.start_bridge()


async def killed_before_acknowledging(scene: Scene) -> None:
    """The batch is committed; its acknowledgements are on the way when the bridge dies."""
    await _unacknowledged(scene)
    await scene.house.end_bridge(kill=True)
    scene.house.to_broker.calm()
    await scene.house.start_bridge()


async def cut_before_acknowledging(scene: Scene) -> None:
    """The batch is committed; its acknowledgements are on the way when the connection goes."""
    async with scene.house.bridge_cut_off():
        await _unacknowledged(scene)
        scene.house.to_broker.reset()
        scene.house.to_broker.calm()


async def _unacknowledged(scene: Scene) -> None:
    seen = asyncio.Event()
    scene.house.to_broker.up = without_acknowledgements(seen)
    await scene.stream.mark_until(seen)


async def doubled(scene: Scene) -> None:
    """A second bridge with the same client id: they evict each other until one leaves the session alone."""
    async with scene.house.another_bridge() as second:
        first = scene.house.bridge
        says = [
            asyncio.create_task(bridge.says("session.taken_over", within=PATIENCE), name="alarm")
            for bridge in (first, second)
        ]
        await asyncio.wait(says, return_when=asyncio.FIRST_COMPLETED)
        for task in says:
            task.cancel()
        await asyncio.gather(*says, return_exceptions=True)
        await scene.stream.all_done()
    await settle(scene.house, scene.stream)
    scene.house.bridge_is_connected(SUSPICIOUS - 1)


async def handed_over(scene: Scene) -> None:
    """The next bridge starts and takes the session; only then the one before it is told to end."""
    async with AsyncExitStack() as stack:
        following = await stack.enter_async_context(scene.house.another_bridge())
        await following.says("session.connected", within=PATIENCE)
        await scene.house.bridge.end(within=PATIENCE)
        await scene.house.take_over(stack.pop_all(), following)
