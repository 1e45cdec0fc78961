"""The bridge keeps house as its settings say, beside what it carries."""

import json
import time

from tests import services
from tests.eventually import eventually
from tests.system import stored
from tests.system.command import running_bridge
from tests.system.device import running_device

DAY = 86_400_000


async def test_a_bridge_drops_what_is_old_refuses_what_is_older_and_bounds_rejects(
    broker: services.Broker, database_url: str
) -> None:
    now = time.time_ns() // 1_000_000
    async with running_device(broker) as device:
        async with running_bridge(broker, database_url) as bridge:
            device.publish("devices/a/telemetry", json.dumps({"at": now - 40 * DAY, "level": 1}))
            device.publish("devices/a/telemetry", "first")
            device.publish("devices/a/telemetry", "second")
            device.send(1)
            await stored.await_messages(database_url, 1)
            await bridge.settles()
            await bridge.end()
        async with running_bridge(broker, database_url, keep_raw="30d", max_rejects=1, max_series=3) as bridge:
            await bridge.says("retention.dropped")
            await bridge.says("rejects.dropped", count=1)
            device.publish("devices/a/telemetry", json.dumps({"at": now - 40 * DAY, "level": 1}))
            device.publish("devices/a/telemetry", json.dumps({"at": now, "invented": 1}))
            device.publish("devices/a/telemetry", json.dumps({"at": now, "level": 2}))

            async def carried() -> bool:
                return len(await stored.rejects(database_url)) == 3

            await eventually(carried)
            await bridge.settles()
    assert [reason for _, _, reason, _ in await stored.rejects(database_url)] == ["json", "expired", "limit"]
    levels = "SELECT value FROM readings WHERE device = 'a' AND metric = 'level'"
    assert await stored.query(database_url, levels) == [(2.0,)]
