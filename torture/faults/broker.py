"""Faults of Mosquitto: killed, restarted with a queue, frozen, and a session that it has forgotten."""

import asyncio
import time

from tests.eventually import eventually
from torture import packets, process
from torture.fault import Scene
from torture.house import CLIENT_ID, PATIENCE, House
from torture.settling import settle

UNSAVED = 500
"""Messages that the broker takes over in a few hundredths of a second, and saves after up to two."""


async def killed(scene: Scene) -> None:
    """What it acknowledged since it last saved is its own loss, and is counted apart."""
    house, stream = scene.house, scene.stream
    await _saves(house, time.time())
    saved = stream.total
    stream.send(UNSAVED)
    await stream.reach(saved + scene.dice.randrange(UNSAVED))
    async with house.bridge_cut_off():
        await process.kill(house.broker)
        since = house.saved.stat().st_mtime
        await process.start(house.broker)
        house.lost_by_broker.append((since, time.time()))


async def killed_with_queue(scene: Scene) -> None:
    """While the bridge is away, and once all that it acknowledged is on its disk: nothing of it may be lost."""
    await scene.house.end_bridge()
    await scene.stream.all_done()
    await _saves(scene.house, time.time())
    await process.kill(scene.house.broker)
    await process.start(scene.house.broker)
    await scene.house.start_bridge()


async def restarted(scene: Scene) -> None:
    async with scene.house.bridge_cut_off():
        await _restart(scene.house)


async def restarted_with_queue(scene: Scene) -> None:
    """While the bridge is away, so that all of the part waits in the broker."""
    await scene.house.end_bridge()
    await scene.stream.all_done()
    await _restart(scene.house)
    await scene.house.start_bridge()


async def stood_still(scene: Scene) -> None:
    async with process.frozen(scene.house.broker.pid):
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))


async def session_forgotten(scene: Scene) -> None:
    """As by its expiry. What waited then would be lost by what was agreed; so nothing waits."""
    await scene.stream.all_done()
    await settle(scene.house, scene.stream)
    await scene.house.end_bridge()
    reader, writer = await asyncio.open_connection(scene.house.broker.host, scene.house.broker.port)
    writer.write(packets.connect(CLIENT_ID))
    await reader.readexactly(packets.ANSWER)
    writer.write(packets.DISCONNECT)
    await reader.read()
    writer.close()
    await writer.wait_closed()
    await scene.house.start_bridge()
    assert scene.house.bridge.said("session.connected", resumed=False), "expected a session that is new"


async def _restart(house: House) -> None:
    await process.end(house.broker, house.broker.part.stop)
    await process.start(house.broker)


async def _saves(house: House, since: float) -> None:
    """Wait until it has the bridge's session on disk, and has saved it after that time."""

    async def saved() -> bool:
        file = house.saved
        return file.exists() and file.stat().st_mtime > since and CLIENT_ID.encode() in file.read_bytes()

    await eventually(saved, PATIENCE)
