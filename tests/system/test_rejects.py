"""What can't be stored is kept with the reason, and nothing waits for it."""

import json
import time
from typing import NamedTuple

from tests import services
from tests.eventually import eventually
from tests.system import stored
from tests.system.command import running_bridge
from tests.system.device import running_device, waiting

AT = time.time_ns() // 1_000_000 - 60_000
DELAY = 2.0
"""Seconds that a good message may take behind a broken one, on a machine that is busy with other tests."""
TELEMETRY = "devices/broken/telemetry"


TIMELY = """
SELECT count(*) FROM reject
WHERE received_at BETWEEN to_timestamp($1 / 1e3) AND committed_at AND committed_at < clock_timestamp()
"""


class Broken(NamedTuple):
    reason: str
    payload: bytes
    topic: str = TELEMETRY


FIRST = json.dumps({"at": AT, "mode": 1, "door": True, "place": "shed"}).encode()
"""Decides what kind of values the metrics have, and what they were at that time."""
BROKEN = (
    Broken("json", b"[" * 1_000_000),
    Broken("json", b'{"n":' * 150_000),
    Broken("json", b""),
    Broken("json", b"\x00\xff\xfe"),
    Broken("json", b"hello"),
    Broken("json", b'{"n":1}{'),
    Broken("json", b'{"n":NaN}'),
    Broken("json", b'{"n":-Infinity}'),
    Broken("json", b'{"n":1e999}'),
    Broken("json", b'{"n":' + b"9" * 100_000 + b"}"),
    Broken("json", b'{"n":"\\ud800"}'),
    Broken("json", b'{"n":"\xed\xa0\x80"}'),
    Broken("json", b'"text"'),
    Broken("json", b"[1,2]"),
    Broken("json", b"nan", f"{TELEMETRY}/n"),
    Broken("value", b'{"n":9007199254740993}'),
    Broken("value", b'{"n":' + b"9" * 400 + b"}"),
    Broken("value", b'{"n":{"deep":{"deeper":1}}}'),
    Broken("value", b'{"n":[1,2,3]}'),
    Broken("value", b'{"n":"nul \\u0000"}'),
    Broken("value", b'{"deep":1}', f"{TELEMETRY}/n"),
    Broken("value", b"perhaps", "devices/broken/status"),
    Broken("value", b'{"name":"nul \\u0000"}', "devices/broken/info"),
    Broken("json", b"[]", "devices/broken/info"),
    Broken("name", b'{"nul \\u0000":1}'),
    Broken("name", b'{"":1}'),
    Broken("name", b'{"' + b"n" * 256 + b'":1}'),
    Broken("name", b"1", f"devices/{'d' * 256}/telemetry/n"),
    Broken("topic", b'{"n":1}', "devices//telemetry"),
    Broken("topic", b"1", f"{TELEMETRY}/"),
    Broken("clock", b'{"at":"yesterday","n":1}'),
    Broken("clock", b'{"at":"2026-01-01T12:00:00","n":1}'),
    Broken("clock", b'{"at":null,"n":1}'),
    Broken("clock", b'{"at":[],"n":1}'),
    Broken("clock", b'{"at":true,"n":1}'),
    Broken("clock", b'{"at":-1,"n":1}'),
    Broken("clock", b'{"at":946684799,"n":1}'),
    Broken("clock", b'{"at":1e300,"n":1}'),
    Broken("clock", b'{"at":' + b"9" * 400 + b',"n":1}'),
    Broken("clock", json.dumps({"at": AT + 2 * 86_400_000, "n": 1}).encode()),
    Broken("kind", json.dumps({"at": AT + 1, "mode": "auto"}).encode()),
    Broken("kind", json.dumps({"at": AT + 1, "mode": True}).encode()),
    Broken("kind", json.dumps({"at": AT + 1, "door": 2}).encode()),
    Broken("kind", json.dumps({"at": AT + 1, "place": 3.5}).encode()),
    Broken("conflict", json.dumps({"at": AT, "mode": 2}).encode()),
    Broken("conflict", json.dumps({"at": AT, "door": False}).encode()),
    Broken("conflict", json.dumps({"at": AT, "place": "barn"}).encode()),
)


async def test_a_broken_message_becomes_a_reject_and_delays_nothing(broker: services.Broker, database_url: str) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url) as bridge:
        device.publish(TELEMETRY, FIRST)
        for number, broken in enumerate(BROKEN):
            device.publish(broken.topic, broken.payload)
            device.send(1)
            await stored.await_messages(database_url, number + 1, within=DELAY)
        await bridge.settles()
        assert await bridge.end() == 0
        assert await stored.messages(database_url) == device.acknowledged

    kept = await stored.rejects(database_url)
    assert [(topic, payload, reason) for topic, payload, reason, _ in kept] == [
        (broken.topic, broken.payload, broken.reason) for broken in BROKEN
    ]
    assert all(detail and "\n" not in detail for *_, detail in kept)
    assert await stored.query(database_url, TIMELY, AT) == [(len(BROKEN),)]
    first = "SELECT metric, value, text FROM readings WHERE device = 'broken' ORDER BY metric"
    assert await stored.query(database_url, first) == [("door", 1, None), ("mode", 1, None), ("place", None, "shed")]
    assert await waiting(broker) == []


async def test_broken_messages_in_one_batch_with_good_ones_are_told_apart(
    broker: services.Broker, migrated: services.Database, database_url: str
) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url) as bridge:
        migrated.stop()
        device.send(1)
        await bridge.says("store.waiting")  # what comes now gathers behind it into one batch
        device.publish(TELEMETRY, FIRST)
        for broken in BROKEN:
            device.send(10)
            device.publish(broken.topic, broken.payload)
        await device.acknowledges(2 + 11 * len(BROKEN))
        migrated.start()
        await stored.await_messages(database_url, 1 + 10 * len(BROKEN))
        await bridge.settles()
        assert await bridge.end() == 0
        assert await stored.messages(database_url) == device.acknowledged
    assert [row[:3] for row in await stored.rejects(database_url)] == [
        (broken.topic, broken.payload, broken.reason) for broken in sorted(BROKEN, key=by_stage)
    ]


def by_stage(broken: Broken) -> int:
    """Within one batch rejects stand in the order in which they were found: reading, sorting, storing."""
    return ("kind", "conflict").index(broken.reason) + 1 if broken.reason in ("kind", "conflict") else 0


async def test_a_rejected_part_of_a_message_does_not_take_the_rest_along(
    broker: services.Broker, database_url: str
) -> None:
    async with running_device(broker) as device, running_bridge(broker, database_url):
        payload = json.dumps({"at": AT, "good": 1.5, "bad": {"x": 1}, "worse": "\0", "fine": True}).encode()
        device.publish(TELEMETRY, payload)
        await eventually(lambda: stored.rejects(database_url))
    [(_, kept, reason, detail)] = await stored.rejects(database_url)
    assert (kept, reason) == (payload, "value")
    assert "bad" in detail
    assert "worse" in detail
    rows = await stored.query(database_url, "SELECT metric, value FROM readings ORDER BY metric")
    assert rows == [("fine", 1), ("good", 1.5)]
