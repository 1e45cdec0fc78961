"""What the bridge remembers costs few bytes, however many devices and series there are, and whatever they are called."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from bridge.decode import decode
from bridge.dialects import plain
from bridge.message import Message
from bridge.store.limits import Name
from bridge.store.registry import Registry

METRICS = ("seq", "temperature", "humidity")
NOW = 1_795_000_000_000_000


@contextmanager
def grown() -> Iterator[list[int]]:
    """Puts into the list how many bytes more are held at the end of the block."""
    found: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield found
        gc.collect()
        found.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


def telemetry(topic: str, payload: bytes = b'{"t":1}') -> Message:
    return Message(topic, payload, 1, NOW)


async def test_a_series_is_remembered_in_less_than_250_bytes(sql: asyncpg.Connection) -> None:
    wanted: dict[Name, float] = {
        (f"device-{n}", "".join(metric)): 1.0 for n in range(2_000) for metric in map(list, METRICS)
    }
    registry = Registry()
    await registry.learn(sql, wanted)
    registry.forget()
    with grown() as found:
        await registry.learn(sql, wanted)
        await sql.execute("SELECT")  # until the next answer the driver holds the last one
    assert registry.size == 2_000 + len(wanted)
    assert found[0] / len(wanted) < 250


def test_a_topic_is_remembered_in_less_than_350_bytes() -> None:
    with grown() as found:
        for n in range(10_000):
            decode([telemetry(f"devices/remembered-{n}/telemetry")])
    assert found[0] / 10_000 < 350


def test_long_names_are_read_and_not_remembered() -> None:
    names = [f"{n}{'x' * 1_000}" for n in range(1_000)]
    with grown() as found:
        for name in names:
            assert not decode([telemetry(f"devices/{name}/telemetry")]).reports
            assert not decode([telemetry("devices/d/telemetry", b'{"%s":1}' % name.encode())]).reports
            assert decode([telemetry(f"devices/d/telemetry/{name[:200]}", b"1")]).reports
    assert found[0] < 100_000


def test_more_topics_than_are_remembered_are_read_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "MOST_TOPICS", 2)
    with grown() as found:
        for n in range(1_000):
            assert decode([telemetry(f"devices/d{n % 5}/telemetry")]).reports[0].device == f"d{n % 5}"
    assert found[0] < 10_000
