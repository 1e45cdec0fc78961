"""What Fieldline promises first: everything that the broker took over is stored, once."""

from tests.services import Broker
from tests.system import stored
from tests.system.command import Command
from tests.system.device import Device, waiting


async def assert_carried_once(bridge: Command, device: Device, broker: Broker, database_url: str) -> None:
    """Let the bridge carry all that waits, and end it: each message is stored exactly once, and the broker keeps none."""
    device.send(1)  # when this one is stored, everything before it has been dealt with
    await device.acknowledges(device.sent)
    await stored.await_messages(database_url, device.sent)
    await bridge.settles()
    assert await bridge.end() == 0
    assert len(device.acknowledged) == device.sent
    assert await stored.messages(database_url) == device.acknowledged
    assert await stored.rejects(database_url) == []
    assert await waiting(broker) == []
